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
        writer_(mapping_.ring(), mapping_.index()),
        publishing_(writer_.open_inline(mapping_.alive())) {
    publishing_.owner = this;
    writer_.set_lookout(&mapping_.attendance());
    writer_.set_wait_policy(options.wait.value_or(mapping_.wait_policy()));
  }
  static PublisherCore& of(const hot::Publishing& publishing) noexcept {
    return *static_cast<PublisherCore*>(publishing.owner);
  }
  hot::Publishing& publishing() noexcept { return publishing_; }

  /// The common case among several publishers. False: nothing has happened.
  bool claim_among_several(std::size_t size, ring::Room& room) noexcept {
    return is_open() && size <= publishing_.max_message && writer_.claim_among_several(size, room);
  }
  bool commit_among_several(const ring::Room& room, std::size_t used, std::uint32_t type) {
    return is_open() && writer_.commit_among_several(room, used, type);
  }

  detail::Claimed claim(std::size_t size) {
    check(size);
    ring::Room room;
    const Outcome outcome = writer_.claim(size, room, interrupt_);
    return {room.position, outcome};
  }
  detail::Claimed try_claim(std::size_t size) {
    check(size);
    ring::Room room;
    const Outcome outcome = writer_.try_claim(size, room);
    return {room.position, outcome};
  }
  void commit(const ring::Room& room, std::size_t used, std::uint32_t type);
  void abort(const ring::Room& room) noexcept;
  void heed_calls() { writer_.heed_calls(); }
  void commit_all(std::span<Claim> claims);
  Outcome end();
  void interrupt() noexcept;

  /// The Publisher is gone.
  void close() noexcept;

  const ChannelMapping& mapping() const noexcept { return mapping_; }

 private:
  ~PublisherCore() = default;
  bool is_open() const noexcept {
    return publishing_.is_alive->load(std::memory_order_relaxed) != 0;
  }
  void check(std::size_t size) const {
    mapping_.require_not_forked();
    if (size > writer_.ring().max_message) [[unlikely]]
      throw_too_large(size);
  }
  [[noreturn]] void throw_too_large(std::size_t size) const;
  void dispose_behind_the_last() noexcept;

  ChannelMapping mapping_;
  ring::Writer writer_;
  hot::Publishing& publishing_;  // of the writer
  ring::Interrupt interrupt_;
  bool closed_ = false;
};

}  // namespace busbar
