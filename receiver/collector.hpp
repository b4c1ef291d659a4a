// Takes away what nobody needs any more: bodies without messages, some time after the last one went (store/FORMAT.md,
// "References"), and the names of the relay's deliveries, once none of them can be offered again ("Deliveries"). Once, at its
// beginning, it puts mailbox names in order (imap/normal_names.hpp), where that delays nobody.
//
// A thread of its own, because it waits for the store's writer. It works in small jobs, so that mail need not wait long.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include "common/base/clock.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver {

// A FETCH of a message that another session expunged goes on for as long.
constexpr std::chrono::minutes kGarbageGrace{10};
constexpr std::chrono::minutes kCollectionPause{1};
constexpr std::uint64_t kCollectionJob = 16U << 20U;  // octets of messages removed in one job of the writer
// A delivery of the relay is remembered for this much longer than the queue keeps trying it: attempts end with the lifetime,
// but mail that waits for a receiver that is away is tried beyond it.
constexpr std::chrono::hours kDeliveryMargin{24 * 9};
constexpr std::size_t kForgetJob = 1'000;  // deliveries forgotten in one job of the writer

struct CollectorTimes {
  std::chrono::seconds grace = kGarbageGrace;
  std::chrono::milliseconds pause = kCollectionPause;
  std::chrono::seconds deliveries = std::chrono::hours(24 * 5) + kDeliveryMargin;  // how long they are remembered
};

class Collector {
 public:
  Collector(store::mail::Store& mail, CollectorTimes times);
  ~Collector();  // finishes the job under way
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

 private:
  void run();
  void collect(base::UnixTime upto);
  void forget(base::UnixTime upto);
  // When `due` finds something: jobs of the writer, until `add`, which is given the result of each, says that nothing is
  // left. One that fails is logged as `trouble`; the next round tries again.
  template <class Due, class Job, class Add>
  void work(std::string_view trouble, Due due, Job job, Add add);
  bool stopping();

  store::mail::Store& mail_;
  CollectorTimes times_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;  // last
};

}  // namespace hearthmail::receiver
