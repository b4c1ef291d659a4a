#include <deque>

#include "tests/store/mail/fixture.hpp"

namespace hearthmail::store::mail {

namespace {

class Queue : public base::Executor {
 public:
  void post(std::function<void()> work) override { waiting.push_back(std::move(work)); }
  std::size_t run() {
    const std::size_t count = waiting.size();
    while (!waiting.empty()) {
      auto work = std::move(waiting.front());
      waiting.pop_front();
      work();
    }
    return count;
  }
  std::deque<std::function<void()>> waiting;
};

}  // namespace

TEST_CASE("changes fold into one call until it has run") {
  Feed feed;
  Queue home;
  int calls = 0;
  feed.subscribe(MailboxId{7}, home, [&] { ++calls; });
  const std::vector<std::uint64_t> topics{7}, others{8};
  feed.publish(topics);
  feed.publish(topics);
  feed.publish(others);
  CHECK(home.run() == 1);
  CHECK(calls == 1);
  feed.publish(topics);
  CHECK(home.run() == 1);
  CHECK(calls == 2);
}

TEST_CASE("after unsubscribe no call comes, not even one that was posted") {
  Feed feed;
  Queue home;
  int calls = 0, other_calls = 0;
  const auto subscription = feed.subscribe(MailboxId{7}, home, [&] { ++calls; });
  feed.subscribe(MailboxId{7}, home, [&] { ++other_calls; });
  const std::vector<std::uint64_t> topics{7};
  feed.publish(topics);
  feed.unsubscribe(subscription);
  feed.unsubscribe(subscription);
  home.run();
  feed.publish(topics);
  home.run();
  CHECK(calls == 0);
  CHECK(other_calls == 2);
}

TEST_CASE_METHOD(Fixture, "a commit wakes the subscribers of what it touched") {
  Queue home;
  std::string heard;
  const auto a = store->feed().subscribe(inbox, home, [&] { heard += "inbox "; });
  const auto b = store->feed().subscribe(trash, home, [&] { heard += "trash "; });
  const auto c = store->feed().subscribe(kAnn, home, [&] { heard += "list "; });
  const auto hear = [&] {
    heard.clear();
    // The hook runs on the writer thread before the write returns, so what it posted is here.
    home.run();
    return heard;
  };
  add(inbox, "1");
  CHECK(hear() == "inbox ");
  write([&](WriteTxn& txn) { return move(txn, inbox, uid_list({1}), trash); });
  CHECK(hear() == "inbox trash ");
  create("new");
  CHECK(hear() == "list ");
  write([&](WriteTxn& txn) { return store_flags(txn, trash, uid_list({1}), FlagChange{FlagMode::Remove, kSeen, {}}); });
  CHECK(hear() == "");
  for (const auto each : {a, b, c}) store->feed().unsubscribe(each);
}

}  // namespace hearthmail::store::mail
