// Framer: cuts a client's byte stream into whole commands: a line, plus any {n} literals that it announces. Knows nothing
// of sockets and of two verbs only: the message of APPEND and REPLACE is handed out in pieces instead of being
// collected. Every size limit of incoming commands is here. Any split of the input gives the same events (pieces of
// AppendData aside).
//
//   feed(octets); then call next() until it says NeedInput.
//
// Lines end with CRLF; a bare LF is taken too. Not thread-safe; the session owns it. RFC 9051 §2.2.1, §4.3; RFC 3502;
// RFC 7888.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearthmail::receiver::imap {

constexpr std::size_t kMaxLineBeforeLogin = 8 * 1024;  // octets incl. CRLF, limits.md
constexpr std::size_t kMaxLineAfterLogin = 64 * 1024;  // octets incl. CRLF, limits.md
constexpr std::size_t kMaxLiteral = 128 * 1024;        // octets, other than APPEND's message, limits.md
constexpr std::size_t kMaxCommand = 1024 * 1024;       // octets of all lines and literals, without APPEND's messages
constexpr std::size_t kMaxCommandBeforeLogin = 32 * 1024;  // the same while anybody may send it: LOGIN is short
constexpr std::size_t kMaxNonSyncLiteral = 4096;           // octets, LITERAL-, RFC 7888 §5
constexpr std::size_t kMaxContinuation = 12'288;    // octets of one SASL response line, RFC 4954 §4 as a measure
constexpr std::uint64_t kMaxSwallow = 1024 * 1024;  // octets of a refused command that are read and dropped

struct FramerLimits {
  std::size_t line = kMaxLineBeforeLogin;
  std::size_t literal = kMaxLineBeforeLogin;
  std::size_t command = kMaxCommandBeforeLogin;
  std::uint64_t append = 0;                            // octets of one message; 0: none is accepted
  std::uint64_t non_sync = kMaxNonSyncLiteral;         // raise it to `literal` to offer LITERAL+
  std::uint64_t append_non_sync = kMaxNonSyncLiteral;  // raise it to `append` to offer LITERAL+

  static FramerLimits before_login() { return {}; }
  static FramerLimits after_login(std::uint64_t max_message_octets) {
    return {kMaxLineAfterLogin, kMaxLiteral, kMaxCommand, max_message_octets, kMaxNonSyncLiteral, kMaxNonSyncLiteral};
  }
};

// What next() found. `text` is valid until the next call of feed() or of any next.
struct FramerEvent {
  enum class Kind : std::uint8_t {
    NeedInput,      // nothing complete: feed more
    Continue,       // send a "+ " line now: the client waits for it before it sends a literal
    Command,        // text: one whole command without its last CRLF; literals stand in it as "{n}" CRLF octets
    Line,           // next_line() only; text: one line without its CRLF
    AppendLiteral,  // text: the APPEND command up to this literal (of a second message: from the end of the literal
                    // before it); octets, synchronising. Answer with accept_append() or refuse_append() before next()
    AppendData,     // text: 1 or more octets of the message that was accepted
    AppendEnd,      // text: what followed the last message on its line; empty in a correct command
    TooBig,         // a limit was passed; the command has been read and dropped. text: what, for the client
    Bad,      // the command is malformed beyond parsing (a literal8 that is no message) and has been dropped. text: why
    Refused,  // the end of an APPEND that refuse_append() dropped: answer the command now
    Fatal,    // too absurd to read past: send BYE with text and close
  };
  Kind kind = Kind::NeedInput;
  std::string_view text;
  std::string_view tag;        // TooBig, Bad, Refused: the tag to answer with, "*" when there is none
  std::uint64_t octets = 0;    // AppendLiteral: size of the message
  bool synchronising = false;  // AppendLiteral: accept_append() must be followed by sending "+ "
  bool append = false;         // TooBig: it was a message (NO [TOOBIG], RFC 9051 §7.1), otherwise BAD [TOOBIG]
  bool literal8 = false;       // AppendLiteral: "~{5}", which may hold NUL (RFC 3516 §4.4)
};

class Framer {
 public:
  explicit Framer(FramerLimits limits = FramerLimits::before_login()) : limits_(limits) {}

  // From now on; a command that is being read keeps its progress.
  void set_limits(FramerLimits limits) { limits_ = limits; }
  void feed(std::string_view octets);
  FramerEvent next();
  // One bare line whatever it contains: a SASL response after AUTHENTICATE, DONE after IDLE. Only between commands.
  // Gives NeedInput, Line or TooBig; the literal that a too long line announces is dropped with it.
  FramerEvent next_line();

  // The message that AppendLiteral announced: take it (data events follow), or drop the whole command: a synchronising
  // literal then never comes, another one is swallowed. Refused follows. refuse_append() may also be called later, up to
  // AppendEnd (the spool failed): the rest is swallowed.
  void accept_append();
  void refuse_append();

  // The last Line was no answer to what was asked: a literal that it announces is dropped with what follows it, and a Bad
  // event tells so. Without one nothing happens.
  void refuse_line();

  // STARTTLS: forgets what was received, so that nothing sent in clear is executed inside TLS (RFC 9051 §6.2.1).
  void discard_input();
  bool idle() const;  // between commands with nothing buffered

 private:
  // Line, Literal: collecting. Decide: waits for accept_append() or refuse_append(). Message: handing one out.
  // SwallowLine, SwallowLiteral: dropping a rejected command. Rejected: it is dropped, the event is due. Dead: Fatal.
  enum class State : std::uint8_t { Line, Literal, Decide, Message, SwallowLine, SwallowLiteral, Rejected, Dead };
  struct Announced {
    bool found = false;
    bool literal8 = false;
    bool synchronising = false;
    bool overflow = false;  // the number does not fit into 64 bits
    std::uint64_t octets = 0;
    std::size_t at = 0;  // where "{" or "~{" stands in the line
  };
  // A line that was cut, without its line end; `too_long` when there is none in the first `limit` octets.
  struct Cut {
    bool found = false;
    bool too_long = false;
    std::string_view line;
    std::size_t octets = 0;  // with the line end
  };
  using Step = std::optional<FramerEvent>;  // nothing: go on

  static Announced find_literal(std::string_view line);
  std::string_view available() const { return std::string_view(input_).substr(at_); }
  Cut cut_line(std::size_t limit);
  void consume(std::size_t octets);
  void begin_command();
  void remember_tag(std::string_view text);
  bool announces_message(std::string_view before);
  bool announces_url(std::string_view before);
  Step step();
  Step step_line();
  Step on_line_end(std::string_view line);
  Step on_literal(const Announced& literal, std::string_view line);
  Step on_message(const Announced& literal, std::string_view line);
  Step step_literal();
  Step step_message();
  Step step_swallow_line();
  Step step_swallow_literal();
  Step rejected();
  void reject(FramerEvent::Kind why, std::string text, bool append);
  void reject_literal(FramerEvent::Kind why, std::string text, bool append, const Announced& literal);
  void swallow_literal(std::uint64_t octets);
  void die(std::string text);

  FramerLimits limits_;
  State state_ = State::Line;
  std::string input_;
  std::size_t at_ = 0;       // consumed octets of input_
  std::size_t scanned_ = 0;  // octets from at_ on that hold no LF
  std::string command_;      // collected so far
  std::string out_;          // keeps the text of the last event
  std::string tag_ = "*";
  std::size_t line_octets_ = 0;  // of all lines of this command
  bool append_verb_ = false;     // its first line begins with "tag APPEND " or "tag [UID ]REPLACE "
  bool catenate_ = false;        // "CATENATE (" stood on a line of this command
  bool in_append_ = false;       // a message of this APPEND was accepted
  std::uint64_t left_ = 0;       // octets of the current literal still to come
  bool sync_ = false;            // the literal in Decide is synchronising
  std::uint64_t swallowed_ = 0;
  std::string tail_;  // last octets of the line that is being swallowed
  FramerEvent::Kind why_ = FramerEvent::Kind::Bad;
  std::string why_text_;
  bool why_append_ = false;
};

}  // namespace hearthmail::receiver::imap
