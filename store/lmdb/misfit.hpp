// Inside store/lmdb only: a record whose checksum does not fit its key and value. The checksum covers both, so it also says
// which of them was damaged. That matters: a damaged value is reported by whoever reads it, but a record whose key was
// damaged is out of sight of everybody who looks for it.
#pragma once

#include <string>

#include "store/lmdb/env.hpp"

namespace hearthmail::store::lmdb {

struct Misfit {
  enum class Wrong {
    Value,    // the key is right
    Key,      // the value is right; `right_key` is what the key was
    Unknown,  // both, or too much of one
  };
  std::string table, key, value;
  Wrong wrong = Wrong::Unknown;
  std::string right_key = {};
};

// Tries which few flipped bits make the record fit. The checksum has 32 bits: of a hundred thousand tries one in 40,000
// records fits by chance.
void examine(Misfit& misfit, Belongs belongs);

// Corrupt: its place is not where it is looked for.
base::Error misplaced_error(const Misfit& misfit);

}  // namespace hearthmail::store::lmdb
