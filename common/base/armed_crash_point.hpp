#pragma once

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace busbar {

/// The point at which this process dies, if any: from the environment, BUSBAR_CRASH_AT=NAME or
/// NAME:N for the N-th pass, or armed from within. SIGKILL on itself, as any death from outside.
/// BUSBAR_CRASH_NOTE=FILE appends the names of the points that are passed, once each or so.
class CrashPoint {
 public:
  static void pass(const char* name) noexcept {
    CrashPoint& point = instance();
    if (point.notes_ >= 0) point.note(name);
    if (point.left_.load(std::memory_order_relaxed) == 0 || std::strcmp(name, point.name_) != 0) {
      return;
    }
    if (point.left_.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
  }

  /// At the `nth` pass from now on. Not while other threads may pass one.
  static void arm(const char* name, std::uint32_t nth = 1) noexcept { instance().set(name, nth); }
  static void disarm() noexcept { instance().set("", 0); }
  static void note_to(const char* file) noexcept { instance().open_notes(file); }

 private:
  CrashPoint() noexcept {
    const char* wanted = std::getenv("BUSBAR_CRASH_AT");
    if (wanted != nullptr) set(wanted, 1);
    const char* file = std::getenv("BUSBAR_CRASH_NOTE");
    if (file != nullptr) open_notes(file);
  }
  static CrashPoint& instance() noexcept {
    static CrashPoint point;
    return point;
  }
  void set(const char* name, std::uint32_t nth) noexcept {
    std::strncpy(name_, name, sizeof name_ - 1);
    char* colon = std::strchr(name_, ':');
    if (colon != nullptr) {
      *colon = '\0';
      nth = static_cast<std::uint32_t>(std::strtoul(colon + 1, nullptr, 10));
    }
    left_ = nth;
  }
  void open_notes(const char* file) noexcept {
    notes_ = ::open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  }
  void note(const char* name) noexcept {
    for (auto& noted : noted_) {
      if (noted.load() == name) return;
      const char* none = nullptr;
      if (noted.compare_exchange_strong(none, name)) break;
    }
    char line[sizeof name_ + 1];
    const std::size_t size = std::min(std::strlen(name), sizeof name_);
    std::memcpy(line, name, size);
    line[size] = '\n';
    [[maybe_unused]] const ssize_t written = ::write(notes_, line, size + 1);
  }

  int notes_ = -1;
  std::atomic<const char*> noted_[512] = {};
  char name_[64] = {};
  std::atomic<std::uint32_t> left_{0};
};

}  // namespace busbar
