#include "receiver/collector.hpp"

#include <csignal>

#include "common/log/log.hpp"
#include "receiver/imap/normal_names.hpp"
#include "store/mail/deliveries.hpp"

namespace hearthmail::receiver {

namespace mail = store::mail;

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
  imap::normalise_names(mail_, [this] { return stopping(); });
  for (;;) {
    const base::UnixTime now = base::Clock::system().now();
    collect(now - times_.grace.count());
    forget(now - times_.deliveries.count());
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, times_.pause, [this] { return stopping_; })) return;
  }
}

template <class Due, class Job, class Add>
void Collector::work(std::string_view trouble, Due due, Job job, Add add) {
  const auto some = mail_.env().read(due);
  bool more = some.ok() && *some;
  while (more && !stopping()) {
    const auto done = mail_.env().write(job);
    if (!done.ok()) {
      log::warning(trouble, {{"error", done.error().text}});
      return;
    }
    more = add(*done);
  }
}

void Collector::collect(base::UnixTime upto) {
  mail::Collected all;
  work(
      "bodies without messages cannot be collected now",
      [upto](const mail::ReadTxn& txn) { return mail::has_garbage(txn, upto); },
      [upto](mail::WriteTxn& txn) { return mail::collect_garbage(txn, upto, kCollectionJob); },
      [&all](const mail::Collected& some) {
        all.bodies += some.bodies;
        all.octets += some.octets;
        return some.more;
      });
  if (all.bodies > 0) log::info("collected bodies without messages", {{"bodies", all.bodies}, {"octets", all.octets}});
}

void Collector::forget(base::UnixTime upto) {
  std::size_t all = 0;
  work(
      "old deliveries cannot be forgotten now",
      [upto](const mail::ReadTxn& txn) { return mail::has_old_deliveries(txn, upto); },
      [upto](mail::WriteTxn& txn) { return mail::forget_deliveries(txn, upto, kForgetJob); },
      [&all](std::size_t some) {
        all += some;
        return some == kForgetJob;
      });
  if (all > 0) log::info("forgot old deliveries", {{"deliveries", all}});
}

}  // namespace hearthmail::receiver
