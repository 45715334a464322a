#pragma once

namespace busbar::cli {

/// While it lives, SIGINT and SIGTERM are a wish to stop: `handle.interrupt()` is called from the
/// signal handler and requested() is true from then on. The same signal once more ends the process,
/// so that a write that nobody takes cannot keep it. One at a time; `handle` must outlive it and
/// stay put.
class StopSignals {
 public:
  template <typename Handle>
  explicit StopSignals(Handle& handle)
      : StopSignals(&handle, [](void* target) { static_cast<Handle*>(target)->interrupt(); }) {}
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  static bool requested() noexcept;
  /// Throws Interrupted if requested.
  static void check();

  /// Waits until `fd` is ready for `events` (of poll(2)); throws Interrupted if a signal comes
  /// first.
  static void wait_for(int fd, short events);

 private:
  using Interrupt = void (*)(void*);
  StopSignals(void* target, Interrupt interrupt);
};

}  // namespace busbar::cli
