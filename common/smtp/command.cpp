#include "common/smtp/command.hpp"

#include <algorithm>

#include "common/base/text.hpp"
#include "common/smtp/limits.hpp"

namespace hearthmail::smtp {
namespace {

using base::Errc;
using base::Error;

struct Row {
  std::string_view name;
  Verb verb;
};

constexpr Row kVerbs[] = {
    {"EHLO", Verb::Ehlo},       {"HELO", Verb::Helo},   {"LHLO", Verb::Lhlo},         {"MAIL", Verb::Mail},
    {"RCPT", Verb::Rcpt},       {"DATA", Verb::Data},   {"BDAT", Verb::Bdat},         {"RSET", Verb::Rset},
    {"NOOP", Verb::Noop},       {"VRFY", Verb::Vrfy},   {"EXPN", Verb::Expn},         {"HELP", Verb::Help},
    {"QUIT", Verb::Quit},       {"AUTH", Verb::Auth},   {"STARTTLS", Verb::StartTls}, {"GET", Verb::Foreign},
    {"POST", Verb::Foreign},    {"PUT", Verb::Foreign}, {"HEAD", Verb::Foreign},      {"OPTIONS", Verb::Foreign},
    {"CONNECT", Verb::Foreign}, {"PRI", Verb::Foreign}, {"HOST:", Verb::Foreign},
};

base::Result<Path> take_labelled_path(std::string_view& argument, std::string_view label) {
  if (!base::istarts_with(argument, label)) {
    return Error{Errc::Invalid, "expected " + std::string(label) + "<address>"};
  }
  argument.remove_prefix(label.size());
  while (!argument.empty() && argument.front() == ' ') argument.remove_prefix(1);
  return take_path(argument);
}

}  // namespace

Command parse_command(std::string_view line) {
  const auto space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  Command out;
  for (const auto& row : kVerbs) {
    if (base::iequals(row.name, word)) out.verb = row.verb;
  }
  // A TLS ClientHello sent to a port that speaks in clear first.
  if (line.size() >= 2 && line[0] == '\x16' && line[1] == '\x03') out.verb = Verb::Foreign;
  if (space == std::string_view::npos) return out;
  out.argument = line.substr(space);
  while (!out.argument.empty() && base::is_wsp(out.argument.front())) out.argument.remove_prefix(1);
  while (!out.argument.empty() && base::is_wsp(out.argument.back())) out.argument.remove_suffix(1);
  return out;
}

base::Result<std::string> parse_hello(std::string_view argument) {
  const auto fine = [](char c) {
    return base::is_alnum(c) || std::string_view("-._:[]").find(c) != std::string_view::npos;
  };
  if (argument.empty()) return Error{Errc::Invalid, "a host name is missing"};
  if (argument.size() > kMaxDomain) return Error{Errc::Invalid, "host name is longer than 255 octets"};
  if (!base::is_utf8(argument) || !std::all_of(argument.begin(), argument.end(), fine)) {
    return Error{Errc::Invalid, "bad host name"};
  }
  return std::string(argument);
}

base::Result<Path> take_mail_path(std::string_view& argument) { return take_labelled_path(argument, "FROM:"); }

base::Result<Path> take_rcpt_path(std::string_view& argument) {
  TRY_ASSIGN(auto path, take_labelled_path(argument, "TO:"));
  if (path.null) return Error{Errc::Invalid, "a recipient cannot be empty"};
  return path;
}

base::Result<Chunk> parse_bdat(std::string_view argument) {
  const auto space = argument.find(' ');
  const auto octets = base::parse_u64(argument.substr(0, space));
  if (!octets.has_value()) return Error{Errc::Invalid, "bad chunk size"};
  Chunk out{*octets, false};
  if (space == std::string_view::npos) return out;
  if (!base::iequals(base::trim(argument.substr(space)), "LAST")) return Error{Errc::Invalid, "expected LAST"};
  out.last = true;
  return out;
}

base::Result<AuthCommand> parse_auth(std::string_view argument) {
  const auto space = argument.find(' ');
  AuthCommand out;
  out.mechanism = base::upper(argument.substr(0, space));
  if (out.mechanism.empty() || out.mechanism.size() > 20)
    return Error{Errc::Invalid, "bad mechanism"};  // RFC 4422 §3.1
  if (space == std::string_view::npos) return out;
  out.has_initial = true;
  out.initial = base::trim(argument.substr(space));
  if (out.initial.find(' ') != std::string::npos) return Error{Errc::Invalid, "too many words"};
  return out;
}

}  // namespace hearthmail::smtp
