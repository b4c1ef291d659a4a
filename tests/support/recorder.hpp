// A scripted stream that hands its output out when the session destroys it.
#pragma once

#include <string>
#include <utility>

#include "tests/support/scripted_stream.hpp"

namespace hearthmail::test {

class Recorder : public ScriptedStream {
 public:
  Recorder(std::string input, std::size_t step, std::string& out) : ScriptedStream(std::move(input), step), out_(out) {}
  ~Recorder() override { out_ = output(); }

 private:
  std::string& out_;
};

}  // namespace hearthmail::test
