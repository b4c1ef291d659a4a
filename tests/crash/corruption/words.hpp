// What a process says on its standard error, read back by itself: was the damage named there?
#pragma once

#include <string>

namespace hearthmail::crash {

// Owns descriptor 2 from its construction on; for a process that ends soon.
class Words {
 public:
  Words();
  // What was said since the last call.
  std::string since();

 private:
  int file_;
  off_t read_ = 0;
};

// The words name a command that helps against damage; no other line of the log does.
bool name_damage(const std::string& words);

}  // namespace hearthmail::crash
