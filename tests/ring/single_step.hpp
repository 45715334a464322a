#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace busbar::test {

/// Stops a function before any one of its instructions. First it is run with the processor's trap
/// flag set, which traps behind each instruction, and the addresses are written down; from then on
/// a breakpoint takes it to each of them at nearly full speed. x86-64 only.
///
/// All happens in one thread and in program order: no store is delayed or passes another one, so
/// this says nothing about missing fences. The function has to take the same way each time, and
/// must not allocate (the other side may, in the midst of it).
class SingleStep {
 public:
  using Call = std::function<void()>;

  /// Why functions cannot be stopped here, or null if they can.
  static const char* why_not() {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return "a sanitizer's own code would be stopped too, or signals are delayed";
#elif !defined(__x86_64__)
    return "only x86-64 has this trap flag";
#else
    int stops = 0;
    each([&](int n) {
      return stops += interrupt(
                 n, [] {}, [] {}),
             true;
    });
    return stops > 0 ? nullptr : "no trap flag (an emulator?), or code may not be written";
#endif
  }

  /// `run(n)` for n = 0, 1, 2 and so on; each has to call interrupt(n) or kill(n) once, with the
  /// same function in the same circumstances. The first one stops nowhere. Ends behind the
  /// function's last instruction, or when `run` says false. `every`: how many to go on by behind
  /// the first kFirst, where a loop is passed so often that each of its instructions has its turn.
  template <typename Run>
  static void each(Run run, int every = 1) {
    if (!run(0)) return;
    for (int n = 1; n <= steps_ && run(n); n += n < kFirst ? 1 : every) {
    }
  }

  /// Runs `body`, and all of `other` before the n-th instruction. False if `other` has not run.
  static bool interrupt(int n, const Call& body, const Call& other) {
    handle_traps();
    other_ = &other;
    stopped_ = false;
    if (n == 0) {
      steps_ = 0;
      set_trap_flag(true);
      body();
      set_trap_flag(false);
      return false;
    }
    set_breakpoint(n - 1);
    body();
    clear_breakpoint();
    return stopped_;
  }

  /// Runs `body` up to its n-th instruction and leaves it there for good, as if it had been killed.
  /// False if it came to its end.
  static bool kill(int n, const Call& body) {
    sigjmp_buf back;
    // With the mask: else the trap's signal would stay blocked.
    if (sigsetjmp(back, 1) != 0) return true;
    return interrupt(n, body, [&back] { siglongjmp(back, 1); });
  }

 private:
  static constexpr int kFirst = 200;
  static constexpr int kMostSteps = 1 << 15;
  static constexpr unsigned long long kTrapFlag = 0x100;
  static constexpr std::uint8_t kBreakpoint = 0xcc;

  static void handle_traps() {
    struct sigaction action {};
    action.sa_sigaction = trap;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGTRAP, &action, nullptr);
  }

  static void set_breakpoint(int step) {
    address_ = address_of_[step];
    passes_ = 0;
    for (int i = 0; i < step; ++i) passes_ += address_of_[i] == address_;
    original_ = *reinterpret_cast<const std::uint8_t*>(address_);
    is_set_ = write_code(kBreakpoint);
  }
  static void clear_breakpoint() {
    if (is_set_) write_code(original_);
    is_set_ = false;
  }
  /// The way of a debugger: pages of code are not writable. False where even that may not be
  /// written (the kernel's own code in the process).
  static bool write_code(std::uint8_t byte) {
    static const int memory = ::open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    const bool written = ::pwrite(memory, &byte, 1, static_cast<off_t>(address_)) == 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return written;
  }

#if defined(__x86_64__)
  static void set_trap_flag(bool on) {
    __writeeflags(on ? __readeflags() | kTrapFlag : __readeflags() & ~kTrapFlag);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  static void trap(int, siginfo_t*, void* context) {
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    if (passing_) {
      // Behind the instruction that was the right one, but not yet the right time.
      passing_ = false;
      is_set_ = write_code(kBreakpoint);
      registers[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag);
    } else if (is_set_) {
      clear_breakpoint();
      registers[REG_RIP] = static_cast<greg_t>(address_);
      if (passes_ > 0) {
        --passes_;
        passing_ = true;
        registers[REG_EFL] |= static_cast<greg_t>(kTrapFlag);
      } else {
        stopped_ = true;
        (*other_)();
      }
    } else if (steps_ < kMostSteps) {
      address_of_[steps_++] = static_cast<std::uintptr_t>(registers[REG_RIP]);
    }
  }
#else
  static void set_trap_flag(bool) {}
  static void trap(int, siginfo_t*, void*) {}
#endif

  static inline const Call* other_ = nullptr;
  static inline bool stopped_ = false;
  static inline int steps_ = 0;
  static inline std::uintptr_t address_of_[kMostSteps] = {};
  static inline std::uintptr_t address_ = 0;  // of the breakpoint
  static inline int passes_ = 0;              // how often it is passed before the stop
  static inline std::uint8_t original_ = 0;
  static inline bool is_set_ = false;
  static inline bool passing_ = false;
};

}  // namespace busbar::test
