// Opens an image with the product's own open path and compares all that is in it with the history.
#pragma once

#include <cstddef>
#include <string>

#include "store/lmdb/env.hpp"
#include "tests/crash/trace/history.hpp"

namespace hearthmail::crash {

struct Verdict {
  std::size_t lost = 0;     // objects older than an acknowledged operation left them
  std::size_t doubled = 0;  // messages that stand twice in a mailbox
  std::size_t altered = 0;  // objects in no state that they ever had, bodies with other octets
  std::string text;         // empty: all is well
  bool bad() const { return !text.empty(); }
};

// `directory` holds the environment's data.mdb; the crash came before event `at`. With `go_on` the store also takes new
// mail afterwards, is opened again and checked again.
Verdict verify(const std::string& directory, std::uint8_t environment, const History& history, std::size_t at,
               bool acks_at_begin, bool go_on);

// One more piece of mail, as after any start; `number` makes it another one.
base::Status take_more(store::lmdb::Env& env, std::uint8_t environment, int number);
// The object that it changes in the mail environment.
std::string inbox_object(store::lmdb::Env& env, std::uint8_t environment);

}  // namespace hearthmail::crash
