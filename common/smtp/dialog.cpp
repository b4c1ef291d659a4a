#include "common/smtp/dialog.hpp"

#include <algorithm>
#include <utility>

#include "common/base/text.hpp"
#include "common/smtp/parameters.hpp"
#include "common/smtp/xtext.hpp"

namespace hearthmail::smtp {

namespace {

// Commands sent before their replies are read. RFC 2920 §3.1 leaves the size to the client, who must not let both sides
// block in a write: 100 replies of ordinary length fit any socket buffer.
constexpr std::size_t kPipelineGroup = 100;

bool is_xchar(char c) { return c >= '!' && c <= '~' && c != '+' && c != '='; }
bool is_upper_hex(char c) { return base::is_digit(c) || (c >= 'A' && c <= 'F'); }

bool is_xtext(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_xchar(text[i])) continue;
    if (text[i] != '+' || i + 2 >= text.size() || !is_upper_hex(text[i + 1]) || !is_upper_hex(text[i + 2]))
      return false;
    i += 2;
  }
  return true;
}

// The value of an ORCPT parameter from what the submitter gave: already xtext, or plain. Empty when it has no type.
std::string orcpt(std::string_view original, bool smtputf8) {
  const std::size_t semicolon = original.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0) return {};
  const std::string_view type = original.substr(0, semicolon);
  const std::string_view address = original.substr(semicolon + 1);
  // RFC 6533 §3: a utf-8 address may stand as it is only under SMTPUTF8; elsewhere its own escapes are xchars already.
  if (base::iequals(type, "utf-8") && !base::is_ascii(address) && smtputf8 && base::is_utf8(address)) {
    return std::string(original);
  }
  return std::string(type) + ";" + (is_xtext(address) ? std::string(address) : encode_xtext(address));
}

// Nothing but the CRLF at its end could be taken for the end of a line. The addresses were checked when they came in; this is
// the last place to keep one from becoming a second command.
bool is_one_line(std::string_view command) {
  command.remove_suffix(2);
  return std::none_of(command.begin(), command.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
}

// Our own answer in place of the peer's, which never hears the command.
Reply unspeakable(std::string_view enhanced) {
  Reply reply;
  reply.code = 501;
  reply.enhanced = enhanced;
  reply.lines = {"the address has a control character"};
  return reply;
}

void take_limits(Capabilities& out, const std::vector<std::string_view>& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string_view::npos) continue;
    const auto value = base::parse_u32(words[i].substr(equals + 1));
    if (!value) continue;
    const std::string_view key = words[i].substr(0, equals);
    if (base::iequals(key, "MAILMAX")) out.mail_max = *value;
    if (base::iequals(key, "RCPTMAX")) out.rcpt_max = *value;
    if (base::iequals(key, "RCPTDOMAINMAX")) out.rcpt_domain_max = *value;
  }
}

void take_auth(Capabilities& out, const std::vector<std::string_view>& words, std::string_view keyword) {
  // Old servers write "AUTH=LOGIN PLAIN"; RFC 4954 writes "AUTH LOGIN PLAIN".
  if (keyword.size() > 5) out.auth.push_back(base::upper(keyword.substr(5)));
  for (std::size_t i = 1; i < words.size(); ++i) out.auth.push_back(base::upper(words[i]));
}

}  // namespace

Capabilities parse_capabilities(const Reply& ehlo) {
  Capabilities out;
  out.esmtp = true;
  for (std::size_t i = 1; i < ehlo.lines.size(); ++i) {
    const auto words = base::split_words(ehlo.lines[i]);
    if (words.empty()) continue;
    const std::string keyword = base::upper(words[0]);
    if (keyword == "PIPELINING") out.pipelining = true;
    if (keyword == "8BITMIME") out.eight_bit = true;
    if (keyword == "SMTPUTF8") out.smtputf8 = true;
    if (keyword == "DSN") out.dsn = true;
    if (keyword == kDeliveryIdKeyword) out.delivery_id = true;
    if (keyword == "CHUNKING") out.chunking = true;
    if (keyword == "STARTTLS") out.starttls = true;
    if (keyword == "ENHANCEDSTATUSCODES") out.enhanced_codes = true;
    if (keyword == "SIZE") {
      out.size = true;
      if (words.size() > 1) out.max_octets = base::parse_u64(words[1]).value_or(0);
    }
    if (keyword == "LIMITS") take_limits(out, words);
    if (keyword == "AUTH" || keyword.starts_with("AUTH=")) take_auth(out, words, keyword);
  }
  return out;
}

std::string_view name(Stage stage) {
  switch (stage) {
    case Stage::Connect: return "connect";
    case Stage::Tls: return "tls";
    case Stage::Greeting: return "greeting";
    case Stage::Ehlo: return "ehlo";
    case Stage::StartTls: return "starttls";
    case Stage::Auth: return "auth";
    case Stage::Mail: return "mail";
    case Stage::Rcpt: return "rcpt";
    case Stage::Data: return "data";
    case Stage::Body: return "body";
    case Stage::Final: return "final";
  }
  return "unknown";
}

Dialog::Dialog(const Capabilities& peer, OutgoingEnvelope envelope, bool lmtp, bool reset)
    : peer_(peer), envelope_(std::move(envelope)), lmtp_(lmtp) {
  answers_.resize(envelope_.recipients.size());
  const std::string mail = mail_command();
  finished_ = !is_one_line(mail);
  commands_.push_back({mail, {About::Mail, 0}});
  for (std::size_t i = 0; i < envelope_.recipients.size(); ++i) {
    std::string rcpt = rcpt_command(envelope_.recipients[i]);
    if (finished_) answers_[i] = {Stage::Mail, unspeakable("5.1.7")};
    else if (!is_one_line(rcpt)) answers_[i] = {Stage::Rcpt, unspeakable("5.1.3")};
    else commands_.push_back({std::move(rcpt), {About::Rcpt, i}});
  }
  finished_ = finished_ || (commands_.size() == 1 && !answers_.empty());
  if (finished_) {
    commands_.clear();
    return;
  }
  commands_.push_back({"DATA\r\n", {About::Data, 0}});
  stale_ = reset;
  if (reset) commands_.push_front({"RSET\r\n", {About::Reset, 0}});  // RFC 2920 §3.1: it may stand anywhere in a group
  fill_output();
}

std::string Dialog::mail_command() const {
  std::string line = "MAIL FROM:<" + envelope_.reverse_path + ">";
  if (peer_.size) line += " SIZE=" + std::to_string(envelope_.octets);
  if (envelope_.eight_bit && peer_.eight_bit) line += " BODY=8BITMIME";
  if (envelope_.smtputf8 && peer_.smtputf8) line += " SMTPUTF8";
  if (peer_.dsn && !envelope_.ret.empty()) line += " RET=" + envelope_.ret;
  if (peer_.dsn && !envelope_.envid.empty()) line += " ENVID=" + encode_xtext(envelope_.envid);
  if (lmtp_ && peer_.delivery_id && !envelope_.delivery_id.empty()) {
    line += " " + std::string(kDeliveryIdKeyword) + "=" + base::hex(envelope_.delivery_id);
  }
  return line + "\r\n";
}

std::string Dialog::rcpt_command(const OutgoingRecipient& to) const {
  std::string line = "RCPT TO:<" + to.address + ">";
  if (peer_.dsn && !to.notify.empty()) line += " NOTIFY=" + to.notify;
  if (peer_.dsn) {
    const std::string original = orcpt(to.original, envelope_.smtputf8 && peer_.smtputf8);
    if (!original.empty()) line += " ORCPT=" + original;
  }
  return line + "\r\n";
}

// The next command, or with PIPELINING the next group of them. DATA ends a group, RFC 2920 §3.1.
void Dialog::fill_output() {
  const std::size_t most = peer_.pipelining ? kPipelineGroup : 1;
  for (std::size_t i = 0; i < most && !commands_.empty(); ++i) {
    output_ += commands_.front().line;
    expected_.push_back(commands_.front().expected);
    commands_.pop_front();
  }
}

Dialog::Do Dialog::next() const {
  if (finished_) return Do::Finished;
  if (!output_.empty()) return Do::Write;
  if (body_due_) return Do::Body;
  return Do::Read;
}

std::string Dialog::take_output() { return std::exchange(output_, {}); }

Stage Dialog::awaiting() const {
  if (expected_.empty()) return Stage::Body;
  switch (expected_.front().about) {
    case About::Reset:
    case About::Mail: return Stage::Mail;
    case About::Rcpt: return Stage::Rcpt;
    case About::Data: return Stage::Data;
    case About::Final:
    case About::LoneDot: return Stage::Final;
  }
  return Stage::Final;
}

void Dialog::answered(Reply reply) {
  if (finished_ || expected_.empty()) return;
  const Stage stage = awaiting();
  const Expected about = expected_.front();
  expected_.pop_front();
  if (reply.code == 421) {  // RFC 5321 §3.8: the peer closes; nothing more will be answered
    end_all(stage, reply);
    in_step_ = false;
    return;
  }
  switch (about.about) {
    case About::Reset: on_reset(reply); break;
    case About::Mail: on_mail(std::move(reply)); break;
    case About::Rcpt: on_rcpt(about.recipient, std::move(reply)); break;
    case About::Data: on_data(std::move(reply)); break;
    case About::Final: on_final(about.recipient, std::move(reply)); break;
    case About::LoneDot: break;  // RFC 2920 §3.1: the reply to an empty message for nobody says nothing
  }
  settle();
}

void Dialog::on_reset(const Reply& reply) {
  stale_ = !reply.positive();
  if (!stale_) return;
  end_all(Stage::Mail, reply);
  in_step_ = false;
}

void Dialog::on_mail(Reply reply) {
  if (reply.positive()) return;
  mail_refused_ = true;
  commands_.clear();  // what is not sent yet need not be
  for (Answer& answer : answers_) answer = {Stage::Mail, reply};
}

void Dialog::on_rcpt(std::size_t recipient, Reply reply) {
  if (mail_refused_) return;  // 503 only repeats that MAIL was refused
  if (reply.positive()) {
    accepted_.push_back(recipient);
    return;
  }
  answers_[recipient] = {Stage::Rcpt, std::move(reply)};
}

void Dialog::on_data(Reply reply) {
  if (reply.code == 354) {
    if (!accepted_.empty()) {
      body_due_ = true;
      return;
    }
    // RFC 2920 §3.1: the server took DATA though no recipient was accepted; end the message at once and ignore its reply.
    output_ = ".\r\n";
    if (lmtp_) in_step_ = false;  // RFC 2033 §4.2 gives no reply for no recipient: there is nothing to wait for
    else expected_.push_back({About::LoneDot, 0});
    return;
  }
  if (reply.positive() || reply.intermediate()) in_step_ = false;  // an answer that DATA does not have
  for (const std::size_t i : accepted_) answers_[i] = {Stage::Data, reply};
}

void Dialog::body_sent() {
  body_due_ = false;
  dot_sent_ = true;
  if (!lmtp_) {
    expected_.push_back({About::Final, 0});
    return;
  }
  for (const std::size_t i : accepted_) expected_.push_back({About::Final, i});  // RFC 2033 §4.2
}

void Dialog::on_final(std::size_t recipient, Reply reply) {
  if (lmtp_) {
    answers_[recipient] = {Stage::Final, std::move(reply)};
    return;
  }
  for (const std::size_t i : accepted_) answers_[i] = {Stage::Final, reply};
}

void Dialog::end_all(Stage stage, const Reply& reply) {
  for (Answer& answer : answers_) {
    if (!answer.reply) answer = {stage, reply};
  }
  commands_.clear();
  expected_.clear();
  output_.clear();
  body_due_ = false;
  finished_ = true;
}

// After each reply: go on with the next group, or end when nothing is left to send or to hear.
void Dialog::settle() {
  if (!expected_.empty() || body_due_) return;
  if (!output_.empty()) {
    if (lmtp_) finished_ = true;
    return;
  }
  const bool only_data_left = commands_.size() == 1 && accepted_.empty() && !mail_refused_;
  if (only_data_left) commands_.clear();  // nobody to send it to: DATA would be wrong
  if (commands_.empty()) {
    finished_ = true;
    return;
  }
  fill_output();
}

}  // namespace hearthmail::smtp
