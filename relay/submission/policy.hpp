// Submission, RFC 6409: the door for our own users' outgoing mail on ports 587 (STARTTLS) and 465 (implicit TLS, RFC 8314).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/auth/authenticator.hpp"
#include "common/base/clock.hpp"
#include "common/base/disk_reserve.hpp"
#include "common/base/task.hpp"
#include "common/net/loop.hpp"
#include "common/net/stream.hpp"
#include "common/net/workers.hpp"
#include "common/smtp/server_policy.hpp"
#include "store/accounts/accounts.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::relay::submission {

// Sent instead of the greeting when there are too many connections (ListenOptions::refusal).
constexpr const char* kTooManyConnections = "421 4.7.0 Too many connections, try again later\r\n";

// Borrowed; main keeps them until the last session has ended. Thread-safe parts, shared by the sessions of all loops.
struct Services {
  net::Workers& workers;
  auth::Authenticator& authenticator;
  store::accounts::Store& accounts;
  store::queue::Store& queue;
  const base::Clock& clock;
  std::string hostname;
  std::string spool_dir;
  std::string doorbell;                  // run_dir/relay.bell, rung after each commit
  std::uint64_t max_message_octets = 0;  // SIZE
  base::DiskReserve* disk = nullptr;     // asked before mail is taken; none: nobody is refused for it
};

// The policy of one session. AUTH first (530 5.7.0), inside TLS only; the reverse-path, every From and every Sender must be
// an address that the account receives (553 5.7.1 and 550 5.7.1, with the fix in the text), but <> is free, as receipts
// need it. Unknown recipients of our own domains are refused at RCPT (550 5.1.1). 250 after the queue's
// commit. Bcc is removed (RFC 5321 §7.2). The Received field leaves out where the user sits (common/smtp/trace.hpp). A resent message (Resent-From) is
// held to its From field all the same.
class Policy : public hearthmail::smtp::ServerPolicy {
 public:
  using Sleep = std::function<base::Task<void>(std::chrono::milliseconds)>;
  // `name`: of the listener, for the log. `sleep` waits on the session's loop.
  Policy(const Services& services, std::string name, Sleep sleep);

  const hearthmail::smtp::ServerOptions& options() const override { return options_; }
  hearthmail::smtp::ServerReply check_mail(const hearthmail::smtp::ClientInfo& client,
                                           const hearthmail::smtp::Transaction& transaction) override;
  hearthmail::smtp::ServerReply check_rcpt(const hearthmail::smtp::ClientInfo& client,
                                           const hearthmail::smtp::Transaction& transaction,
                                           hearthmail::smtp::Recipient& recipient) override;
  base::Task<std::vector<hearthmail::smtp::ServerReply>> commit(const hearthmail::smtp::ClientInfo& client,
                                                                const hearthmail::smtp::Transaction& transaction,
                                                                const hearthmail::smtp::Spool& message) override;
  base::Task<base::Result<Login>> authenticate(auth::SaslStep step, std::string peer) override;
  base::Result<auth::ScramVerifier> scram_verifier(const std::string& login) override;

 private:
  const Services& services_;
  hearthmail::smtp::ServerOptions options_;
  Sleep sleep_;
};

// Serves one client until its connection ends. `name`: "submission" or "submissions". Never fails; closes the stream.
base::Task<void> serve_submission(net::Loop& loop, std::unique_ptr<net::Stream> stream, const Services& services,
                                  std::string name);

}  // namespace hearthmail::relay::submission
