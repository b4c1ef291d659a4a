// Columns of text, aligned for people.
#pragma once

#include <string>
#include <vector>

namespace hearthmail::cli {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heads) { rows_.push_back(std::move(heads)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  // One line per row, two blanks between columns, none at the end of a line.
  std::string str() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first is the heads
};

// Columns that a terminal needs for this UTF-8 text, counting one per character.
std::size_t width_of(const std::string& text);

}  // namespace hearthmail::cli
