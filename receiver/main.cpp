// hearthmail-receiver: takes mail in by SMTP and LMTP, serves it by IMAP and POP3. It holds no secret of any relay.
#include "common/process/daemon.hpp"
#include "receiver/app.hpp"

using namespace hearthmail;

int main(int argc, char** argv) {
  const auto serve = [](const config::Settings& settings) -> base::Result<bool> {
    TRY_ASSIGN(const auto app, receiver::App::create(settings));
    TRY(app->listen());
    return app->run();
  };
  return process::run_daemon(argc, argv, config::Role::Receiver, serve);
}
