// What differs between port 25, LMTP and submission: the policy of a server session.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/auth/sasl.hpp"
#include "common/base/ids.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/spool.hpp"
#include "common/base/task.hpp"
#include "common/net/stream.hpp"
#include "common/smtp/address.hpp"
#include "common/smtp/data_reader.hpp"
#include "common/smtp/limits.hpp"
#include "common/smtp/parameters.hpp"
#include "common/smtp/path.hpp"
#include "common/smtp/server_reply.hpp"

namespace hearthmail::smtp {

using base::kSpoolMemory;
using base::Spool;

enum class Dialect { Smtp, Lmtp, Submission };

struct ServerOptions {
  Dialect dialect = Dialect::Smtp;
  std::string name;                                // of the listener, for the log: "smtp", "lmtp", "submissions"
  std::string hostname;                            // ours, in the greeting and in EHLO's reply
  std::uint64_t max_octets = 50ULL * 1024 * 1024;  // of one message, SIZE
  std::string spool_dir;
  base::DiskReserve* disk = nullptr;  // asked before mail is taken; borrowed; none: nobody is refused for it
  LineEndings line_endings = LineEndings::Strict;
  bool dsn = false;          // offer DSN, RFC 3461
  bool auth = false;         // offer AUTH once the stream is TLS, RFC 4954
  bool delivery_id = false;  // offer kDeliveryIdKeyword: only on a socket that nobody but ourselves can open
};

// What is known of the client. The session fills it in; a policy only reads.
struct ClientInfo {
  net::Peer peer;
  net::TlsInfo tls;
  std::string hello;        // the name it gave, or empty
  bool extended = false;    // by EHLO or LHLO
  base::AccountId account;  // after AUTH
  std::string login;        // the account's primary address
};

struct Recipient {
  Address address;
  RcptParameters parameters;
  std::vector<base::AccountId> accounts;  // who receives it, for policies that deliver here; set by check_rcpt
};

// One mail transaction, from MAIL to the reply after its last octet, RFC 5321 §3.3.
struct Transaction {
  std::string id;  // unique; in the log and in Received
  Path reverse_path;
  MailParameters parameters;
  std::vector<Recipient> recipients;
  std::string refusal;      // the last refused MAIL or RCPT, for the log
  std::size_t refused = 0;  // how many RCPT were refused
};

// One object per session, used on the session's loop only.
class ServerPolicy {
 public:
  virtual ~ServerPolicy() = default;
  virtual const ServerOptions& options() const = 0;
  // A positive reply accepts. The checks run inline, so they may read the store but must not wait.
  virtual ServerReply check_mail(const ClientInfo& client, const Transaction& transaction) = 0;
  virtual ServerReply check_rcpt(const ClientInfo& client, const Transaction& transaction, Recipient& recipient) = 0;
  // Takes the whole message. Replies only after its own durable commit: one reply, or in LMTP one per recipient in their
  // order (RFC 2033 §4.2). The references live until it returns.
  virtual base::Task<std::vector<ServerReply>> commit(const ClientInfo& client, const Transaction& transaction,
                                                      const Spool& message) = 0;
  // Who logged in. It also waits as long as a failure costs. Denied: wrong; anything else: temporary.
  struct Login {
    base::AccountId account;
    std::string address;
  };
  // `step` is what the SASL exchange ended with.
  virtual base::Task<base::Result<Login>> authenticate(auth::SaslStep step, std::string peer);
  // For SCRAM, as auth::Authenticator has it.
  virtual base::Result<auth::ScramVerifier> scram_verifier(const std::string& login);
};

}  // namespace hearthmail::smtp
