#pragma once

#include <string>
#include <vector>

namespace busbar::cli {

/// Columns for people: a heading, then rows, each column as wide as its widest cell. Cells
/// become printable.
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string heading;
    Align align = Align::left;
  };

  explicit Table(std::vector<Column> columns);
  void add(std::vector<std::string> row);
  std::string text() const;

 private:
  std::string line(const std::vector<std::string>& cells) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace busbar::cli
