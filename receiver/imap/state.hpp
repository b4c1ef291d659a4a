// The state of a session and all of its transitions: RFC 9051 §3.
//
//   not authenticated --authenticated()--> authenticated --selected()--> selected --deselected()--> authenticated
//   any --log_out()--> logout; tls_started() starts again at the beginning
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/auth/authenticator.hpp"
#include "receiver/imap/enabled.hpp"
#include "receiver/imap/services.hpp"
#include "receiver/imap/view.hpp"

namespace hearthmail::receiver::imap {

class Watch;

// Bits, so that a rule of the command table can name several.
enum State : std::uint8_t { kNotAuthenticated = 1, kAuthenticated = 2, kSelected = 4, kLogout = 8 };

// How the command that is running will be answered.
struct Completion {
  std::string_view word = "OK";  // OK or NO
  std::string code;              // without brackets: "READ-WRITE"; empty: none
  std::string text;              // empty: "<VERB> completed"
  bool modseq = false;           // the code is HIGHESTMODSEQ, once the news has been told (RFC 7162 §3.2.7)
};

// Who has which mailbox selected: for Operation::write(), which knows no connection (rights.hpp, check_rights).
struct Holder {
  base::AccountId user;
  base::MailboxId box;
  bool own = true;  // his own mailbox: he may do everything
};

// What a session knows, and what its commands may use. The session owns it; one loop's thread.
class Connection {
 public:
  Connection(const Services& services, bool tls, bool can_start_tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Services& services() const { return services_; }
  store::lmdb::Env& env() const { return services_.mail.env(); }
  State state() const { return state_; }
  bool tls() const { return tls_; }
  bool may_log_in() const { return tls_ || clear_login_; }
  void allow_clear_login() { clear_login_ = true; }
  bool can_start_tls() const { return can_start_tls_ && !tls_; }
  bool compressed() const { return compressed_; }
  base::AccountId account() const { return identity_.account; }
  const std::string& user() const { return identity_.address; }
  View& view() { return *view_; }  // only while selected
  const View& view() const { return *view_; }
  bool has_view() const { return view_.has_value(); }
  Holder holder() const { return {identity_.account, view_->box(), view_->own()}; }  // only while selected
  const Enabled& enabled() const { return enabled_; }

  // Untagged responses are appended here; the session writes them out.
  std::string out;
  Completion completion;
  std::string tag;       // of the command that is running
  base::Uid limited_to;  // the lowest message for which it is done, if not for all (message_limit.hpp); 0: for all
  std::function<void()> wake;  // ends the session's wait for its client; on its loop

  // STARTTLS succeeded: whatever was known in clear is forgotten (RFC 9051 §6.2.1).
  void tls_started();
  // The connection has a tls-exporter value: SCRAM-SHA-256-PLUS can be offered.
  void binds_channel(bool binds) { binds_channel_ = binds; }
  bool binds_channel() const { return binds_channel_; }
  void compression_started() { compressed_ = true; }
  void authenticated(auth::Identity identity);
  void selected(View view);
  // Leaves the mailbox; expunges nothing.
  void deselected();
  void log_out();

  // A command showed that the client knows CONDSTORE. The first one tells HIGHESTMODSEQ of the mailbox that is selected
  // (RFC 7162 §3.1).
  void enable_condstore();
  void enable_qresync();  // and CONDSTORE
  void enable_uid_only() { enabled_.uid_only = true; }
  void enable_utf8() { enabled_.utf8 = enabled_.utf8_accept = true; }
  void enable_rev2();
  // What NOTIFY asked for; null: nothing.
  Watch* watch() const { return watch_.get(); }
  void watch(std::unique_ptr<Watch> watch);
  void unauthenticated();  // RFC 8437: as after the greeting, TLS stays

 private:
  const Services& services_;
  State state_ = kNotAuthenticated;
  bool tls_;
  bool can_start_tls_;
  bool clear_login_ = false;  // the peer is on this machine and the operator allows it
  bool compressed_ = false;
  bool binds_channel_ = false;
  auth::Identity identity_;
  Enabled enabled_;
  std::optional<View> view_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace hearthmail::receiver::imap
