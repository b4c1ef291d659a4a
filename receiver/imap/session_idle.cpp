// IDLE, RFC 9051 §6.3.13: the mailbox's changes are told as they happen, until DONE.
#include "common/base/executor.hpp"
#include "common/base/text.hpp"
#include "receiver/imap/session.hpp"

namespace hearthmail::receiver::imap {

base::Task<void> Session::idle(parse::Command command) {
  store::mail::Feed& feed = services_.mail.feed();
  std::uint64_t subscription = 0;
  const bool follows = connection_.has_view();
  // Subscribed before the first look, so that nothing falls between.
  if (follows) {
    const auto wake = [this] { stream_->interrupt(); };
    subscription = feed.subscribe(connection_.view().box(), *base::Executor::current(), wake);
  }
  connection_.out += "+ idling\r\n";
  FramerEvent event;
  while (!over_) {
    co_await sync(MaySendExpunge::Yes);
    end_when_blind();
    if (over_) break;
    co_await tell_events();
    if (over_) break;
    event = framer_.next_line();
    if (event.kind != FramerEvent::Kind::NeedInput) break;
    co_await read_more();
  }
  if (follows) feed.unsubscribe(subscription);
  if (over_) co_return;
  const bool done = event.kind == FramerEvent::Kind::Line && base::iequals(base::trim(event.text), "DONE");
  if (!done) {
    bad(command.tag, "", "Expected DONE");
    framer_.refuse_line();
    co_return;
  }
  const base::Status status;
  co_await complete(command, status);
}

}  // namespace hearthmail::receiver::imap
