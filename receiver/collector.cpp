#include "receiver/collector.hpp"

#include <csignal>

#include "common/base/clock.hpp"
#include "common/log/log.hpp"
#include "store/mail/deliveries.hpp"

namespace hearthmail::receiver {

Collector::Collector(store::mail::Store& mail, CollectorTimes times)
    : mail_(mail), times_(times), thread_([this] { run(); }) {}

Collector::~Collector() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Collector::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Collector::run() {
  sigset_t all;  // a signal is for main's thread
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (;;) {
    collect();
    forget();
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, times_.pause, [this] { return stopping_; })) return;
  }
}

void Collector::collect() {
  const base::UnixTime upto = base::Clock::system().now() - times_.grace.count();
  const auto due =
      mail_.env().read([upto](const store::mail::ReadTxn& txn) { return store::mail::has_garbage(txn, upto); });
  if (!due.ok() || !*due) return;
  store::mail::Collected all;
  bool more = true;
  while (more && !stopping()) {
    const auto some = mail_.env().write(
        [upto](store::mail::WriteTxn& txn) { return store::mail::collect_garbage(txn, upto, kCollectionJob); });
    if (!some.ok()) {
      log::warning("bodies without messages cannot be collected now", {{"error", some.error().text}});
      return;
    }
    all.bodies += some->bodies;
    all.octets += some->octets;
    more = some->more;
  }
  if (all.bodies > 0) log::info("collected bodies without messages", {{"bodies", all.bodies}, {"octets", all.octets}});
}

void Collector::forget() {
  const base::UnixTime upto = base::Clock::system().now() - times_.deliveries.count();
  const auto due =
      mail_.env().read([upto](const store::mail::ReadTxn& txn) { return store::mail::has_old_deliveries(txn, upto); });
  if (!due.ok() || !*due) return;
  std::size_t all = 0;
  bool more = true;
  while (more && !stopping()) {
    const auto some = mail_.env().write(
        [upto](store::mail::WriteTxn& txn) { return store::mail::forget_deliveries(txn, upto, kForgetJob); });
    if (!some.ok()) {
      log::warning("old deliveries cannot be forgotten now", {{"error", some.error().text}});
      return;
    }
    all += *some;
    more = *some == kForgetJob;
  }
  log::info("forgot old deliveries", {{"deliveries", all}});
}

}  // namespace hearthmail::receiver
