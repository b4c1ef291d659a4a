// NOTIFY, RFC 5465: between commands, what has changed is told as it happens.
#include "common/log/log.hpp"
#include "receiver/imap/session.hpp"
#include "receiver/imap/watch.hpp"

namespace hearthmail::receiver::imap {

// Before the session waits for its client. What changes from then on interrupts the wait.
base::Task<void> Session::tell_events() {
  if (connection_.watch() == nullptr || !framer_.idle()) co_return;
  co_await tell_selected();
  bool more = connection_.watch()->has_news();
  while (more && !over_) {
    const auto tell = [this](const store::mail::ReadTxn& txn) {
      return connection_.watch()->tell(txn, connection_.out);
    };
    const auto told = connection_.env().read(tell);
    if (!told.ok()) stop_watching(told.error());
    more = told.ok() && *told;
    co_await flush();
  }
}

// The client must not believe that it still hears of everything (RFC 5465 §5.8).
void Session::stop_watching(const base::Error& error) {
  if (error.code != base::Errc::OverLimit) {
    log::error("imap events cannot be read", {{"user", connection_.user()}, {"reason", error.text}});
  }
  connection_.watch(nullptr);
  connection_.out += "* OK [NOTIFICATIONOVERFLOW] Nothing more is told without being asked for\r\n";
}

// The selected mailbox: its news, and the items that are wanted of its new messages.
base::Task<void> Session::tell_selected() {
  Watch& watch = *connection_.watch();
  const auto how = watch.selected();
  std::optional<base::MailboxId> box;
  if (how.has_value() && connection_.has_view()) box = connection_.view().box();
  const bool moved = box != announced_box_;
  if (moved && box.has_value()) announced_ = connection_.view().last_uid();
  announced_box_ = box;
  const bool changed = watch.follow_selected(box);
  if (!box.has_value()) co_return;
  if (changed) {
    co_await sync(*how);
    end_when_blind();
  }
  if (over_ || !connection_.has_view()) co_return;
  const base::Uid last = connection_.view().last_uid();
  const base::Uid first{announced_.value + 1};
  announced_ = last;
  if (watch.new_items().empty() || first > last) co_return;
  parse::FetchArgs args;
  args.uid = true;
  args.set.push_back({first.value, last.value});
  args.items = watch.new_items();
  parse::Command command;
  command.verb = parse::Verb::Fetch;
  command.uid = true;
  command.args = std::move(args);
  connection_.completion = {};
  auto started = rule_for(command.verb).start(connection_, command);
  if (!started.ok()) co_return;
  Operation& operation = **started;
  const auto status = co_await run_operation(operation);
  if (!status.ok() && status.error().code == base::Errc::Closed) over_ = true;
}

}  // namespace hearthmail::receiver::imap
