#include "common/smtp/data_reader.hpp"

#include <algorithm>

namespace hearthmail::smtp {

namespace {

// Up to where step() would only copy: a CR at which something may begin, or the end.
std::size_t end_of_text(std::string_view in, std::size_t at) {
  for (;;) {
    at = in.find('\r', at);
    if (at == std::string_view::npos) return in.size();
    if (at + 2 >= in.size() || in[at + 1] != '\n' || in[at + 2] == '.') return at;
    at += 2;
  }
}

bool is_special(char c) { return c == '\r' || c == '\n' || c == '\0'; }

// How many octets at the front are whole lines that end with CRLF and hold nothing special: most of all mail.
std::size_t whole_lines(std::string_view in) {
  std::size_t end = 0;
  for (;;) {
    const auto lf = in.find('\n', end);
    if (lf == std::string_view::npos || lf == end) return end;
    const std::string_view line = in.substr(end, lf - end);
    if (line.find('\r') != line.size() - 1 || line.find('\0') != std::string_view::npos) return end;
    end = lf + 1;
  }
}

}  // namespace

std::size_t DataReader::feed(std::string_view in, std::string& out) {
  std::size_t at = 0;
  while (at < in.size() && state_ != State::Done) {
    if (state_ == State::Text) {  // the common case: many lines in one go
      const auto end = end_of_text(in, at);
      out.append(in, at, end - at);
      at = end;
      if (at == in.size()) break;
    }
    step(in[at], out);
    ++at;
  }
  return at;
}

void DataReader::step(char c, std::string& out) {
  switch (state_) {
    case State::LineStart:
      if (c == '.') {
        state_ = State::Dot;
        return;
      }
      break;
    case State::Dot:
      if (c == '\r') {
        state_ = State::DotCr;
        return;
      }
      break;  // the dot was stuffed: it is gone
    case State::DotCr:
      if (c == '\n') {
        state_ = State::Done;
        return;
      }
      out += '\r';
      break;
    case State::Cr:
      if (c == '\n') {
        out += c;
        state_ = State::LineStart;
        return;
      }
      break;
    case State::Text:
    case State::Done: break;
  }
  out += c;
  state_ = c == '\r' ? State::Cr : State::Text;
}

void MessageFilter::feed(std::string_view in, std::string& out) {
  seen_ += in.size();
  std::size_t at = 0;
  while (at < in.size() && flaw_ == Flaw::None) {
    if (cr_ || is_special(in[at])) {
      special(in[at], out);
      ++at;
      continue;
    }
    auto end = at + whole_lines(in.substr(at));
    if (end == at) {
      while (end < in.size() && !is_special(in[end])) ++end;
    }
    if (octets_ + (end - at) > most_) {
      fail(Flaw::TooBig);
      return;
    }
    out.append(in, at, end - at);
    octets_ += end - at;
    at = end;
  }
}

// One octet that is CR, LF or NUL, or that follows a CR.
void MessageFilter::special(char c, std::string& out) {
  const bool after_cr = cr_;
  cr_ = c == '\r';
  if (c == '\0') return fail(Flaw::Nul);
  if (after_cr && c != '\n' && endings_ != LineEndings::Keep) return fail(Flaw::BareCr);
  if (c == '\n' && !after_cr) {
    if (endings_ == LineEndings::Strict) return fail(Flaw::BareLf);
    if (endings_ == LineEndings::Normalise) {
      out += '\r';
      ++octets_;
    }
  }
  out += c;
  if (++octets_ > most_) fail(Flaw::TooBig);
}

void MessageFilter::finish() {
  if (cr_ && endings_ != LineEndings::Keep) fail(Flaw::BareCr);
}

void MessageFilter::fail(Flaw flaw) {
  if (flaw_ == Flaw::None) flaw_ = flaw;
}

}  // namespace hearthmail::smtp
