// Commands of POP3: the grammar and the table of what is legal when. RFC 1939 §3 to §7; RFC 2449; RFC 2595; RFC 5034;
// RFC 6856.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::receiver::pop3 {

enum class State : std::uint8_t { Authorization = 1, Transaction = 2 };  // bits: a row names all states it is legal in

enum class Verb : std::uint8_t {
  Auth,
  Capa,
  Dele,
  List,
  Noop,
  Pass,
  Quit,
  Retr,
  Rset,
  Stat,
  Stls,
  Top,
  Uidl,
  User,
  Utf8
};

struct Command {
  Verb verb = Verb::Noop;
  std::string argument;                  // USER, PASS, AUTH: the rest of the line as it is
  std::optional<std::uint32_t> message;  // LIST, UIDL: absent means all
  std::uint64_t lines = 0;               // TOP
};

// One line without its CRLF. Invalid: the text is fit for -ERR and repeats nothing of the line (it may be a password).
base::Result<Command> parse_command(std::string_view line);
bool is_legal(Verb verb, State state);

}  // namespace hearthmail::receiver::pop3
