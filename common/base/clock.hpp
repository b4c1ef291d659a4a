// Clock: what time it is, replaceable in tests. Wall time is Unix seconds; steady time is for durations.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace hearthmail::base {

using Seconds = std::chrono::seconds;
using UnixTime = std::int64_t;  // seconds since 1970-01-01T00:00:00Z

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixTime now() const = 0;  // wall
  virtual std::chrono::steady_clock::time_point steady() const = 0;
  static const Clock& system();
};

// A clock that stands still until a test moves it.
class ManualClock : public Clock {
 public:
  explicit ManualClock(UnixTime start) : now_(start) {}
  UnixTime now() const override { return now_; }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point{Seconds{now_}};
  }
  void advance(Seconds by) { now_ += by.count(); }

 private:
  UnixTime now_;
};

// "Mon, 23 Nov 2026 18:38:50 +0000", RFC 5322 §3.3, in UTC.
std::string rfc5322_date(UnixTime time);
// "2026-11-23T18:38:50Z", RFC 3339, in UTC.
std::string rfc3339(UnixTime time);
// A duration for people: "45 s", "12 min", "3 h 20 min", "4 d 2 h".
std::string human(Seconds duration);

}  // namespace hearthmail::base
