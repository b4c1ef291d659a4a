#include "common/smtp/server_core.hpp"

#include <utility>

#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"
#include "common/log/log.hpp"
#include "common/smtp/limits.hpp"

namespace hearthmail::smtp {
namespace {

constexpr unsigned bit(SessionState state) { return static_cast<unsigned>(state); }
constexpr unsigned kAny = bit(SessionState::Start) | bit(SessionState::Ready) | bit(SessionState::Mail) |
                          bit(SessionState::Rcpt) | bit(SessionState::Chunks);
constexpr unsigned kGreeted = kAny & ~bit(SessionState::Start);
constexpr unsigned kSmtp = 1;  // SMTP and submission
constexpr unsigned kLmtp = 2;
constexpr unsigned kBoth = kSmtp | kLmtp;

std::string new_id() { return base::hex(crypto::random_octets(8)); }

}  // namespace

// Verb, where it exists, states in which it is legal, whether it counts as junk, handler.
struct ServerCore::Row {
  Verb verb;
  unsigned dialects;
  unsigned states;
  bool junk;
  Next (ServerCore::*handle)(std::string_view argument);
};

const ServerCore::Row ServerCore::kTable[] = {
    {Verb::Ehlo, kSmtp, kAny, true, &ServerCore::ehlo},
    {Verb::Helo, kSmtp, kAny, true, &ServerCore::helo},
    {Verb::Lhlo, kLmtp, kAny, true, &ServerCore::ehlo},
    {Verb::Mail, kBoth, bit(SessionState::Ready), false, &ServerCore::mail},
    {Verb::Rcpt, kBoth, bit(SessionState::Mail) | bit(SessionState::Rcpt), false, &ServerCore::rcpt},
    {Verb::Data, kBoth, bit(SessionState::Rcpt), false, &ServerCore::data},
    {Verb::Bdat, kBoth, kAny, false, &ServerCore::bdat},  // decides itself: its octets must be swallowed anyway
    {Verb::Rset, kBoth, kAny, true, &ServerCore::rset},
    {Verb::Noop, kBoth, kAny, true, &ServerCore::noop},
    {Verb::Vrfy, kBoth, kAny, true, &ServerCore::vrfy},
    {Verb::Expn, kBoth, kAny, true, &ServerCore::expn},
    {Verb::Help, kSmtp, kAny, true, &ServerCore::help},
    {Verb::Quit, kBoth, kAny, false, &ServerCore::quit},
    {Verb::StartTls, kSmtp, bit(SessionState::Start) | bit(SessionState::Ready), false, &ServerCore::start_tls},
    {Verb::Auth, kSmtp, kGreeted, false, &ServerCore::auth},
};

ServerCore::ServerCore(ServerPolicy& policy, ClientInfo& client) : policy_(policy), client_(client) {}

void ServerCore::greet() {
  const auto& options = policy_.options();
  const std::string_view protocol = options.dialect == Dialect::Lmtp ? " LMTP" : " ESMTP";
  output_ += format({220, "", options.hostname + std::string(protocol) + " Hearthmail"});
}

const ServerCore::Row* ServerCore::find_row(Verb verb) const {
  const unsigned dialect = policy_.options().dialect == Dialect::Lmtp ? kLmtp : kSmtp;
  for (const auto& row : kTable) {
    if (row.verb == verb && (row.dialects & dialect) != 0) return &row;
  }
  return nullptr;
}

Next ServerCore::command(std::string_view line, bool can_start_tls) {
  can_start_tls_ = can_start_tls;
  const Command command = parse_command(line);
  const bool first = std::exchange(first_command_, false);
  if (command.verb == Verb::Foreign && first) {
    log::info("another protocol on a mail port", {{"peer", client_.peer.address}, {"line", base::printable(line, 60)}});
    return Next::Close;
  }
  if (too_many_errors()) {
    reply(421, "4.7.0", "Too many errors");
    return Next::Close;
  }
  const Row* row = find_row(command.verb);
  if (row == nullptr) return reply(500, "5.5.1", "Command unrecognized");
  if (row->junk && ++junk_ > kMaxJunk && is_stranger()) {
    reply(421, "4.7.0", "Too many commands without a message");
    return Next::Close;
  }
  if ((row->states & bit(state_)) == 0) return out_of_order(command.verb);
  return (this->*row->handle)(command.argument);
}

// The relay keeps its LMTP connection and is not judged by how many addresses have gone.
bool ServerCore::is_stranger() const { return policy_.options().dialect != Dialect::Lmtp; }
// RFC 5321 §3.3 leaves 503 or 554 for a message without recipients; LMTP has to say 503 (RFC 2033 §4.2).
int ServerCore::no_recipients() const { return policy_.options().dialect == Dialect::Lmtp ? 503 : 554; }
bool ServerCore::too_many_errors() const { return errors_ >= kMaxErrors && is_stranger(); }

Next ServerCore::bad_line(std::string_view why) {
  first_command_ = false;
  if (too_many_errors()) {
    reply(421, "4.7.0", "Too many errors");
    return Next::Close;
  }
  return reply(500, "5.5.2", why);
}

// RFC 5321 §4.1.4: 503 when a command comes too early or too late.
Next ServerCore::out_of_order(Verb verb) {
  if (state_ == SessionState::Start) {
    return reply(503, "5.5.1", policy_.options().dialect == Dialect::Lmtp ? "Send LHLO first" : "Send EHLO first");
  }
  if (state_ == SessionState::Chunks) return reply(503, "5.5.1", "BDAT has begun: finish it with LAST, or send RSET");
  if (verb == Verb::Mail) return reply(503, "5.5.1", "A transaction is open already");
  if (verb == Verb::Data && state_ == SessionState::Mail) return reply(no_recipients(), "5.5.1", "No valid recipients");
  if (verb == Verb::StartTls) return reply(503, "5.5.1", "Not during a transaction");
  return reply(503, "5.5.1", "Send MAIL first");
}

void ServerCore::say(const ServerReply& one) {
  if (!one.positive()) ++errors_;
  output_ += format(one);
}

Next ServerCore::reply(int code, std::string_view enhanced, std::string_view text) {
  say({code, std::string(enhanced), std::string(text)});
  return Next::Go;
}

std::string ServerCore::take_output() { return std::exchange(output_, {}); }

// ---- greetings -------------------------------------------------------------------------------------------------

bool ServerCore::greeted(std::string_view argument, bool extended) {
  auto name = parse_hello(argument);
  if (!name.ok()) {
    reply(501, "5.5.4", name.error().text);
    return false;
  }
  end_transaction("reset");  // RFC 5321 §4.1.4: EHLO also resets
  client_.hello = std::move(name).value();
  client_.extended = extended;
  state_ = SessionState::Ready;
  return true;
}

Next ServerCore::ehlo(std::string_view argument) {
  if (!greeted(argument, true)) return Next::Go;
  const auto& options = policy_.options();
  return reply(250, "", options.hostname + "\n" + offered_extensions(options, client_, can_start_tls_));
}

Next ServerCore::helo(std::string_view argument) {
  if (!greeted(argument, false)) return Next::Go;
  return reply(250, "", policy_.options().hostname);
}

// ---- the transaction -------------------------------------------------------------------------------------------

ParameterSet ServerCore::parameter_set() const {
  const auto& options = policy_.options();
  return {true, true, true, options.dsn, options.auth, options.delivery_id};
}

Next ServerCore::mail(std::string_view argument) {
  auto path = take_mail_path(argument);
  if (!path.ok()) return reply(501, "5.1.7", path.error().text);
  auto parameters = parse_mail_parameters(argument, parameter_set());
  if (!parameters.ok()) {
    const auto refusal = to_reply(parameters.error());
    return reply(refusal.code, refusal.enhanced, parameters.error().text);
  }
  if (path->address.utf8 && !parameters->smtputf8) {
    return reply(553, "5.6.7", "The address needs the SMTPUTF8 parameter");  // RFC 6531 §3.5
  }
  if (parameters->size.value_or(0) > policy_.options().max_octets) {
    return reply(552, "5.3.4", "Message is too big");  // RFC 1870 §6.1
  }
  if (!path->null && path->address.domain.empty()) return reply(501, "5.1.7", "A sender needs a domain");
  Transaction fresh;
  fresh.id = new_id();
  fresh.reverse_path = std::move(path).value();
  fresh.parameters = std::move(parameters).value();
  auto verdict = policy_.check_mail(client_, fresh);
  if (verdict.positive() && !has_room(fresh.parameters.size.value_or(0))) verdict = no_room();  // RFC 1870 §6.1
  if (verdict.positive()) {
    transaction_ = std::move(fresh);
    octets_ = 0;
    state_ = SessionState::Mail;
  }
  say(verdict);
  return Next::Go;
}

bool ServerCore::has_room(std::uint64_t octets) const {
  const auto& options = policy_.options();
  return options.disk == nullptr || options.disk->check(octets).ok();
}

Next ServerCore::rcpt(std::string_view argument) {
  const std::string_view whole = argument;
  auto path = take_rcpt_path(argument);
  if (!path.ok()) return refuse_rcpt({501, "5.1.3", path.error().text}, whole);
  auto parameters = parse_rcpt_parameters(argument, parameter_set());
  if (!parameters.ok()) {
    auto refusal = to_reply(parameters.error());
    refusal.text = parameters.error().text;
    return refuse_rcpt(refusal, whole);
  }
  if (path->address.utf8 && !transaction_.parameters.smtputf8) {
    return refuse_rcpt({553, "5.6.7", "The address needs the SMTPUTF8 parameter"}, whole);
  }
  if (transaction_.recipients.size() >= kMaxRecipients) {
    return refuse_rcpt({452, "4.5.3", "Too many recipients"}, whole);  // RFC 5321 §4.5.3.1.10
  }
  Recipient recipient;
  recipient.address = std::move(path->address);
  recipient.parameters = std::move(parameters).value();
  const auto verdict = policy_.check_rcpt(client_, transaction_, recipient);
  if (!verdict.positive()) return refuse_rcpt(verdict, whole);
  transaction_.recipients.push_back(std::move(recipient));
  state_ = SessionState::Rcpt;
  say(verdict);
  return Next::Go;
}

Next ServerCore::refuse_rcpt(const ServerReply& refusal, std::string_view argument) {
  ++transaction_.refused;
  transaction_.refusal = "RCPT " + base::printable(argument, 100) + ": " + std::to_string(refusal.code) + ' ' +
                         refusal.enhanced + ' ' + base::printable(refusal.text, 100);
  say(refusal);
  return Next::Go;
}

Next ServerCore::data(std::string_view argument) {
  if (!argument.empty()) return reply(501, "5.5.4", "DATA takes no argument");
  output_ += format({354, "", "End with <CR><LF>.<CR><LF>"});
  return Next::Data;
}

// RFC 3030 §2: the octets follow at once, whatever we think of them, so they are always read.
Next ServerCore::bdat(std::string_view argument) {
  auto chunk = parse_bdat(argument);
  if (!chunk.ok()) {  // where the chunk ends is unknown: nothing after it can be told from commands
    reply(501, "5.5.4", chunk.error().text);
    return Next::Close;
  }
  chunk_ = chunk.value();
  chunk_refusal_ = refuse_chunk();
  if (chunk_refusal_.has_value() && chunk_.octets > 2 * policy_.options().max_octets) {
    say(*chunk_refusal_);  // nobody swallows that
    return Next::Close;
  }
  return Next::Chunk;
}

std::optional<ServerReply> ServerCore::refuse_chunk() const {
  if (state_ == SessionState::Mail) return ServerReply{no_recipients(), "5.5.1", "No valid recipients"};
  if (state_ != SessionState::Rcpt && state_ != SessionState::Chunks)
    return ServerReply{503, "5.5.1", "Send MAIL and RCPT first"};
  const std::uint64_t most = policy_.options().max_octets;
  if (chunk_.octets > most || octets_ + chunk_.octets > most) return ServerReply{552, "5.3.4", "Message is too big"};
  return std::nullopt;
}

void ServerCore::chunk_taken(std::uint64_t octets_so_far) {
  octets_ = octets_so_far;
  state_ = SessionState::Chunks;
  reply(250, "2.0.0", std::to_string(chunk_.octets) + " octets received");
}

// Before LAST even LMTP gets one reply, RFC 2033 §4.2.
void ServerCore::refuse_chunk(const ServerReply& refusal, std::uint64_t octets) {
  if (state_ != SessionState::Rcpt && state_ != SessionState::Chunks) return say(refusal);
  const bool each = chunk_.last && policy_.options().dialect == Dialect::Lmtp;
  finished(std::vector<ServerReply>(each ? transaction_.recipients.size() : 1, refusal), octets);
}

void ServerCore::finished(const std::vector<ServerReply>& replies, std::uint64_t octets) {
  octets_ = octets;
  bool delivered = false;
  std::string result;
  for (const auto& one : replies) {
    output_ += format(one);  // a refused message is no error of the dialog
    delivered = delivered || one.positive();
    if (result.empty() || !one.positive()) {
      result = std::to_string(one.code) + ' ' + one.enhanced + ' ' + base::printable(one.text, 120);
    }
  }
  if (delivered) {
    errors_ = 0;
    junk_ = 0;
  } else {
    ++errors_;
  }
  end_transaction(result);
}

void ServerCore::refuse_message(const ServerReply& refusal, std::uint64_t octets) {
  const bool each = policy_.options().dialect == Dialect::Lmtp;
  finished(std::vector<ServerReply>(each ? transaction_.recipients.size() : 1, refusal), octets);
}

void ServerCore::end_transaction(std::string_view result) {
  if (state_ == SessionState::Start || state_ == SessionState::Ready) return;
  log_transaction(result);
  transaction_ = Transaction{};
  octets_ = 0;
  state_ = SessionState::Ready;
}

void ServerCore::log_transaction(std::string_view result) const {
  std::string recipients;
  constexpr std::size_t kShown = 10;
  for (std::size_t at = 0; at < transaction_.recipients.size() && at < kShown; ++at) {
    recipients += (at == 0 ? "" : " ") + transaction_.recipients[at].address.str();
  }
  log::info("transaction", {{"id", transaction_.id},
                            {"listener", policy_.options().name},
                            {"peer", client_.peer.address},
                            {"helo", client_.hello},
                            {"tls", client_.tls.version},
                            {"login", client_.login},
                            {"from", "<" + transaction_.reverse_path.str() + ">"},
                            {"to", recipients},
                            {"recipients", transaction_.recipients.size()},
                            {"refused", transaction_.refused},
                            {"refusal", transaction_.refusal},
                            {"octets", octets_},
                            {"result", result}});
}

void ServerCore::abandoned(std::string_view why) { end_transaction(why); }

// ---- the small ones --------------------------------------------------------------------------------------------

Next ServerCore::rset(std::string_view argument) {
  if (!argument.empty()) return reply(501, "5.5.4", "RSET takes no argument");
  end_transaction("reset");
  return reply(250, "2.0.0", "Reset");
}

Next ServerCore::noop(std::string_view) { return reply(250, "2.0.0", "OK"); }

Next ServerCore::vrfy(std::string_view argument) {
  if (argument.empty()) return reply(501, "5.5.4", "VRFY needs an address");
  return reply(252, "2.5.0", "Cannot VRFY, but send it and see");  // RFC 5321 §3.5.3
}

Next ServerCore::expn(std::string_view) { return reply(502, "5.5.1", "EXPN is not offered"); }

Next ServerCore::help(std::string_view) {
  return reply(214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY STARTTLS AUTH QUIT\nSee RFC 5321");
}

Next ServerCore::quit(std::string_view argument) {
  if (!argument.empty()) return reply(501, "5.5.4", "QUIT takes no argument");
  end_transaction("quit");
  reply(221, "2.0.0", "Bye");
  return Next::Close;
}

// ---- TLS and AUTH ----------------------------------------------------------------------------------------------

Next ServerCore::start_tls(std::string_view argument) {
  if (!argument.empty()) return reply(501, "5.5.4", "STARTTLS takes no argument");
  if (client_.tls.active) return reply(503, "5.5.1", "TLS is active already");
  if (!can_start_tls_) return reply(502, "5.5.1", "TLS is not offered");
  output_ += format({220, "2.0.0", "Ready to start TLS"});
  return Next::StartTls;
}

// RFC 3207 §4.2: everything learnt in clear is forgotten.
void ServerCore::tls_started() {
  transaction_ = Transaction{};
  client_.hello.clear();
  client_.extended = false;
  state_ = SessionState::Start;
}

Next ServerCore::auth(std::string_view argument) {
  if (!policy_.options().auth)
    return reply(502, "5.5.1", "AUTH is not offered here; use the submission ports 465 or 587");
  if (client_.account) return reply(503, "5.5.1", "Already authenticated");  // RFC 4954 §4
  if (state_ != SessionState::Ready) return reply(503, "5.5.1", "Not during a transaction");
  if (!client_.tls.active) return reply(538, "5.7.11", "AUTH needs TLS: send STARTTLS first, or use port 465");
  auto parsed = parse_auth(argument);
  if (!parsed.ok()) return reply(501, "5.5.4", parsed.error().text);
  auth_ = std::move(parsed).value();
  return Next::Auth;
}

bool ServerCore::auth_finished(const ServerReply& result) {
  say(result);
  if (result.positive() || ++auth_failures_ < kMaxAuthFailures) return true;
  reply(421, "4.7.0", "Too many failed logins");
  return false;
}

}  // namespace hearthmail::smtp
