// From the octets of DATA or BDAT to the octets of the message. Pure; any split of the input gives the same result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearthmail::smtp {

// Undoes the transparency of DATA, RFC 5321 §4.5.2, and finds its end. The end is CRLF "." CRLF only (the first line
// counts as following a CRLF): LF "." LF, CRLF "." LF, CR "." CR and their like are text, so that never two messages come
// out of one (SMTP smuggling). A dot is taken away only at the start of a line that follows CRLF.
class DataReader {
 public:
  // Decodes from the front of `in`, appending to `out`, until the end of the message. Returns how many octets were used:
  // all of them unless done(). What follows belongs to the next command.
  std::size_t feed(std::string_view in, std::string& out);
  bool done() const { return state_ == State::Done; }

 private:
  enum class State { LineStart, Dot, DotCr, Text, Cr, Done };
  void step(char c, std::string& out);
  State state_ = State::LineStart;
};

// What happens to a CR or LF that stands alone.
enum class LineEndings {
  Strict,     // port 25: the message is refused (RFC 5321 §2.3.8: they must not be sent)
  Normalise,  // submission: a bare LF becomes CRLF, as scripts write it; a bare CR is refused
  Keep,       // LMTP: as it came; that peer is our own relay
};

enum class Flaw { None, BareCr, BareLf, Nul, TooBig };

// Holds the rules on a message's octets: line endings, size, NUL. NUL is refused on every port: RFC 5321 §4.5.2 has no use
// for it, no IMAP literal can carry it (RFC 9051 §9, CHAR8), and so no stored message ever holds one. After the first flaw
// nothing more is put out; the octets are still counted, so that the peer's message is drained to its real end.
class MessageFilter {
 public:
  MessageFilter(LineEndings endings, std::uint64_t most_octets) : endings_(endings), most_(most_octets) {}
  void feed(std::string_view in, std::string& out);
  void finish();  // the message has ended: a last CR alone is a flaw too
  Flaw flaw() const { return flaw_; }
  std::uint64_t octets() const { return octets_; }  // put out
  std::uint64_t seen() const { return seen_; }      // taken in

 private:
  void fail(Flaw flaw);
  void special(char c, std::string& out);
  LineEndings endings_;
  std::uint64_t most_;
  std::uint64_t octets_ = 0;
  std::uint64_t seen_ = 0;
  bool cr_ = false;  // the last octet was CR
  Flaw flaw_ = Flaw::None;
};

}  // namespace hearthmail::smtp
