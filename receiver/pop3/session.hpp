// Session: one POP3 client. The coroutines of this folder; what they say and decide is in plain functions.
//
//   session.cpp           the loop, CAPA, QUIT        session_login.cpp  STLS, USER, PASS, AUTH
//   session_messages.cpp  STAT, LIST, UIDL, RETR, TOP, DELE, RSET
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/sasl.hpp"
#include "common/base/secret.hpp"
#include "common/base/task.hpp"
#include "common/net/buffered_reader.hpp"
#include "common/net/stream.hpp"
#include "receiver/pop3/command.hpp"
#include "receiver/pop3/dot_writer.hpp"
#include "receiver/pop3/maildrop.hpp"
#include "receiver/pop3/pop3.hpp"

namespace hearthmail::receiver::pop3 {

class Session {
 public:
  // Borrows `stream` and `services` until run() has ended; they live on the stream's loop.
  Session(net::Stream& stream, Services& services, Pause pause);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // From the greeting to the closed stream.
  base::Task<void> run();

 private:
  // ---- session.cpp ----
  base::Task<void> next_command();
  base::Task<void> on_long_line();
  base::Task<void> execute(Command command);
  void capabilities();
  base::Task<void> quit();
  base::Task<void> flush();
  void say_ok(std::string_view text);
  void say_error(std::string_view text);
  void bad_command(std::string_view text);  // also counts it, and ends the session after too many
  std::size_t line_limit() const;

  // ---- session_login.cpp ----
  base::Task<void> start_tls();
  void user(const Command& command);
  base::Task<void> pass(Command command);
  base::Task<void> auth(Command command);
  base::Task<bool> exchange(auth::ServerSasl& sasl, auth::SaslStep& step);
  base::Task<void> log_in(auth::SaslStep step);
  base::Task<void> refuse_login(const base::Error& error);
  base::Task<void> open_maildrop(auth::Identity identity);
  base::Task<base::Status> load_maildrop();
  void sasl_failed(const base::Error& error);
  bool may_log_in() const;
  bool refuse_in_clear();

  // ---- session_messages.cpp ----
  void stat();
  void dele(const Command& command);
  void rset();
  base::Task<void> listing(Command command);  // LIST and UIDL
  std::string listed(Verb verb, std::uint32_t number, const Maildrop::Item& item) const;
  base::Task<void> retrieve(Command command);  // RETR and TOP
  base::Task<void> send_body(std::uint64_t blob, std::uint64_t octets, DotWriter writer);
  const Maildrop::Item* message(const Command& command);

  net::Stream& stream_;
  Services& services_;
  Pause pause_;
  net::BufferedReader reader_;
  State state_ = State::Authorization;
  std::string out_;
  std::string user_;  // of USER, until PASS
  auth::Identity identity_;
  std::optional<Maildrops::Lease> lease_;
  std::optional<Maildrop> maildrop_;
  unsigned bad_commands_ = 0;
  unsigned login_failures_ = 0;
  std::uint32_t retrieved_ = 0;
  bool over_ = false;    // write out what there is, then close
  bool broken_ = false;  // nothing more can be written
};

}  // namespace hearthmail::receiver::pop3
