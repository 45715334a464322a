#include "cli/top/terminal.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace busbar::cli {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClearToEndOfLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";

// What the signal handlers use: written before they are installed.
std::atomic<bool> terminal_taken{false};
bool has_keys = false;
termios before{};
termios without_lines{};

void write_all(std::string_view text) noexcept {
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
}

}  // namespace

bool Terminal::usable() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' &&
         std::string_view(kind) != "dumb";
}

Terminal::Terminal() {
  has_keys = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before) == 0;
  without_lines = before;
  // Signals by keys stay.
  without_lines.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  without_lines.c_cc[VMIN] = 1;
  without_lines.c_cc[VTIME] = 0;
  terminal_taken = true;
  enter();
}

Terminal::~Terminal() {
  leave();
  terminal_taken = false;
}

void Terminal::enter() noexcept {
  if (!terminal_taken) return;
  if (has_keys) ::tcsetattr(STDIN_FILENO, TCSANOW, &without_lines);
  write_all(kEnter);
}

void Terminal::leave() noexcept {
  if (!terminal_taken) return;
  write_all(kLeave);
  if (has_keys) ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

ScreenSize Terminal::size() {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 ||
      window.ws_row == 0) {
    return {};
  }
  return {window.ws_col, window.ws_row};
}

std::string Terminal::picture(const std::vector<std::string>& lines, ScreenSize size) {
  std::string text(kHome);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i != 0) text += "\r\n";
    text += lines[i];
    // Behind a full line the cursor still stands on its last character.
    if (lines[i].size() < size.columns) text += kClearToEndOfLine;
  }
  if (lines.size() < size.rows) text.append("\r\n").append(kClearBelow);
  return text;
}

}  // namespace busbar::cli
