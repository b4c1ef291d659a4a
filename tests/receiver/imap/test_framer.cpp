#include <algorithm>
#include <string>
#include <vector>

#include "receiver/imap/framer.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::receiver::imap;
using Kind = FramerEvent::Kind;

namespace {

// Feeds pieces and writes down what the framer says, one line per event; pieces of AppendData are merged.
class Transcript {
 public:
  explicit Transcript(FramerLimits limits) : framer_(limits) {}

  void feed(std::string_view piece) {
    framer_.feed(piece);
    while (!dead_) {
      const FramerEvent event = lines_ ? framer_.next_line() : framer_.next();
      if (event.kind == Kind::NeedInput) return;
      note(event);
      dead_ = event.kind == Kind::Fatal;
    }
  }
  void refuse_from(unsigned message) { refuse_from_ = message; }
  void read_lines() { lines_ = true; }
  const std::string& text() const { return text_; }
  const Framer& framer() const { return framer_; }

 private:
  void note(const FramerEvent& event) {
    if (event.kind == Kind::AppendData) {
      if (!in_data_) text_ += "data ";
      in_data_ = true;
      text_ += event.text;
      return;
    }
    if (in_data_) text_ += '\n';
    in_data_ = false;
    switch (event.kind) {
      case Kind::NeedInput:
      case Kind::AppendData: break;
      case Kind::Continue: text_ += "continue\n"; break;
      case Kind::Command: text_ += "command <" + std::string(event.text) + ">\n"; break;
      case Kind::Line: text_ += "line <" + std::string(event.text) + ">\n"; break;
      case Kind::AppendLiteral:
        text_ += "append <" + std::string(event.text) + "> " + std::to_string(event.octets) +
                 (event.synchronising ? " sync\n" : "\n");
        if (message_++ >= refuse_from_) {
          framer_.refuse_append();
        } else {
          framer_.accept_append();
        }
        break;
      case Kind::AppendEnd: text_ += "end <" + std::string(event.text) + ">\n"; break;
      case Kind::TooBig:
        text_ += std::string(event.append ? "message " : "") + "toobig " + std::string(event.tag) + ' ' +
                 std::string(event.text) + '\n';
        break;
      case Kind::Bad: text_ += "bad " + std::string(event.tag) + ' ' + std::string(event.text) + '\n'; break;
      case Kind::Refused: text_ += "refused " + std::string(event.tag) + '\n'; break;
      case Kind::Fatal: text_ += "fatal " + std::string(event.text) + '\n'; break;
    }
  }

  Framer framer_;
  std::string text_;
  bool in_data_ = false;
  bool lines_ = false;
  bool dead_ = false;  // as a session that has closed
  unsigned message_ = 0;
  unsigned refuse_from_ = ~0U;
};

constexpr unsigned kAcceptAll = ~0U;

FramerLimits small_limits() {
  FramerLimits limits;
  limits.line = 60;
  limits.literal = 30;
  limits.command = 100;
  limits.append = 50;
  limits.non_sync = 20;
  limits.append_non_sync = 40;
  return limits;
}

std::string run(const std::vector<std::string_view>& pieces, FramerLimits limits, unsigned refuse_from) {
  Transcript transcript(limits);
  transcript.refuse_from(refuse_from);
  for (const std::string_view piece : pieces) transcript.feed(piece);
  return transcript.text();
}

// The transcript of the whole input, after checking that every way to split it gives the same.
std::string frame(std::string_view input, FramerLimits limits = small_limits(), unsigned refuse_from = kAcceptAll) {
  const std::string whole = run({input}, limits, refuse_from);
  for (std::size_t at = 0; at <= input.size(); ++at) {
    const std::string split = run({input.substr(0, at), input.substr(at)}, limits, refuse_from);
    if (split != whole) return "split at " + std::to_string(at) + " gives " + split;
  }
  for (const std::size_t step : {1U, 2U, 3U, 7U}) {
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < input.size(); at += step) pieces.push_back(input.substr(at, step));
    const std::string stepped = run(pieces, limits, refuse_from);
    if (stepped != whole) return "steps of " + std::to_string(step) + " give " + stepped;
  }
  return whole;
}

}  // namespace

TEST_CASE("a line is a command; CRLF and bare LF end it", "[framer]") {
  CHECK(frame("a NOOP\r\nb CAPABILITY\nc LOGOUT\r\n") ==
        "command <a NOOP>\ncommand <b CAPABILITY>\ncommand <c LOGOUT>\n");
  CHECK(frame("\r\n\r\n") == "command <>\ncommand <>\n");
  CHECK(frame("a NOOP").empty());
  CHECK(frame("a\rb\r\n") == "command <a\rb>\n");
}

TEST_CASE("synchronising literals are invited, others are read on, RFC 7888", "[framer]") {
  CHECK(frame("a LOGIN {3}\r\nfoo {4}\r\nb\r\nr\r\n") ==
        "continue\ncontinue\ncommand <a LOGIN {3}\r\nfoo {4}\r\nb\r\nr>\n");
  CHECK(frame("a LOGIN {3+}\r\nfoo {0+}\r\n\r\nb NOOP\r\n") ==
        "command <a LOGIN {3+}\r\nfoo {0+}\r\n>\ncommand <b NOOP>\n");
  // A literal after a bare LF reaches the grammar with CRLF.
  CHECK(frame("a LOGIN {3+}\nfoo bar\n") == "command <a LOGIN {3+}\r\nfoo bar>\n");
}

TEST_CASE("what only looks like a literal is not one", "[framer]") {
  CHECK(frame("a X \"{3}\"\r\n") == "command <a X \"{3}\">\n");
  CHECK(frame("a X {}\r\n") == "command <a X {}>\n");
  CHECK(frame("a X {+}\r\n") == "command <a X {+}>\n");
  CHECK(frame("a X {3-}\r\n") == "command <a X {3-}>\n");
  CHECK(frame("a X {3} \r\n") == "command <a X {3} >\n");
  CHECK(frame("a X 3}\r\n") == "command <a X 3}>\n");
}

TEST_CASE("octets of a literal never run as commands", "[framer]") {
  CHECK(frame("a X {13+}\r\nb DELETE x\r\n\r\n\r\n") == "command <a X {13+}\r\nb DELETE x\r\n\r>\ncommand <>\n");
  // Too big without being asked for: swallowed with the rest of its line.
  const std::string evil(25, 'x');
  CHECK(frame("a X {25+}\r\n" + evil + " more\r\nb NOOP\r\n") ==
        "toobig a Literal longer than 20 octets\ncommand <b NOOP>\n");
  CHECK(frame("a X {25+}\r\n" + evil + " {5+}\r\nhello {3}\r\nb NOOP\r\n") ==
        "toobig a Literal longer than 20 octets\ncommand <b NOOP>\n");
  CHECK(frame("a X {25+}\r\n" + evil + " {5+}\r\nhello\r\nb NOOP\r\n") ==
        "toobig a Literal longer than 20 octets\ncommand <b NOOP>\n");
}

TEST_CASE("a synchronising literal that is too big is not invited", "[framer]") {
  CHECK(frame("a X {31}\r\nb NOOP\r\n") == "toobig a Literal longer than 30 octets\ncommand <b NOOP>\n");
  CHECK(frame("a X {99999999999999999999999999}\r\nb NOOP\r\n") ==
        "toobig a Literal longer than 30 octets\ncommand <b NOOP>\n");
  CHECK(frame("a X {30}\r\n" + std::string(30, 'y') + "\r\n") ==
        "continue\ncommand <a X {30}\r\n" + std::string(30, 'y') + ">\n");
}

TEST_CASE("a literal beyond all reason ends the connection", "[framer]") {
  CHECK(frame("a X {1048577+}\r\nb NOOP\r\n") == "fatal Literal too big\n");
  CHECK(frame("a X {99999999999999999999999999+}\r\nb NOOP\r\n") == "fatal Literal too big\n");
  CHECK(frame("a X {" + std::string(100, '9') + "+}\r\nb NOOP\r\n") == "fatal Literal too big\n");
}

TEST_CASE("lines over the limit are dropped with the literals they announce", "[framer]") {
  const std::string longest = "a " + std::string(56, 'x');  // 60 octets with CRLF
  CHECK(frame(longest + "\r\n") == "command <" + longest + ">\n");
  CHECK(frame(longest + "y\r\nb NOOP\r\n") == "toobig a Command line longer than 60 octets\ncommand <b NOOP>\n");
  CHECK(frame(longest + "yyy {8+}\r\nc NOOP\r\n\r\nb NOOP\r\n") ==
        "toobig a Command line longer than 60 octets\ncommand <b NOOP>\n");
  CHECK(frame(longest + "yyy {8}\r\nb NOOP\r\n") == "toobig a Command line longer than 60 octets\ncommand <b NOOP>\n");
  CHECK(frame(std::string(70, 'x') + "\r\n") == "toobig * Command line longer than 60 octets\n");
}

TEST_CASE("the sum of lines and literals has a limit", "[framer]") {
  const std::string literal = " {20+}\r\n" + std::string(20, 'z');
  CHECK(frame("a X" + literal + literal + literal + literal + "\r\nb NOOP\r\n") ==
        "toobig a Command longer than 100 octets\ncommand <b NOOP>\n");
}

TEST_CASE("REPLACE's message is handed out like APPEND's, RFC 8508 3", "[framer]") {
  for (const auto* verb : {"REPLACE 4 Drafts", "uid replace 4 Drafts", "UID REPLACE 4 Drafts (\\Seen)"}) {
    const std::string command = std::string("a ") + verb + " {3+}\r\nabc\r\nb NOOP\r\n";
    const std::string events = frame(command);
    CHECK(events.find("command <a") == std::string::npos);
    CHECK(events.substr(events.size() - 17) == "command <b NOOP>\n");
  }
  // A literal where the mailbox belongs is none of a message.
  CHECK(frame("a REPLACE 4 {3+}\r\nabc\r\n").find("command <a REPLACE 4 {3+}") != std::string::npos);
  CHECK(frame("a REPLACED 4 x {3+}\r\nabc\r\n").find("command <a REPLACED") != std::string::npos);
}

TEST_CASE("a literal8 that is no message is refused without losing the place", "[framer]") {
  CHECK(frame("a X ~{3}\r\nb NOOP\r\n") == "bad a literal8 (~{) is for messages only\ncommand <b NOOP>\n");
  CHECK(frame("a X ~{8+}\r\nc NOOP\r\n\r\nb NOOP\r\n") ==
        "bad a literal8 (~{) is for messages only\ncommand <b NOOP>\n");
}

TEST_CASE("APPEND hands its message out, RFC 9051 6.3.12", "[framer]") {
  CHECK(frame("a APPEND INBOX (\\Seen) {5}\r\nhello\r\nb NOOP\r\n") ==
        "append <a APPEND INBOX (\\Seen) > 5 sync\ndata hello\nend <>\ncommand <b NOOP>\n");
  CHECK(frame("a append Sent {6+}\r\na\r\nb\r\n\r\n") == "append <a append Sent > 6\ndata a\r\nb\r\n\nend <>\n");
  // The mailbox name may be a literal: it is collected, the message is not.
  CHECK(frame("a APPEND {5}\r\nINBOX {2}\r\nhi\r\n") ==
        "continue\nappend <a APPEND {5}\r\nINBOX > 2 sync\ndata hi\nend <>\n");
  CHECK(frame("a APPEND INBOX {0}\r\n\r\n") == "append <a APPEND INBOX > 0 sync\nend <>\n");
  CHECK(frame("a APPEND INBOX\r\n") == "command <a APPEND INBOX>\n");
  CHECK(frame("a APPENDIX {2+}\r\nhi\r\n") == "command <a APPENDIX {2+}\r\nhi>\n");
}

TEST_CASE("several messages in one APPEND, RFC 3502", "[framer]") {
  CHECK(frame("a APPEND INBOX {2}\r\nhi (\\Flagged) {3+}\r\nyou trailing\r\n") ==
        "append <a APPEND INBOX > 2 sync\ndata hi\nappend < (\\Flagged) > 3\ndata you\nend < trailing>\n");
}

TEST_CASE("a refused APPEND is dropped whole", "[framer]") {
  CHECK(frame("a APPEND no {2}\r\nb NOOP\r\n", small_limits(), 0) ==
        "append <a APPEND no > 2 sync\nrefused a\ncommand <b NOOP>\n");
  CHECK(frame("a APPEND no {8+}\r\nc NOOP\r\n {8+}\r\nd NOOP\r\n\r\nb NOOP\r\n", small_limits(), 0) ==
        "append <a APPEND no > 8\nrefused a\ncommand <b NOOP>\n");
  CHECK(frame("a APPEND x {2+}\r\nhi {8+}\r\nd NOOP\r\n\r\nb NOOP\r\n", small_limits(), 1) ==
        "append <a APPEND x > 2\ndata hi\nappend < > 8\nrefused a\ncommand <b NOOP>\n");
}

TEST_CASE("a message over the limit is refused before it is invited, RFC 7889", "[framer]") {
  CHECK(frame("a APPEND x {51}\r\nb NOOP\r\n") == "message toobig a Message longer than 50 octets\ncommand <b NOOP>\n");
  CHECK(frame("a APPEND x {41+}\r\n" + std::string(41, 'm') + "\r\nb NOOP\r\n") ==
        "message toobig a Message longer than 40 octets\ncommand <b NOOP>\n");
  CHECK(frame("a APPEND x {2+}\r\nhi {51}\r\nb NOOP\r\n") ==
        "append <a APPEND x > 2\ndata hi\nmessage toobig a Message longer than 50 octets\ncommand <b NOOP>\n");
}

TEST_CASE("a spool that fails in the middle of a message drops the rest", "[framer]") {
  Framer framer(small_limits());
  framer.feed("a APPEND x {10}\r\n");
  REQUIRE(framer.next().kind == Kind::AppendLiteral);
  framer.accept_append();
  framer.feed("01234");
  CHECK(framer.next().text == "01234");
  framer.refuse_append();
  CHECK(framer.next().kind == Kind::NeedInput);
  framer.feed("56789 (\\Seen) {8+}\r\nc NOOP\r\n\r\nb NOOP\r\n");
  const FramerEvent refused = framer.next();
  CHECK(refused.kind == Kind::Refused);
  CHECK(refused.tag == "a");
  CHECK(framer.next().text == "b NOOP");
}

TEST_CASE("bare lines for AUTHENTICATE and IDLE", "[framer]") {
  const std::string input = "AGFkYQ==\r\nDONE\r\n{5+}\r\n\r\n";
  for (const std::size_t step : {1U, 3U, 4096U}) {
    Transcript transcript(small_limits());
    transcript.read_lines();
    for (std::size_t at = 0; at < input.size(); at += step) transcript.feed(std::string_view(input).substr(at, step));
    CHECK(transcript.text() == "line <AGFkYQ==>\nline <DONE>\nline <{5+}>\nline <>\n");
  }
  Transcript too_long(small_limits());
  too_long.read_lines();
  too_long.feed(std::string(kMaxContinuation, 'x') + "{5+}\r\nDONE\r\n\r\n");
  CHECK(too_long.text() == "toobig * Line longer than 12288 octets\nline <>\n");  // "DONE\r" was its literal
}

TEST_CASE("a line that never ends is cut off", "[framer]") {
  Transcript transcript(FramerLimits::before_login());
  const std::string piece(10'000, 'x');
  for (std::size_t fed = 0; fed < kMaxSwallow; fed += piece.size()) transcript.feed(piece);
  transcript.feed(piece);
  CHECK(transcript.text() == "fatal Command too long\n");
}

TEST_CASE("the limits are those that were agreed", "[framer][limits]") {
  CHECK(kMaxLineBeforeLogin == 8192);
  CHECK(kMaxLineAfterLogin == 65536);
  CHECK(kMaxLiteral == 131072);
  CHECK(kMaxCommand == 1048576);
  CHECK(kMaxNonSyncLiteral == 4096);
  const auto after = FramerLimits::after_login(50 * 1024 * 1024);
  const std::string line = "a " + std::string(kMaxLineAfterLogin - 4, 'x') + "\r\n";
  CHECK(run({line}, after, kAcceptAll).substr(0, 8) == "command ");
  CHECK(run({"a x" + line}, after, kAcceptAll) == "toobig a Command line longer than 65536 octets\n");
  CHECK(run({line}, FramerLimits::before_login(), kAcceptAll) == "toobig a Command line longer than 8192 octets\n");
  CHECK(run({"a X {131072}\r\n"}, after, kAcceptAll) == "continue\n");
  CHECK(run({"a X {131073}\r\n"}, after, kAcceptAll) == "toobig a Literal longer than 131072 octets\n");
  CHECK(run({"a X {4097+}\r\n" + std::string(4097, 'x') + "\r\n"}, after, kAcceptAll) ==
        "toobig a Literal longer than 4096 octets\n");
  CHECK(run({"a APPEND x {52428800}\r\n"}, after, kAcceptAll) == "append <a APPEND x > 52428800 sync\n");
  CHECK(run({"a APPEND x {52428801}\r\n"}, after, kAcceptAll) ==
        "message toobig a Message longer than 52428800 octets\n");
  CHECK(run({"a APPEND x {1}\r\n"}, FramerLimits::before_login(), kAcceptAll) ==
        "message toobig a Message longer than 0 octets\n");
}

TEST_CASE("STARTTLS forgets what was sent in clear", "[framer]") {
  Framer framer;
  framer.feed("a STARTTLS\r\nb LOGIN x y\r\n");
  CHECK(framer.next().text == "a STARTTLS");
  CHECK_FALSE(framer.idle());
  framer.discard_input();
  CHECK(framer.idle());
  CHECK(framer.next().kind == Kind::NeedInput);
  framer.feed("c NOOP\r\n");
  CHECK(framer.next().text == "c NOOP");
}

TEST_CASE("many small literals cost no more than their octets", "[framer]") {
  std::string input = "a X";
  for (unsigned i = 0; i < 100'000; ++i) input += " {0+}\r\n";
  input += "\r\n";
  Transcript transcript(FramerLimits::after_login(1));
  transcript.feed(input);
  CHECK(transcript.text().substr(0, 14) == "command <a X {");
}
