// The receiver as one object: it opens the stores, builds the services and listens. main() only runs it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/auth/authenticator.hpp"
#include "common/base/disk_reserve.hpp"
#include "common/base/result.hpp"
#include "common/config/settings.hpp"
#include "common/crypto/tls.hpp"
#include "common/net/server.hpp"
#include "common/net/workers.hpp"
#include "receiver/account_directory.hpp"
#include "receiver/collector.hpp"
#include "receiver/delivery/delivery.hpp"
#include "receiver/imap/services.hpp"
#include "receiver/pop3/maildrops.hpp"
#include "receiver/pop3/pop3.hpp"
#include "store/accounts/accounts.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver {

// Owns everything that sessions borrow; the server's loops have ended when run() returns.
class App {
 public:
  // Opens stores and certificate. Errors: as the store's and TLS's open, each with what to do.
  static base::Result<std::unique_ptr<App>> create(const config::Settings& settings);
  // Opens the listeners. Errors: Invalid, Unavailable, naming the endpoint.
  base::Status listen();
  // Serves until SIGTERM; false when the store failed and the program must be started again.
  bool run();

 private:
  explicit App(const config::Settings& settings);
  base::Status open();
  base::Result<std::optional<auth::Credential>> find_credential(std::string_view login) const;
  base::Result<base::Quota> quota_of(base::AccountId account) const;
  void every_minute();

  const config::Settings& settings_;
  std::unique_ptr<net::Server> server_;  // first, so that its loops outlive the stores' writer threads
  std::unique_ptr<crypto::TlsServer> tls_;
  std::unique_ptr<store::accounts::Store> accounts_;
  std::unique_ptr<AccountDirectory> directory_;
  std::unique_ptr<base::DiskReserve> disk_;  // before the store: its last jobs may ask
  std::unique_ptr<store::mail::Store> mail_;
  std::unique_ptr<Collector> collector_;  // after the store, whose writer it uses
  net::Workers workers_;
  auth::Authenticator authenticator_;
  pop3::Maildrops maildrops_;
  std::unique_ptr<delivery::Delivery> delivery_;
  std::unique_ptr<imap::Services> imap_;
  std::unique_ptr<pop3::Services> pop3_;
  bool store_failed_ = false;
};

}  // namespace hearthmail::receiver
