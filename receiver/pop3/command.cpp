#include "receiver/pop3/command.hpp"

#include <array>

#include "common/base/text.hpp"

namespace hearthmail::receiver::pop3 {

using base::Errc;
using base::Error;
using base::Result;

namespace {

enum class Takes : std::uint8_t { Nothing, Rest, MaybeRest, Message, MaybeMessage, MessageAndLines };

struct Row {
  std::string_view keyword;
  Verb verb;
  std::uint8_t states;
  Takes takes;
};

constexpr std::uint8_t kAuthorization = static_cast<std::uint8_t>(State::Authorization);
constexpr std::uint8_t kTransaction = static_cast<std::uint8_t>(State::Transaction);
constexpr std::uint8_t kAny = kAuthorization | kTransaction;

// Every command and every transition: PASS and AUTH lead from Authorization to Transaction, QUIT ends both (from
// Transaction through the update of the maildrop, RFC 1939 §6).
constexpr std::array<Row, 15> kTable{{
    {"AUTH", Verb::Auth, kAuthorization, Takes::MaybeRest},
    {"CAPA", Verb::Capa, kAny, Takes::Nothing},
    {"DELE", Verb::Dele, kTransaction, Takes::Message},
    {"LIST", Verb::List, kTransaction, Takes::MaybeMessage},
    {"NOOP", Verb::Noop, kTransaction, Takes::Nothing},
    {"PASS", Verb::Pass, kAuthorization, Takes::Rest},
    {"QUIT", Verb::Quit, kAny, Takes::Nothing},
    {"RETR", Verb::Retr, kTransaction, Takes::Message},
    {"RSET", Verb::Rset, kTransaction, Takes::Nothing},
    {"STAT", Verb::Stat, kTransaction, Takes::Nothing},
    {"STLS", Verb::Stls, kAuthorization, Takes::Nothing},
    {"TOP", Verb::Top, kTransaction, Takes::MessageAndLines},
    {"UIDL", Verb::Uidl, kTransaction, Takes::MaybeMessage},
    {"USER", Verb::User, kAuthorization, Takes::Rest},
    {"UTF8", Verb::Utf8, kAuthorization, Takes::Nothing},
}};

const Row* find_row(std::string_view keyword) {
  for (const Row& row : kTable) {
    if (base::iequals(row.keyword, keyword)) return &row;
  }
  return nullptr;
}

Error wrong(std::string_view text) { return Error{Errc::Invalid, std::string(text)}; }

Result<std::uint32_t> message_number(std::string_view text) {
  const auto number = base::parse_u32(text);
  if (!number.has_value() || *number == 0) return wrong("Expected a message number");
  return *number;
}

Result<Command> parse_argument(const Row& row, std::string_view rest, bool given) {
  Command command;
  command.verb = row.verb;
  // A password may end with a blank; elsewhere blanks at the end are a habit of some clients.
  const std::string_view trimmed = base::trim(rest);
  switch (row.takes) {
    case Takes::Nothing:
      if (!trimmed.empty()) return wrong("No argument expected");
      break;
    case Takes::Rest:
      if (!given || rest.empty()) return wrong("Argument missing");
      command.argument = rest;
      break;
    case Takes::MaybeRest: command.argument = trimmed; break;
    case Takes::MaybeMessage:
      if (trimmed.empty()) break;
      [[fallthrough]];
    case Takes::Message: {
      TRY_ASSIGN(command.message, message_number(trimmed));
      break;
    }
    case Takes::MessageAndLines: {
      const std::size_t blank = trimmed.find(' ');
      if (blank == std::string_view::npos) return wrong("Expected a message number and a number of lines");
      TRY_ASSIGN(command.message, message_number(trimmed.substr(0, blank)));
      const auto lines = base::parse_u64(base::trim(trimmed.substr(blank)));
      if (!lines.has_value()) return wrong("Expected a number of lines");
      command.lines = *lines;
      break;
    }
  }
  return command;
}

}  // namespace

Result<Command> parse_command(std::string_view line) {
  const std::size_t blank = line.find(' ');
  const Row* row = find_row(line.substr(0, blank));
  if (row == nullptr) return wrong("Unknown command");
  const bool given = blank != std::string_view::npos;
  return parse_argument(*row, given ? line.substr(blank + 1) : std::string_view(), given);
}

bool is_legal(Verb verb, State state) {
  for (const Row& row : kTable) {
    if (row.verb == verb) return (row.states & static_cast<std::uint8_t>(state)) != 0;
  }
  return false;
}

}  // namespace hearthmail::receiver::pop3
