// The operations in which calls fail one after the other.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/crash/faults/scene.hpp"

namespace hearthmail::crash {

// What the client was told.
enum class Answer : char { Acked = 'A', Refused = 'R', Nothing = 'N' };
// What is in the store: nothing of the operation, all of it, or something that must not be.
enum class Effect : char { None, Whole, Wrong };

struct Operation {
  std::string name;
  // Calls scene.begin() just before its work and scene.end() after it.
  std::function<Answer(Scene&)> run;
  std::function<Effect(Scene&)> effect;  // looked at in a scene opened anew
};

const std::vector<Operation>& operations();

}  // namespace hearthmail::crash
