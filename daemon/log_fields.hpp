#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace busbar::daemon {

/// What the log lines of this thread are about while this exists: fields for a journal, beside the
/// text. Scopes may be nested; the inner one's fields are added to the outer one's.
class LogFields {
 public:
  using Field = std::pair<const char*, std::string>;

  explicit LogFields(std::initializer_list<Field> fields) : fields_(fields) { innermost_ = this; }
  ~LogFields() { innermost_ = outer_; }
  LogFields(const LogFields&) = delete;
  LogFields& operator=(const LogFields&) = delete;

  /// Calls visit(name, value) for each field that is in force on this thread and not empty.
  template <class Visit>
  static void for_each(Visit visit) {
    for (const LogFields* scope = innermost_; scope != nullptr; scope = scope->outer_) {
      for (const auto& [name, value] : scope->fields_) {
        if (!value.empty()) visit(name, value);
      }
    }
  }

 private:
  static inline thread_local const LogFields* innermost_ = nullptr;

  std::vector<Field> fields_;
  const LogFields* outer_ = innermost_;
};

}  // namespace busbar::daemon
