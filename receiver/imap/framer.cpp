#include "receiver/imap/framer.hpp"

#include <algorithm>
#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap {

namespace {

constexpr std::size_t kMaxTag = 1024;   // octets; a longer one is not repeated in an answer
constexpr std::size_t kKeptTail = 64;   // octets of a swallowed line: enough for "{18446744073709551615+}"
constexpr std::size_t kMaxDigits = 20;  // of a 64-bit number
constexpr std::size_t kCompactAt = 64 * 1024;

using Kind = FramerEvent::Kind;

bool is_tag_char(char c) {
  return c > ' ' && c < '\x7f' && std::string_view("(){%*\"\\+").find(c) == std::string_view::npos;
}

std::string_view skip_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

std::string more_than(std::string_view what, std::uint64_t limit) {
  return std::string(what) + " longer than " + std::to_string(limit) + " octets";
}

}  // namespace

void Framer::feed(std::string_view octets) {
  if (at_ == input_.size()) {
    input_.clear();
    at_ = 0;
  } else if (at_ >= kCompactAt) {
    input_.erase(0, at_);
    at_ = 0;
  }
  input_ += octets;
}

FramerEvent Framer::next() {
  for (;;) {
    Step event = step();
    if (event.has_value()) return *event;
  }
}

Framer::Step Framer::step() {
  switch (state_) {
    case State::Line: return step_line();
    case State::Literal: return step_literal();
    case State::Decide: return FramerEvent{};  // the session has to answer first
    case State::Message: return step_message();
    case State::SwallowLine: return step_swallow_line();
    case State::SwallowLiteral: return step_swallow_literal();
    case State::Rejected: return rejected();
    case State::Dead: break;
  }
  return FramerEvent{Kind::Fatal, out_, tag_, 0, false, false, false};
}

FramerEvent Framer::next_line() {
  if (state_ == State::Line) {
    const Cut cut = cut_line(kMaxContinuation);
    if (!cut.found && !cut.too_long) return {};
    if (cut.found) {
      out_ = cut.line;
      consume(cut.octets);
      return FramerEvent{Kind::Line, out_, tag_, 0, false, false, false};
    }
    reject(Kind::TooBig, more_than("Line", kMaxContinuation), false);
    state_ = State::SwallowLine;
  }
  return next();
}

// `{n}` or `{n+}` at the very end of the line, RFC 7888 §3; with "~" before it a literal8, RFC 9051 §4.3.
Framer::Announced Framer::find_literal(std::string_view line) {
  Announced literal;
  if (line.empty() || line.back() != '}') return literal;
  line.remove_suffix(1);
  literal.synchronising = line.empty() || line.back() != '+';
  if (!literal.synchronising) line.remove_suffix(1);
  std::size_t begin = line.size();
  while (begin > 0 && base::is_digit(line[begin - 1])) --begin;
  const std::string_view digits = line.substr(begin);
  if (digits.empty()) return literal;
  if (begin == 0 || line[begin - 1] != '{') {
    // The front of a number that was longer than the kept tail.
    literal.found = literal.overflow = begin == 0 && digits.size() > kMaxDigits;
    return literal;
  }
  literal.found = true;
  literal.at = begin - 1;
  literal.literal8 = literal.at > 0 && line[literal.at - 1] == '~';
  if (literal.literal8) --literal.at;
  const auto octets = base::parse_u64(digits);
  literal.overflow = !octets.has_value();
  literal.octets = octets.value_or(0);
  return literal;
}

// The found line stays in the input: consume() its octets when the text is no longer needed.
Framer::Cut Framer::cut_line(std::size_t limit) {
  const std::string_view input = available();
  const std::size_t lf = input.substr(0, limit).find('\n', scanned_);
  if (lf == std::string_view::npos) {
    scanned_ = std::min(input.size(), limit);
    return {false, input.size() >= limit, {}, 0};
  }
  std::string_view line = input.substr(0, lf);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return {true, false, line, lf + 1};
}

void Framer::consume(std::size_t octets) {
  at_ += octets;
  scanned_ = 0;
}

void Framer::begin_command() {
  state_ = State::Line;
  command_.clear();
  tag_ = "*";
  line_octets_ = 0;
  append_verb_ = false;
  catenate_ = false;
  in_append_ = false;
  swallowed_ = 0;
  left_ = 0;
  tail_.clear();
}

void Framer::remember_tag(std::string_view text) {
  const std::string_view front = text.substr(0, kMaxTag);
  const std::size_t length = front.find(' ');
  if (length == std::string_view::npos || length == 0) return;
  const std::string_view tag = front.substr(0, length);
  if (std::all_of(tag.begin(), tag.end(), is_tag_char)) tag_ = tag;
}

// True when a literal behind `before` (what stands before it on its line) is an APPEND's message: the mailbox name, which
// may be a literal too, comes first.
bool Framer::announces_message(std::string_view before) {
  if (in_append_) return true;
  if (!command_.empty()) return append_verb_;
  const std::size_t tag = before.find(' ');
  if (tag == std::string_view::npos) return false;
  std::string_view command = skip_blanks(before.substr(tag));
  append_verb_ = true;
  if (base::istarts_with(command, "APPEND ")) return !skip_blanks(command.substr(7)).empty();
  if (base::istarts_with(command, "UID ")) command = skip_blanks(command.substr(4));
  append_verb_ = base::istarts_with(command, "REPLACE ");  // RFC 8508 §3: the message to be replaced comes first
  if (!append_verb_) return false;
  const std::string_view rest = skip_blanks(command.substr(8));
  return !skip_blanks(rest.substr(std::min(rest.find(' '), rest.size()))).empty();
}

// True when a literal behind `before` is an address inside APPEND's CATENATE, RFC 4469 §5: collected like any other.
bool Framer::announces_url(std::string_view before) {
  constexpr std::string_view kList = "CATENATE (";
  for (std::size_t at = before.find('('); !catenate_ && at != std::string_view::npos; at = before.find('(', at + 1)) {
    const std::string_view front = before.substr(0, at + 1);
    catenate_ = front.size() >= kList.size() && base::iequals(front.substr(front.size() - kList.size()), kList);
  }
  constexpr std::string_view kUrl = "URL ";
  if (!catenate_ || before.size() <= kUrl.size()) return false;
  const std::size_t at = before.size() - kUrl.size();
  return base::iequals(before.substr(at), kUrl) && (before[at - 1] == ' ' || before[at - 1] == '(');
}

Framer::Step Framer::step_line() {
  const Cut cut = cut_line(limits_.line);
  if (!cut.found && !cut.too_long) return FramerEvent{};
  const bool first = line_octets_ == 0;
  if (cut.too_long) {
    if (first) remember_tag(available());
    reject(Kind::TooBig, more_than("Command line", limits_.line), false);
    state_ = State::SwallowLine;
    return std::nullopt;
  }
  if (first) remember_tag(cut.line);
  line_octets_ += cut.line.size() + 1;
  const Announced literal = find_literal(cut.line);
  const bool command_too_long = line_octets_ > limits_.command || command_.size() + cut.line.size() > limits_.command;
  Step event;
  if (command_too_long) {
    reject_literal(Kind::TooBig, more_than("Command", limits_.command), false, literal);
  } else {
    event = literal.found ? on_literal(literal, cut.line) : on_line_end(cut.line);
  }
  consume(cut.octets);
  return event;
}

Framer::Step Framer::on_line_end(std::string_view line) {
  const Kind kind = in_append_ ? Kind::AppendEnd : Kind::Command;
  out_ = std::move(command_);
  out_ += line;
  begin_command();
  return FramerEvent{kind, out_, "*", 0, false, false, false};
}

Framer::Step Framer::on_literal(const Announced& literal, std::string_view line) {
  const std::string_view before = line.substr(0, literal.at);
  const bool append = announces_message(before);
  const bool message = append && !announces_url(before);
  if (literal.literal8 && !message) {
    reject_literal(Kind::Bad, "literal8 (~{) is for messages only", false, literal);  // RFC 3516 §4.4
    return std::nullopt;
  }
  if (message) return on_message(literal, line);
  const std::uint64_t most =
      literal.synchronising ? limits_.literal : std::min<std::uint64_t>(limits_.literal, limits_.non_sync);
  if (literal.overflow || literal.octets > most) {
    reject_literal(Kind::TooBig, more_than("Literal", most), false, literal);
    return std::nullopt;
  }
  if (command_.size() + line.size() + literal.octets > limits_.command) {
    reject_literal(Kind::TooBig, more_than("Command", limits_.command), false, literal);
    return std::nullopt;
  }
  command_ += line;
  command_ += "\r\n";
  left_ = literal.octets;
  state_ = State::Literal;
  if (!literal.synchronising) return std::nullopt;
  return FramerEvent{Kind::Continue, {}, tag_, literal.octets, true, false};
}

Framer::Step Framer::on_message(const Announced& literal, std::string_view line) {
  const std::uint64_t most = literal.synchronising ? limits_.append : std::min(limits_.append, limits_.append_non_sync);
  if (literal.overflow || literal.octets > most) {
    reject_literal(Kind::TooBig, more_than("Message", most), true, literal);
    return std::nullopt;
  }
  out_ = std::move(command_);
  out_ += line.substr(0, literal.at);
  command_.clear();
  left_ = literal.octets;
  sync_ = literal.synchronising;
  state_ = State::Decide;
  return FramerEvent{Kind::AppendLiteral, out_, tag_, literal.octets, sync_, true, literal.literal8};
}

void Framer::accept_append() {
  if (state_ != State::Decide) return;
  in_append_ = true;
  state_ = State::Message;
}

void Framer::refuse_append() {
  const State was = state_;
  if (was != State::Decide && was != State::Message && !in_append_) return;
  reject(Kind::Refused, {}, true);
  if (was == State::Decide && sync_) return;
  if (was == State::Line) {
    state_ = State::SwallowLine;
  } else {
    swallow_literal(left_);
  }
}

Framer::Step Framer::step_literal() {
  const std::string_view piece = available().substr(0, left_);
  command_ += piece;
  left_ -= piece.size();
  at_ += piece.size();
  if (left_ > 0) return FramerEvent{};
  state_ = State::Line;
  return std::nullopt;
}

Framer::Step Framer::step_message() {
  if (left_ == 0) {
    state_ = State::Line;
    return std::nullopt;
  }
  const std::string_view piece = available().substr(0, left_);
  if (piece.empty()) return FramerEvent{};
  left_ -= piece.size();
  at_ += piece.size();
  return FramerEvent{Kind::AppendData, piece, tag_, piece.size(), false, true, false};
}

Framer::Step Framer::step_swallow_line() {
  const std::string_view input = available();
  const std::size_t lf = input.find('\n');
  const bool whole = lf != std::string_view::npos;
  const std::string_view line = input.substr(0, lf);
  const std::size_t octets = whole ? lf + 1 : input.size();
  swallowed_ += octets;
  tail_ += line.substr(line.size() - std::min(line.size(), kKeptTail));
  if (tail_.size() > kKeptTail) tail_.erase(0, tail_.size() - kKeptTail);
  at_ += octets;
  scanned_ = 0;
  if (swallowed_ > kMaxSwallow) {
    die("Command too long");
    return std::nullopt;
  }
  if (!whole) return FramerEvent{};
  if (!tail_.empty() && tail_.back() == '\r') tail_.pop_back();
  const Announced literal = find_literal(tail_);
  tail_.clear();
  state_ = State::Rejected;
  if (!literal.found || literal.synchronising) return std::nullopt;
  if (literal.overflow) {
    die("Literal too big");
  } else {
    swallow_literal(literal.octets);
  }
  return std::nullopt;
}

Framer::Step Framer::step_swallow_literal() {
  const std::size_t octets = static_cast<std::size_t>(std::min<std::uint64_t>(left_, available().size()));
  left_ -= octets;
  at_ += octets;
  scanned_ = 0;
  if (left_ > 0) return FramerEvent{};
  state_ = State::SwallowLine;
  return std::nullopt;
}

Framer::Step Framer::rejected() {
  out_ = std::move(why_text_);
  // The tag is put behind the text so that both live as long as the event.
  const std::size_t text = out_.size();
  out_ += tag_;
  const std::string_view both = out_;
  const FramerEvent event{why_, both.substr(0, text), both.substr(text), 0, false, why_append_, false};
  begin_command();
  return event;
}

void Framer::reject(Kind why, std::string text, bool append) {
  why_ = why;
  why_text_ = std::move(text);
  why_append_ = append;
  state_ = State::Rejected;
  command_.clear();
  swallowed_ = 0;
}

// Rejects a command at the end of a line that announced `literal`. Its octets never run as commands (RFC 7888 §4): a
// client that did not ask sends them anyway, one that asks is not invited.
void Framer::reject_literal(Kind why, std::string text, bool append, const Announced& literal) {
  reject(why, std::move(text), append);
  if (!literal.found || literal.synchronising) return;
  if (literal.overflow) {
    die("Literal too big");
  } else {
    swallow_literal(literal.octets);
  }
}

void Framer::swallow_literal(std::uint64_t octets) {
  const std::uint64_t append = why_ == Kind::Refused ? limits_.append : 0;
  if (octets > std::max(kMaxSwallow, append) || swallowed_ > kMaxSwallow) {
    die("Literal too big");
    return;
  }
  if (why_ != Kind::Refused) swallowed_ += octets;
  left_ = octets;
  state_ = State::SwallowLiteral;
}

void Framer::die(std::string text) {
  out_ = std::move(text);
  state_ = State::Dead;
}

void Framer::refuse_line() {
  const Announced literal = find_literal(out_);
  if (state_ != State::Line || !literal.found || literal.synchronising) return;
  remember_tag(std::string(out_));
  reject_literal(Kind::Bad, "Dropped with its literal", false, literal);
}

void Framer::discard_input() {
  input_.clear();
  at_ = 0;
  scanned_ = 0;
  begin_command();
}

bool Framer::idle() const {
  return state_ == State::Line && command_.empty() && line_octets_ == 0 && !in_append_ && available().empty();
}

}  // namespace hearthmail::receiver::imap
