#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

namespace {

struct Subscription {
  std::uint64_t id = 0;
  base::Executor* home = nullptr;
  std::function<void()> changed;
  std::atomic<bool> posted{false};  // a call waits on `home`; further changes fold into it
  bool ended = false;               // of home's thread
};

}  // namespace

struct Feed::Impl {
  std::uint64_t add(std::uint64_t topic, base::Executor& home, std::function<void()> changed) {
    auto subscription = std::make_shared<Subscription>();
    subscription->home = &home;
    subscription->changed = std::move(changed);
    const std::lock_guard lock(mutex);
    subscription->id = ++last_id;
    topics.emplace(subscription->id, topic);
    by_topic[topic].push_back(subscription);
    return subscription->id;
  }

  std::mutex mutex;
  std::uint64_t last_id = 0;
  std::map<std::uint64_t, std::uint64_t> topics;  // of each subscription
  // Shared by the feed and by the call that waits on the subscriber's executor.
  std::map<std::uint64_t, std::vector<std::shared_ptr<Subscription>>> by_topic;
};

Feed::Feed() : impl_(std::make_unique<Impl>()) {}
Feed::~Feed() = default;

std::uint64_t Feed::subscribe(MailboxId box, base::Executor& home, std::function<void()> changed) {
  return impl_->add(box.value, home, std::move(changed));
}

std::uint64_t Feed::subscribe(AccountId account, base::Executor& home, std::function<void()> changed) {
  return impl_->add(account_topic(account), home, std::move(changed));
}

void Feed::unsubscribe(std::uint64_t subscription) {
  const std::lock_guard lock(impl_->mutex);
  const auto topic = impl_->topics.find(subscription);
  if (topic == impl_->topics.end()) return;
  auto& listeners = impl_->by_topic[topic->second];
  std::erase_if(listeners, [&](const auto& listener) {
    if (listener->id != subscription) return false;
    listener->ended = true;
    return true;
  });
  if (listeners.empty()) impl_->by_topic.erase(topic->second);
  impl_->topics.erase(topic);
}

void Feed::publish(std::span<const std::uint64_t> topics) {
  const std::lock_guard lock(impl_->mutex);
  for (const std::uint64_t topic : topics) {
    const auto listeners = impl_->by_topic.find(topic);
    if (listeners == impl_->by_topic.end()) continue;
    for (const auto& listener : listeners->second) {
      if (listener->posted.exchange(true)) continue;
      listener->home->post([listener] {
        listener->posted.store(false);
        if (!listener->ended) listener->changed();
      });
    }
  }
}

}  // namespace hearthmail::store::mail
