// hearthmail-relay as one object: opens the queue and the accounts, builds a carrier for each route, runs the runner. main()
// only runs it. It listens on no TCP port, cannot open the mail database, and alone holds the routes' secrets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/settings.hpp"
#include "common/crypto/tls.hpp"
#include "common/net/doorbell.hpp"
#include "common/net/loop.hpp"
#include "common/net/signals.hpp"
#include "relay/route.hpp"
#include "relay/runner.hpp"

namespace hearthmail::relay {

// Where submission and the operator's command ring, below run_dir.
constexpr std::string_view kDoorbellName = "relay.bell";

class App {
 public:
  // `settings` outlives it. Errors: Invalid (a route, naming its key), and those of the stores and of TLS.
  static base::Result<std::unique_ptr<App>> create(const config::Settings& settings);
  ~App();
  // Serves until SIGTERM or SIGINT; false when the queue failed and the program must be started again.
  bool run();

 private:
  explicit App(const config::Settings& settings);
  base::Status open();
  base::Result<RunnerRoute> make_route(const config::Route& route);
  base::Result<std::unique_ptr<Carrier>> make_smtp(const config::Route& route, const RouteSpec& spec);
  std::unique_ptr<Carrier> make_http(const config::Route& route, const RouteSpec& spec);
  base::Result<std::unique_ptr<Carrier>> make_capture(const config::Route& route);
  std::unique_ptr<Carrier> make_local();
  base::Result<std::string> capture_account(const config::Route& route) const;
  base::Task<void> serve();
  void stop();

  const config::Settings& settings_;
  net::Loop loop_;
  net::Signal wake_;
  std::unique_ptr<store::accounts::Store> accounts_;
  std::unique_ptr<store::queue::Store> queue_;
  std::vector<std::unique_ptr<crypto::TlsClient>> tls_;  // outlive the carriers
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<net::Doorbell> doorbell_;
  std::unique_ptr<net::Signals> signals_;
  bool failed_ = false;
};

}  // namespace hearthmail::relay
