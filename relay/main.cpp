// hearthmail-relay: hands the queue's mail to the routes, and our own mail to the receiver. Listens on no port.
#include "common/process/daemon.hpp"
#include "relay/app.hpp"

using namespace hearthmail;

int main(int argc, char** argv) {
  const auto serve = [](const config::Settings& settings) -> base::Result<bool> {
    TRY_ASSIGN(const auto app, relay::App::create(settings));
    return app->run();
  };
  return process::run_daemon(argc, argv, config::Role::Relay, serve);
}
