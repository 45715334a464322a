// A pipe for each reader.
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "../measure.hpp"
#include "outgoing.hpp"
#include "system_error.hpp"

namespace {

using compare::Plan;

constexpr std::uint64_t kLongest = 1 << 20;  // fs.pipe-max-size where nobody has raised it
constexpr std::size_t kRead = 64 << 10;

class Pipe {
  struct Ends {
    int read = -1;
    int write = -1;
  };

 public:
  explicit Pipe(const Plan& plan) {
    if (plan.writers > 1 && plan.size > PIPE_BUF) {
      throw std::invalid_argument("several writers' messages would mix: at most PIPE_BUF bytes");
    }
    for (std::vector<Ends>& channel : pipes_) {
      for (int i = 0; i < plan.readers; ++i) channel.push_back(make(plan));
    }
  }
  std::vector<pid_t> pids() const { return {}; }

  class Sender {
   public:
    Sender(Pipe& peer, const Plan& plan, int channel, int)
        : pipes_(peer.pipes_[channel]), outgoing_(plan.size, plan.readers) {}

    template <typename Write>
    bool send(std::size_t size, Write&& write) {
      return outgoing_.send(write, [&](std::size_t queue, const std::byte* data) {
        const ssize_t count = ::write(pipes_[queue].write, data + written_, size - written_);
        if (count < 0 && !compare::is_in_vain()) compare::fail("write");
        if (count > 0) written_ += static_cast<std::size_t>(count);
        if (written_ < size) return false;
        written_ = 0;
        return true;
      });
    }
    void flush() {}

   private:
    const std::vector<Ends>& pipes_;
    compare::Outgoing outgoing_;
    std::size_t written_ = 0;  // of a message that did not fit at once
  };

  class Receiver {
   public:
    Receiver(Pipe& peer, const Plan& plan, int channel, int id)
        : pipe_(peer.pipes_[channel][static_cast<std::size_t>(id)].read),
          size_(plan.size),
          buffer_(std::max(kRead / plan.size, std::size_t{1}) * plan.size) {}

    template <typename Visit>
    int poll(Visit&& visit) {
      const ssize_t got = ::read(pipe_, buffer_.data() + have_, buffer_.size() - have_);
      if (got < 0 && !compare::is_in_vain()) compare::fail("read");
      if (got <= 0) return 0;
      have_ += static_cast<std::size_t>(got);
      std::size_t at = 0;
      for (; have_ - at >= size_; at += size_) visit(buffer_.data() + at);
      have_ -= at;
      std::memmove(buffer_.data(), buffer_.data() + at, have_);
      return static_cast<int>(at / size_);
    }

   private:
    int pipe_;
    std::size_t size_;
    std::vector<std::byte> buffer_;
    std::size_t have_ = 0;
  };

 private:
  static Ends make(const Plan& plan) {
    int ends[2];
    if (::pipe2(ends, plan.blocks() ? 0 : O_NONBLOCK) != 0) compare::fail("pipe2");
    ::fcntl(ends[1], F_SETPIPE_SZ, std::min(plan.capacity, kLongest));
    return {ends[0], ends[1]};
  }

  std::vector<Ends> pipes_[2];
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<Pipe>("pipe", argc, argv);
}
