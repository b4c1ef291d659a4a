#include "receiver/imap/parse/session.hpp"

#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;

namespace {

bool is_base64_char(char c) { return base::is_alnum(c) || c == '+' || c == '/' || c == '='; }

}  // namespace

Result<LoginArgs> parse_login(Cursor& in) {
  LoginArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.user, in.astring());
  in.hide();
  TRY(in.space());
  TRY_ASSIGN(std::string password, in.astring());
  args.password = base::Secret(std::move(password));
  return args;
}

Result<AuthenticateArgs> parse_authenticate(Cursor& in) {
  AuthenticateArgs args;
  TRY(in.space());
  TRY_ASSIGN(const std::string mechanism, in.atom());
  args.mechanism = base::upper(mechanism);
  in.hide();
  if (in.peek() != ' ') return args;
  TRY(in.space());
  if (in.at_end()) return args;
  std::string initial;
  while (is_base64_char(in.peek())) {
    initial += in.peek();
    in.take(in.peek());
  }
  if (initial.empty()) return in.error("an initial response in base64");
  args.initial = base::Secret(std::move(initial));
  return args;
}

// id = "ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)
Result<IdArgs> parse_id(Cursor& in) {
  IdArgs args;
  TRY(in.space());
  if (in.take_word("NIL")) return args;
  TRY(in.expect('(', "NIL or a list of fields"));
  if (in.take(')')) return args;
  do {
    if (args.pairs.size() >= kMaxIdPairs) return in.error("at most 30 fields");
    TRY_ASSIGN(std::string field, in.string());
    if (field.size() > kMaxIdFieldOctets) return in.error("a field name of at most 30 octets");
    TRY(in.space());
    TRY_ASSIGN(std::string value, in.nstring_or_empty());
    if (value.size() > kMaxIdValueOctets) return in.error("a value of at most 1024 octets");
    args.pairs.emplace_back(std::move(field), std::move(value));
  } while (in.peek() == ' ' && in.space().ok() && in.peek() != ')');
  TRY(in.expect(')', "\")\" after the fields"));
  return args;
}

Result<EnableArgs> parse_enable(Cursor& in) {
  EnableArgs args;
  do {
    if (args.capabilities.size() >= kMaxEnable) return in.error("at most 50 capabilities");
    TRY(in.space());
    if (in.at_end() && !args.capabilities.empty()) break;
    TRY_ASSIGN(const std::string capability, in.atom());
    args.capabilities.push_back(base::upper(capability));
  } while (in.peek() == ' ');
  return args;
}

// compress = "COMPRESS" SP algorithm, RFC 4978 §5
Result<CompressArgs> parse_compress(Cursor& in) {
  TRY(in.space());
  TRY_ASSIGN(const std::string algorithm, in.atom());
  return CompressArgs{base::upper(algorithm)};
}

}  // namespace hearthmail::receiver::imap::parse
