#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "busbar/claim.hpp"
#include "client/src/channel_mapping.hpp"
#include "common/ring/writer.hpp"

namespace busbar {

/// What a Publisher and its claims share. One thread at a time, but for interrupt(). Lives until
/// the Publisher and every claim are gone.
class PublisherCore {
 public:
  PublisherCore(std::shared_ptr<Connection> connection, std::string channel,
                const PublisherOptions& options)
      : mapping_(std::move(connection), std::move(channel), control::Role::publisher),
        writer_(mapping_.ring(), mapping_.index()) {
    writer_.set_lookout(&mapping_.attendance());
    writer_.set_wait_policy(options.wait.value_or(mapping_.wait_policy()));
  }

  Claim claim(std::size_t size) {
    check(size);
    ring::Room room;
    return made(writer_.claim(size, room, interrupt_), room);
  }
  Claim try_claim(std::size_t size) {
    check(size);
    ring::Room room;
    return made(writer_.try_claim(size, room), room);
  }
  void commit(Claim& claim, std::size_t used);
  void abort(Claim& claim) noexcept;
  void commit_all(std::span<Claim> claims);
  Outcome end();
  void interrupt() noexcept;

  /// The Publisher is gone.
  void close() noexcept;

  const ChannelMapping& mapping() const noexcept { return mapping_; }

 private:
  ~PublisherCore() = default;
  void check(std::size_t size) const {
    mapping_.require_not_forked();
    if (size > writer_.ring().max_message) [[unlikely]]
      throw_too_large(size);
  }
  Claim made(Outcome outcome, const ring::Room& room) noexcept {
    Claim claim(outcome);
    if (outcome != Outcome::ok) [[unlikely]]
      return claim;
    claim.core_ = this;
    claim.data_ = writer_.ring().payload(room.position);
    claim.size_ = room.size;
    claim.position_ = room.position;
    ++open_claims_;
    return claim;
  }
  [[noreturn]] void throw_too_large(std::size_t size) const;
  void detach(Claim& claim) noexcept;

  ChannelMapping mapping_;
  ring::Writer writer_;
  ring::Interrupt interrupt_;
  std::size_t open_claims_ = 0;
  bool closed_ = false;
};

}  // namespace busbar
