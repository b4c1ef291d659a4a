// What `hearthmail check` prints.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "store/maintenance/check.hpp"

namespace hearthmail::cli {

std::string report_in_words(const store::maintenance::Report& report);
// The stable shape that `hearthmail check --help` describes.
nlohmann::ordered_json report_json(const store::maintenance::Report& report);
// "12.3 MiB"
std::string octets_in_words(std::uint64_t octets);

// A line on standard error that is written over, when standard error is a terminal; nothing otherwise.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const std::string& text);

 private:
  bool terminal_;
  bool shown_ = false;
};

}  // namespace hearthmail::cli
