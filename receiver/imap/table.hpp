// The table of commands: in which states each is legal, who handles it, where that runs, and whether its answer may carry
// EXPUNGE responses. Its arguments are parsed by parse::parse_args(), which has one function per verb.
#pragma once

#include <cstdint>
#include <memory>

#include "common/base/result.hpp"
#include "receiver/imap/operation.hpp"
#include "receiver/imap/parse/command.hpp"
#include "receiver/imap/state.hpp"

namespace hearthmail::receiver::imap {

enum class Runs : std::uint8_t {
  Inline,  // on the loop, in one small read transaction at most
  Steps,   // as an Operation: in slices, on the writer, in the worker pool
  Dialog,  // as a conversation in the session's own coroutines
};

// Whether EXPUNGE may be sent: not while a client may be using sequence numbers (RFC 9051 §7.5.1).
enum class Expunge : std::uint8_t { Never, WithUid, Always };

using Answer = base::Status (*)(Connection&, const parse::Command&);
using Start = base::Result<std::unique_ptr<Operation>> (*)(Connection&, parse::Command&);

struct Rule {
  parse::Verb verb;
  std::uint8_t states;  // State bits
  Runs runs;
  Expunge expunge;
  Answer answer;  // Runs::Inline
  Start start;    // Runs::Steps
};

const Rule& rule_for(parse::Verb verb);

}  // namespace hearthmail::receiver::imap
