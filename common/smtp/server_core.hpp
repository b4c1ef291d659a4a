// ServerCore: the state machine of an SMTP, LMTP or submission session, without a stream: MAIL, RCPT, DATA in their order
// (RFC 5321 §3.3), VRFY answered without telling (RFC 5321 §3.5.3). All transitions are in server_core.cpp, as one table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/smtp/command.hpp"
#include "common/smtp/server_policy.hpp"

namespace hearthmail::smtp {

// Where a session stands. The values are bits, so that a row of the table names all states in which a verb is legal.
enum class SessionState : std::uint8_t {
  Start = 1,    // connected, or after STARTTLS: no EHLO yet
  Ready = 2,    // greeted, no transaction
  Mail = 4,     // MAIL was accepted, no recipient yet
  Rcpt = 8,     // at least one recipient
  Chunks = 16,  // BDAT has begun (RFC 3030 §2): only BDAT and what ends the transaction
};

// What the session does after a command was handled; the replies so far are in take_output().
enum class Next {
  Go,        // read the next command
  Data,      // read the message until CRLF.CRLF, then finished()
  Chunk,     // read chunk().octets octets
  StartTls,  // send the replies, then the handshake, then tls_started()
  Auth,      // run the SASL exchange for auth_command()
  Close,     // send the replies and close
};

// Handles one command after another. Synchronous: what has to wait (message octets, the handshake, the commit, the
// password hash) is done by the session, which reports back. Not thread-safe.
class ServerCore {
 public:
  ServerCore(ServerPolicy& policy, ClientInfo& client);
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;

  void greet();
  Next command(std::string_view line, bool can_start_tls);
  Next bad_line(std::string_view why);  // too long, or ended by a bare LF: 500

  // Everything to send, in order. The session sends it when it has no more input (RFC 2920 §3.2).
  std::string take_output();
  std::size_t output_octets() const { return output_.size(); }
  // Adds a reply. One that is negative counts as an error.
  void say(const ServerReply& reply);

  SessionState state() const { return state_; }
  const Transaction& transaction() const { return transaction_; }
  const AuthCommand& auth_command() const { return auth_; }
  const Chunk& chunk() const { return chunk_; }
  // Why the chunk is only swallowed: out of order, too big, or no recipient. Empty: it belongs to the message.
  const std::optional<ServerReply>& chunk_refusal() const { return chunk_refusal_; }

  void chunk_taken(std::uint64_t octets_so_far);  // a chunk that is not the last one is in the spool
  // The transaction is over with these replies: one, or in LMTP one per recipient. Adds them to the output.
  void finished(const std::vector<ServerReply>& replies, std::uint64_t octets);
  void refuse_message(const ServerReply& reply, std::uint64_t octets);  // the same reply for everybody
  void refuse_chunk(const ServerReply& reply, std::uint64_t octets);    // ends the transaction, RFC 3030 §2
  void tls_started();                                                   // back to Start, RFC 3207 §4.2
  // False after kMaxAuthFailures: the session then closes (a 421 has been added).
  bool auth_finished(const ServerReply& reply);
  // The peer has gone or timed out in the middle of a transaction: logs it.
  void abandoned(std::string_view why);

 private:
  struct Row;
  static const Row kTable[];
  const Row* find_row(Verb verb) const;

  Next ehlo(std::string_view argument);
  Next helo(std::string_view argument);
  Next mail(std::string_view argument);
  Next rcpt(std::string_view argument);
  Next data(std::string_view argument);
  Next bdat(std::string_view argument);
  Next rset(std::string_view argument);
  Next noop(std::string_view argument);
  Next vrfy(std::string_view argument);
  Next expn(std::string_view argument);
  Next help(std::string_view argument);
  Next quit(std::string_view argument);
  Next start_tls(std::string_view argument);
  Next auth(std::string_view argument);

  Next reply(int code, std::string_view enhanced, std::string_view text);
  bool has_room(std::uint64_t octets) const;
  bool is_stranger() const;
  int no_recipients() const;
  bool too_many_errors() const;
  Next out_of_order(Verb verb);
  Next refuse_rcpt(const ServerReply& reply, std::string_view argument);
  bool greeted(std::string_view argument, bool extended);
  std::optional<ServerReply> refuse_chunk() const;
  ParameterSet parameter_set() const;
  void end_transaction(std::string_view result);
  void log_transaction(std::string_view result) const;

  ServerPolicy& policy_;
  ClientInfo& client_;
  SessionState state_ = SessionState::Start;
  Transaction transaction_;
  AuthCommand auth_;
  Chunk chunk_;
  std::optional<ServerReply> chunk_refusal_;
  std::uint64_t octets_ = 0;  // of the message, as far as it is here
  std::string output_;
  bool can_start_tls_ = false;
  bool first_command_ = true;
  std::size_t errors_ = 0;  // since the last delivered message
  std::size_t junk_ = 0;
  std::size_t auth_failures_ = 0;
};

// The extension lines that a server offers, for tests and documentation: name and RFC, in the order of EHLO's reply.
std::string offered_extensions(const ServerOptions& options, const ClientInfo& client, bool can_start_tls);

}  // namespace hearthmail::smtp
