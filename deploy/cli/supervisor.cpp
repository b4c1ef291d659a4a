#include "deploy/cli/supervisor.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "common/base/clock.hpp"
#include "common/log/log.hpp"
#include "common/process/notify.hpp"
#include "common/process/ready_file.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Status;
using std::chrono::steady_clock;

Supervisor::Supervisor(std::vector<Daemon> daemons, std::string run_dir) : run_dir_(std::move(run_dir)) {
  for (Daemon& daemon : daemons) {
    Watched one;
    one.daemon = std::move(daemon);
    one.daemon.command.own_group = true;  // Ctrl-C ends them in order, not all at once
    watched_.push_back(std::move(one));
  }
}

Supervisor::~Supervisor() = default;

Status Supervisor::run() {
  on_terminal_ = isatty(STDERR_FILENO) != 0;
  signals_.emplace(loop_, [this](int signal) { signalled(signal); });
  timer_.emplace(loop_, [this] { tick(); });
  for (Watched& one : watched_) {
    outcome_ = start(one);
    if (outcome_.ok()) continue;
    begin_stop();
    break;
  }
  timer_->start(kWatchEvery);
  loop_.run();
  return outcome_;
}

Status Supervisor::start(Watched& one) {
  auto child = process::Child::start(one.daemon.command);
  if (!child.ok()) {
    return base::with_context(
        "cannot start " + one.daemon.name + ". It is looked for beside this command; --bin-dir names another directory",
        std::move(child).error());
  }
  one.child.emplace(std::move(*child));
  one.started = steady_clock::now();
  one.ready = false;
  log::info("started", {{"daemon", one.daemon.name}, {"pid", one.child->pid()}});
  return base::ok();
}

void Supervisor::tick() {
  look();
  if (stopping_) stop_next();
  else start_due();
  const bool any =
      std::any_of(watched_.begin(), watched_.end(), [](const Watched& one) { return one.child.has_value(); });
  if (!stopping_ || any) {
    timer_->start(kWatchEvery);
    return;
  }
  // Not from inside the timer's own call: what it captured would go with it.
  loop_.post([this] {
    timer_.reset();
    signals_.reset();
    loop_.stop();
  });
}

void Supervisor::look() {
  for (Watched& one : watched_) {
    if (!one.child) continue;
    if (const auto exit = one.child->poll()) ended(one, *exit);
    else look_ready(one);
  }
  look_all_ready();
}

void Supervisor::look_all_ready() {
  const bool ready = std::all_of(watched_.begin(), watched_.end(), [](const Watched& one) { return one.ready; });
  if (ready && !all_ready_) {
    process::notify("READY=1\nSTATUS=all daemons are ready");
    log::info("all daemons are ready");
  }
  all_ready_ = ready;
}

void Supervisor::look_ready(Watched& one) {
  if (one.ready) return;
  const auto file = process::read_ready_file(run_dir_, one.daemon.name);
  one.ready = file.ok() && file->pid == one.child->pid();
}

void Supervisor::ended(Watched& one, const process::Exit& exit) {
  const auto ran = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - one.started);
  one.child.reset();
  one.ready = false;
  if (stopping_) {
    log::info("stopped", {{"daemon", one.daemon.name}, {"how", exit.text()}});
    return;
  }
  const auto wait = one.policy.ended(ran, exit.signal == 0 ? exit.code : -exit.signal);
  if (!wait) {
    outcome_ = Error{Errc::Unavailable,
                     one.daemon.name + " keeps failing (" + exit.text() + "); its last lines above say why"};
    log::error("a daemon keeps failing; stopping all", {{"daemon", one.daemon.name}, {"how", exit.text()}});
    begin_stop();
    return;
  }
  one.again_at = steady_clock::now() + *wait;
  process::notify("STATUS=" + one.daemon.name + " ended (" + exit.text() + ") and is started again");
  log::warning("a daemon ended by itself and is started again",
               {{"daemon", one.daemon.name}, {"how", exit.text()}, {"milliseconds", wait->count()}});
}

void Supervisor::start_due() {
  for (Watched& one : watched_) {
    if (stopping_ || one.child || steady_clock::now() < one.again_at) continue;
    outcome_ = start(one);
    if (!outcome_.ok()) begin_stop();
  }
}

void Supervisor::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  process::notify("STOPPING=1");
  log::info("stopping");
  stop_next();
}

// Ends the last one that still runs: submission before relay before receiver, so that nobody loses whom it hands mail to.
void Supervisor::stop_next() {
  const auto last =
      std::find_if(watched_.rbegin(), watched_.rend(), [](const Watched& one) { return one.child.has_value(); });
  if (last == watched_.rend()) return;
  if (!last->kill_at) {
    last->child->send(SIGTERM);
    last->kill_at = steady_clock::now() + kStopGrace;
  } else if (steady_clock::now() >= *last->kill_at) {
    log::warning("a daemon does not stop; killing it", {{"daemon", last->daemon.name}});
    last->child->send(SIGKILL);
  }
}

void Supervisor::signalled(int signal) {
  const bool terminal_closed = signal == SIGHUP && on_terminal_ && isatty(STDERR_FILENO) == 0;
  if ((signal != SIGHUP || terminal_closed) && !stopping_) {
    begin_stop();
    return;
  }
  for (Watched& one : watched_) {
    if (one.child) one.child->send(signal == SIGHUP ? SIGHUP : SIGKILL);
  }
}

}  // namespace hearthmail::cli
