#include "common/smtp/data_reader.hpp"

#include <algorithm>

namespace hearthmail::smtp {

std::size_t DataReader::feed(std::string_view in, std::string& out) {
  std::size_t at = 0;
  while (at < in.size() && state_ != State::Done) {
    if (state_ == State::Text) {  // the common case: everything up to the next CR in one go
      const auto cr = std::min(in.find('\r', at), in.size());
      out.append(in, at, cr - at);
      at = cr;
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
  constexpr std::string_view kSpecial("\r\n\0", 3);
  seen_ += in.size();
  std::size_t at = 0;
  while (at < in.size() && flaw_ == Flaw::None) {
    if (cr_ || kSpecial.find(in[at]) != std::string_view::npos) {
      special(in[at], out);
      ++at;
      continue;
    }
    const auto end = std::min(in.find_first_of(kSpecial, at), in.size());
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
