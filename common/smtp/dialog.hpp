// The client's side of one mail transaction, without a socket: what to send next and what was answered to whom.
// SMTP (RFC 5321 §3.3), pipelined when the peer offers it (RFC 2920), and LMTP (RFC 2033).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/smtp/reply.hpp"

namespace hearthmail::smtp {

// What a peer's EHLO (or LHLO) reply offers.
struct Capabilities {
  bool esmtp = false;                 // EHLO was understood
  bool pipelining = false;            // RFC 2920
  bool eight_bit = false;             // 8BITMIME, RFC 6152
  bool smtputf8 = false;              // RFC 6531
  bool dsn = false;                   // RFC 3461
  bool chunking = false;              // RFC 3030
  bool starttls = false;              // RFC 3207
  bool enhanced_codes = false;        // RFC 2034
  bool size = false;                  // RFC 1870
  bool delivery_id = false;           // our own receiver's, parameters.hpp
  std::uint64_t max_octets = 0;       // of SIZE; 0: no fixed limit was told
  std::vector<std::string> auth;      // mechanism names in upper case, RFC 4954
  std::uint32_t mail_max = 0;         // RFC 9422: transactions per session; 0: not told
  std::uint32_t rcpt_max = 0;         // RFC 9422: recipients per transaction; 0: not told
  std::uint32_t rcpt_domain_max = 0;  // RFC 9422: domains per transaction; 0: not told
};
Capabilities parse_capabilities(const Reply& ehlo);

struct OutgoingRecipient {
  std::string address;   // forward-path without brackets
  std::string original;  // ORCPT as given ("rfc822;..."), or empty
  std::string notify;    // "NEVER", "SUCCESS,FAILURE", ..., or empty
};

struct OutgoingEnvelope {
  std::string reverse_path;  // without brackets; empty: the null reverse-path
  std::uint64_t octets = 0;  // of the message, for SIZE
  bool eight_bit = false;    // say BODY=8BITMIME when offered
  bool smtputf8 = false;     // say SMTPUTF8; the caller made sure that it is offered
  std::string envid;         // RFC 3461 §4.4, decoded, or empty
  std::string ret;           // "FULL", "HDRS", or empty
  std::string delivery_id;   // said by LMTP where it is offered; the same in every attempt; empty: none
  std::vector<OutgoingRecipient> recipients;
};

// Where in a session something happened.
enum class Stage { Connect, Tls, Greeting, Ehlo, StartTls, Auth, Mail, Rcpt, Data, Body, Final };
std::string_view name(Stage stage);  // for logs: "connect", "rcpt", ...

// What the peer said about one recipient. No reply: nothing was answered before the session ended.
struct Answer {
  Stage stage = Stage::Mail;
  std::optional<Reply> reply;
};

// One transaction. Loop: next() tells what to do; Write: send take_output(); Read: read one reply and pass it to answered();
// Body: send the message, then the final dot, then say body_sent(); Finished: answers() is complete.
// Commands go out in groups when the peer offers PIPELINING, RFC 2920 §3.1, else one by one. A 354 after no recipient was
// accepted is answered with a lone dot. A 421 anywhere ends the transaction (RFC 5321 §3.8). Not thread-safe.
class Dialog {
 public:
  enum class Do { Write, Read, Body, Finished };

  // `reset`: the connection was used before. RSET goes out in front of MAIL, in one group with it where that may be.
  Dialog(const Capabilities& peer, OutgoingEnvelope envelope, bool lmtp, bool reset = false);

  Do next() const;
  std::string take_output();
  void answered(Reply reply);
  void body_sent();

  // One per recipient of the envelope, in order.
  const std::vector<Answer>& answers() const { return answers_; }
  // Indexes of the recipients that the peer took at RCPT.
  const std::vector<std::size_t>& accepted() const { return accepted_; }
  // What the next reply is about, for the timeout.
  Stage awaiting() const;
  // The final dot was sent with recipients accepted: no answer now means in doubt.
  bool dot_sent() const { return dot_sent_; }
  // RSET is not answered yet, or was not answered well: the connection had ended before this transaction began.
  bool stale() const { return stale_; }
  // The peer and we agree about where we are: RSET and another transaction may follow.
  bool in_step() const { return finished_ && in_step_; }

 private:
  enum class About { Reset, Mail, Rcpt, Data, Final, LoneDot };
  struct Expected {
    About about = About::Mail;
    std::size_t recipient = 0;
  };
  struct Command {
    std::string line;
    Expected expected;
  };

  std::string mail_command() const;
  std::string rcpt_command(const OutgoingRecipient& to) const;
  void fill_output();
  void on_reset(const Reply& reply);
  void on_mail(Reply reply);
  void on_rcpt(std::size_t recipient, Reply reply);
  void on_data(Reply reply);
  void on_final(std::size_t recipient, Reply reply);
  void end_all(Stage stage, const Reply& reply);
  void settle();

  Capabilities peer_;
  OutgoingEnvelope envelope_;
  bool lmtp_;
  std::deque<Command> commands_;
  std::deque<Expected> expected_;
  std::string output_;
  std::vector<Answer> answers_;
  std::vector<std::size_t> accepted_;
  bool mail_refused_ = false;
  bool body_due_ = false;
  bool dot_sent_ = false;
  bool stale_ = false;
  bool finished_ = false;
  bool in_step_ = true;
};

}  // namespace hearthmail::smtp
