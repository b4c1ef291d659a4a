#include "common/process/daemon.hpp"

#include <cstdio>

#include "common/log/log.hpp"
#include "common/process/last_words.hpp"
#include "common/process/limits.hpp"
#include "common/process/lock_file.hpp"
#include "common/process/notify.hpp"
#include "common/process/ready_file.hpp"

namespace hearthmail::process {

int run_daemon(int argc, char** argv, config::Role role, const Serve& serve) {
  const char* program = config::program_name(role);
  const auto settings = config::load_daemon(argc, argv, role);
  if (!settings.ok()) {
    std::fprintf(stderr, "%s: %s\n", program, settings.error().text.c_str());
    return settings.error().code == base::Errc::Unsupported ? 0 : kExitConfiguration;
  }
  ignore_sigpipe();
  install_last_words();
  raise_descriptor_limit();
  const auto fail = [](const base::Error& problem) {
    log::error("cannot start", {{"problem", problem.text}});
    return kExitFailed;
  };
  // In data_dir, because that is what two instances must not share: a second relay would send everything twice.
  const auto lock = LockFile::acquire(settings->data_dir, program);
  if (!lock.ok()) return fail(lock.error());
  const auto ended = serve(*settings);
  if (!ended.ok()) return fail(ended.error());
  return *ended ? 0 : kExitFailed;
}

void serve_until_stopped(net::Server& server, const config::Settings& settings, config::Role role,
                         const std::function<void()>& every_minute) {
  const char* program = config::program_name(role);
  const auto ready = [&] {
    const auto written = write_ready_file(settings.run_dir, program, server.ports());
    if (!written.ok()) log::warning("ready file cannot be written", {{"problem", written.error().text}});
    notify("READY=1");
    log::info("ready");
  };
  const auto hangup = [] { log::info("SIGHUP: certificates are looked at when they are used; nothing to load again"); };
  every_minute();
  server.run(ready, every_minute, hangup);
  notify("STOPPING=1");
  remove_ready_file(settings.run_dir, program);
}

}  // namespace hearthmail::process
