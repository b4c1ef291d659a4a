// Session: one client from greeting to goodbye. The only coroutines of the folder: it reads the stream, feeds the framer,
// finds the rule of each command in the table and waits for what the command needs. Nothing of IMAP's meaning is here.
//
//   session.cpp         the loop, commands, flushing, reporting news     session_login.cpp   STARTTLS, LOGIN, AUTHENTICATE
//   session_append.cpp  the messages of APPEND as they arrive            session_idle.cpp    IDLE
//   session_compress.cpp  COMPRESS                              session_notify.cpp   NOTIFY
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/task.hpp"
#include "common/net/deflate_stream.hpp"
#include "common/net/stream.hpp"
#include "receiver/imap/cmd/append.hpp"
#include "receiver/imap/framer.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/services.hpp"
#include "receiver/imap/state.hpp"
#include "receiver/imap/table.hpp"

namespace hearthmail::receiver::imap {

class Session {
 public:
  // Waits on the session's loop; a test may pass one that returns at once.
  using Pause = std::function<base::Task<void>(std::chrono::milliseconds)>;

  // Borrows `stream` and `services` until run() has ended.
  Session(net::Stream& stream, const Services& services, Pause pause);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // From the greeting to the closed stream. On the stream's loop.
  base::Task<void> run();

 private:
  // ---- session.cpp ----
  void greet();
  base::Task<void> on_event(FramerEvent event);
  base::Task<void> on_command(std::string text);
  base::Task<void> execute(const Rule& rule, parse::Command command);
  base::Task<void> converse(parse::Command command);
  base::Task<base::Status> run_operation(Operation& operation);
  void put_progress(const Operation& operation, std::chrono::steady_clock::time_point& told);
  base::Task<base::Status> run_write(Operation& operation);
  base::Task<base::Status> run_work(Operation& operation);
  // Reports the news that may be told now, then answers the command.
  base::Task<void> complete(const parse::Command& command, base::Status status);
  void put_highest_modseq(bool ok);
  base::Task<void> sync(MaySendExpunge expunge);
  void end_when_blind();
  bool renew();
  bool may_go_on() const;
  void mailbox_lost();
  base::Task<void> claim_recent();
  base::Task<void> read_more();
  base::Task<void> flush();
  base::Task<void> hang_up();
  void on_rejected(const FramerEvent& event);
  void bad(std::string_view tag, std::string_view code, std::string_view text);
  void bye(std::string_view text);
  std::chrono::milliseconds read_timeout() const;

  // ---- session_login.cpp ----
  base::Task<void> start_tls(parse::Command command);
  base::Task<void> login(parse::Command command);
  base::Task<void> authenticate(parse::Command command);
  void unauthenticate(const parse::Command& command);
  base::Task<void> log_in(parse::Command command, auth::SaslStep step);
  base::Task<base::Status> open_account(base::AccountId account);
  // The next bare line; nothing when the session is over.
  base::Task<std::optional<std::string>> next_line(const parse::Command& command);
  bool refuse_in_clear(const parse::Command& command);

  // ---- session_append.cpp ----
  base::Task<void> append(FramerEvent first);
  bool needs_uid(const parse::Replaced& replaced) const;  // UIDONLY
  base::Status begin_replace(cmd::Append& append, const parse::Replaced& replaced);
  base::Task<bool> receive_messages(cmd::Append& append, base::Status& status);
  base::Status begin_append(const base::Result<parse::AppendStart>& start, Target& target) const;
  void take_literal(cmd::Append& append, const FramerEvent& event, base::Status& status);
  void take_steps(cmd::Append& append, base::Result<parse::AppendSteps> steps, base::Status& status);
  void spool(cmd::Append& append, std::string_view octets, base::Status& status);

  // ---- session_compress.cpp ----
  base::Task<void> compress(parse::Command command);

  // ---- session_notify.cpp ----
  base::Task<void> tell_events();
  base::Task<void> tell_selected();
  void stop_watching(const base::Error& error);

  // ---- session_idle.cpp ----
  base::Task<void> idle(parse::Command command);

  net::Stream* stream_;                             // the one given, or compressed_ over it
  std::unique_ptr<net::DeflateStream> compressed_;  // since COMPRESS
  const Services& services_;
  Pause pause_;
  Framer framer_;
  Connection connection_;
  std::vector<char> buffer_;                      // of one read; small while the client only sends commands
  bool transfers_ = false;                        // the last read filled the small one
  std::optional<base::MailboxId> announced_box_;  // NOTIFY: the selected mailbox when it was last looked at
  base::Uid announced_;                           // and up to where its new messages have been shown
  std::chrono::steady_clock::time_point began_;
  std::size_t bad_commands_ = 0;  // since the last good one
  bool over_ = false;             // write out what there is, then close
  bool blind_ = false;            // the selected mailbox's news could not be read
  bool broken_ = false;           // the stream failed: nothing can be written
};

}  // namespace hearthmail::receiver::imap
