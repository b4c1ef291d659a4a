#include "store/maintenance/backup.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "store/lmdb/copy.hpp"
#include "store/maintenance/files.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::chrono::milliseconds kTick{250};

// Tells how large a growing file is, from a thread of its own.
class Watcher {
 public:
  Watcher(std::string name, std::string file, std::uint64_t expected, const CopyProgress& progress)
      : thread_([this, name = std::move(name), file = std::move(file), expected, &progress] {
          std::unique_lock lock(mutex_);
          while (!ended_.wait_for(lock, kTick, [this] { return over_; })) {
            if (progress) progress(name, octets_in(file), expected);
          }
        }) {}
  ~Watcher() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    ended_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;  // last
};

Result<CopiedEnvironment> copy_one(const std::string& name, const std::string& from, const std::string& to,
                                   const CopyProgress& progress) {
  TRY(make_directory(to));
  const auto began = std::chrono::steady_clock::now();
  {
    const Watcher watcher(name, to + "/data.mdb", octets_in(from + "/data.mdb"), progress);
    TRY(lmdb::copy_environment(from, to));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  return CopiedEnvironment{name, octets_in(to + "/data.mdb"), took.count()};
}

Status enough_room(const std::string& data_directory, const std::string& staging) {
  std::uint64_t needed = 0;
  for (const std::string name : kEnvironments) needed += octets_in(data_directory + "/" + name + "/data.mdb");
  TRY_ASSIGN(const std::uint64_t free, free_octets(staging));
  if (free > needed) return base::ok();
  return Error{Errc::Unavailable, "there is not enough room for the copy: it needs " + std::to_string(needed) +
                                      " octets, and " + std::to_string(free) + " are free"};
}

Result<std::vector<CopiedEnvironment>> copy_all(const std::string& data_directory, const std::string& staging,
                                                const CopyProgress& progress) {
  TRY(enough_room(data_directory, staging));
  std::vector<CopiedEnvironment> copied;
  for (const std::string name : kEnvironments) {
    const std::string from = data_directory + "/" + name;
    if (!exists(from + "/data.mdb") && name != "accounts") continue;  // made when it is first needed
    TRY_ASSIGN(auto one, copy_one(name, from, staging + "/" + name, progress));
    copied.push_back(std::move(one));
  }
  TRY(sync_directory(staging));
  return copied;
}

}  // namespace

Result<std::vector<CopiedEnvironment>> copy_environments(const std::string& data_directory, const std::string& staging,
                                                         const CopyProgress& progress) {
  if (exists(staging)) return Error{Errc::Exists, staging + " is there already"};
  TRY(make_directory(staging));
  auto copied = copy_all(data_directory, staging, progress);
  if (!copied.ok()) {
    std::error_code ignored;
    std::filesystem::remove_all(staging, ignored);
  }
  return copied;
}

}  // namespace hearthmail::store::maintenance
