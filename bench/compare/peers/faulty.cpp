// A ring that does wrong once, as fault=lost|changed|repeated|unseen says: the harness has to find
// it.
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../measure.hpp"
#include "ring.hpp"

namespace {

using compare::Plan;
using compare::Ring;
using compare::Stamp;
using compare::Word;

constexpr int kWhich = 100;  // message

class Faulty : public Ring {
 public:
  using Ring::Ring;

  class Sender {
   public:
    Sender(Faulty& peer, const Plan& plan, int channel, int id)
        : sender_(peer, plan, channel, id), fault_(plan.fault), elsewhere_(plan.size) {}

    template <typename Write>
    bool send(std::size_t size, Write&& write) {
      if (count_ + 1 != kWhich) return count(sender_.send(size, write));
      if (fault_ == "lost") {
        write(elsewhere_.data());
        return count(true);
      }
      if (fault_ == "changed")
        return count(sender_.send(size, [&](void* room) {
          write(room);
          static_cast<char*>(room)[size / 2] ^= 1;
        }));
      if (fault_ == "repeated")
        return count(sender_.send(size, write)) && sender_.send(size, write);
      if (fault_ == "unseen") return count(sender_.send(size, write));
      throw std::invalid_argument("fault=lost|changed|repeated|unseen");
    }
    void flush() { sender_.flush(); }

   private:
    bool count(bool sent) {
      if (sent) ++count_;
      return sent;
    }

    Ring::Sender sender_;
    std::string fault_;
    std::vector<char> elsewhere_;
    int count_ = 0;
  };

  /// fault=unseen: counts all messages, and does not show the last one before the end.
  class Receiver {
   public:
    Receiver(Faulty& peer, const Plan& plan, int channel, int id)
        : receiver_(peer, plan, channel, id), hides_(plan.fault == "unseen"), last_(plan.size) {}

    template <typename Visit>
    int poll(Visit&& visit) {
      if (!hides_) return receiver_.poll(visit);
      return receiver_.poll([&](const void* message) {
        const bool is_end = Stamp::of(*static_cast<const Word*>(message)).number == Stamp::kEnd;
        if (has_last_ && !is_end) visit(last_.data());
        if (is_end) visit(message);
        std::memcpy(last_.data(), message, last_.size());
        has_last_ = !is_end;
      });
    }

   private:
    Ring::Receiver receiver_;
    bool hides_;
    bool has_last_ = false;
    std::vector<char> last_;
  };
};

}  // namespace

int main(int argc, char** argv) {
  return compare::measure<Faulty>("faulty", argc, argv);
}
