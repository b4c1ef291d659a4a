// What a run says: lines for the terminal, a Markdown table for README.md, JSON for programs.
#pragma once

#include <string>

#include "tests/bench/runner.hpp"

namespace hearthmail::bench {

// Three significant digits, thousands apart: "12,300", "4.57", "0.0312".
std::string number_text(double value);
std::string target_text(const Figure& figure);  // ">= 3x", "<= 20 ms", "-"
std::string to_markdown(const Report& report);
std::string to_json(const Report& report);
// "pass 12, miss 3, failed 0, without a target 4".
std::string verdict_line(const Report& report);

}  // namespace hearthmail::bench
