// hearthmail-submission: takes our users' outgoing mail and queues it durably. The relay sends it.
#include "common/process/daemon.hpp"
#include "relay/submission/app.hpp"

using namespace hearthmail;

int main(int argc, char** argv) {
  const auto serve = [](const config::Settings& settings) -> base::Result<bool> {
    TRY_ASSIGN(const auto app, relay::submission::App::create(settings));
    TRY(app->listen());
    return app->run();
  };
  return process::run_daemon(argc, argv, config::Role::Submission, serve);
}
