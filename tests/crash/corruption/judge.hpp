// What a store with known contents may do after it was damaged: refuse to open, or report the damaged and give everything
// else exactly.
#pragma once

#include <string>

#include "tests/crash/trace/objects.hpp"

namespace hearthmail::crash {

enum class Outcome : std::uint8_t {
  Whole,     // opened, everything is there
  Mended,    // the same, after the open has put a record back under its key
  Reported,  // opened; what cannot be read says so, to the caller or in the log; all else is there
  Refused,   // not opened, with a text that names `hearthmail restore`
  Bad,       // wrong or missing without a word, or an error that helps nobody
};

struct Judgement {
  Outcome outcome = Outcome::Whole;
  std::size_t lost = 0;     // missing without a word
  std::size_t altered = 0;  // other than they were, without a word
  std::string text;
};

// Opens DIRECTORY/data.mdb as the programs do, reads every object and body, writes more, opens it again. Takes the
// process's standard error.
Judgement judge(const std::string& directory, std::uint8_t environment, const Contents& expected);

// The contents of a sound environment.
base::Result<Contents> read_contents(const std::string& directory, std::uint8_t environment);

}  // namespace hearthmail::crash
