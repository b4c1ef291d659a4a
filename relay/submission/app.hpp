// hearthmail-submission as one object: it opens the accounts and the queue, builds the services and listens. main() only
// runs it. It cannot open the mail database and holds no route's secret.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "common/auth/authenticator.hpp"
#include "common/base/disk_reserve.hpp"
#include "common/base/result.hpp"
#include "common/config/settings.hpp"
#include "common/crypto/tls.hpp"
#include "common/net/server.hpp"
#include "common/net/workers.hpp"
#include "relay/submission/policy.hpp"

namespace hearthmail::relay::submission {

// Owns everything that sessions borrow; the server's loops have ended when run() returns.
class App {
 public:
  // `settings` outlives it. Errors: as the stores' and TLS's open, each with what to do.
  static base::Result<std::unique_ptr<App>> create(const config::Settings& settings);
  // Opens the listeners. Errors: Invalid, Unavailable, naming the endpoint.
  base::Status listen();
  // Serves until SIGTERM; false when the queue failed and the program must be started again.
  bool run();

 private:
  explicit App(const config::Settings& settings);
  base::Status open();
  base::Result<std::optional<auth::Credential>> find_credential(std::string_view login) const;
  void every_minute();

  const config::Settings& settings_;
  std::unique_ptr<net::Server> server_;  // first, so that its loops outlive the stores' writer threads
  std::unique_ptr<crypto::TlsServer> tls_;
  std::unique_ptr<store::accounts::Store> accounts_;
  std::unique_ptr<base::DiskReserve> disk_;  // before the queue: its last jobs may ask
  std::unique_ptr<store::queue::Store> queue_;
  net::Workers workers_;
  auth::Authenticator authenticator_;
  std::unique_ptr<Services> services_;
  bool store_failed_ = false;
};

}  // namespace hearthmail::relay::submission
