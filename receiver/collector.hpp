// Collector: takes bodies away that no message refers to any more, some time after the last one went (store/FORMAT.md,
// "References"). A thread of its own, because it waits for the store's writer; it works in small jobs, so that mail is not
// kept waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/mail/mail.hpp"

namespace hearthmail::receiver {

// A FETCH of a message that another session expunged goes on for as long.
constexpr std::chrono::minutes kGarbageGrace{10};
constexpr std::chrono::minutes kCollectionPause{1};
constexpr std::uint64_t kCollectionJob = 16U << 20U;  // octets of messages removed in one job of the writer

class Collector {
 public:
  explicit Collector(store::mail::Store& mail, std::chrono::seconds grace = kGarbageGrace,
                     std::chrono::milliseconds pause = kCollectionPause);
  ~Collector();  // finishes the job under way
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

 private:
  void run();
  void collect();
  bool stopping();

  store::mail::Store& mail_;
  std::chrono::seconds grace_;
  std::chrono::milliseconds pause_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;  // last
};

}  // namespace hearthmail::receiver
