// The only door to LMDB: an ordered key-value store with snapshots, one writer thread and group commit.
//
// LMDB runs in its default sync mode (never NOSYNC, NOMETASYNC, WRITEMAP): when write() reports success, the data is on
// stable storage. Keys are at most kMaxKey octets. Views returned by a transaction live until it ends or, in a write
// transaction, until the next change.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/base/task.hpp"

namespace hearthmail::store::lmdb {

constexpr std::size_t kMaxKey = 511;  // octets, LMDB's compiled-in limit

// A named table of an environment. `index` is its position in EnvOptions::tables.
struct Table {
  std::uint32_t index = 0;
};

struct KeyValue {
  std::string_view key;
  std::string_view value;
};

class Cursor;

// A snapshot. Lives at most about a second and never across a co_await.
class ReadTxn {
 public:
  virtual ~ReadTxn();
  ReadTxn(const ReadTxn&) = delete;
  ReadTxn& operator=(const ReadTxn&) = delete;

  // nullopt when the key is absent. Errors: Corrupt, Unavailable.
  base::Result<std::optional<std::string_view>> get(Table table, std::string_view key) const;
  // Walks keys in order.
  Cursor cursor(Table table) const;
  base::Result<std::uint64_t> entries(Table table) const;

 protected:
  friend class Env;
  friend class Cursor;
  struct Impl;
  explicit ReadTxn(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What a job of the writer thread works in. It may be rolled back, so a job changes nothing but its transaction and
// its result.
class WriteTxn : public ReadTxn {
 public:
  base::Status put(Table table, std::string_view key, std::string_view value);
  // Like put, but fails with Exists when the key is present.
  base::Status insert(Table table, std::string_view key, std::string_view value);
  // False when the key was absent.
  base::Result<bool> erase(Table table, std::string_view key);
  // Erases every key that starts with `prefix`; returns how many.
  base::Result<std::uint64_t> erase_prefix(Table table, std::string_view prefix);
  // Reports `topic` to the environment's on_committed hook once the commit is durable (not when it is rolled back).
  void notify(std::uint64_t topic);

 private:
  friend class Env;
  using ReadTxn::ReadTxn;
};

// Ordered iteration. Each call positions or moves; nullopt means the end. Valid while its transaction is.
class Cursor {
 public:
  ~Cursor();
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) = delete;
  base::Result<std::optional<KeyValue>> seek(std::string_view at_or_after);
  base::Result<std::optional<KeyValue>> next();
  base::Result<std::optional<KeyValue>> previous();
  base::Result<std::optional<KeyValue>> last();

 private:
  friend class ReadTxn;
  struct Impl;
  explicit Cursor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Does `value` belong under `key`? For tables whose values carry a checksum that covers both.
using Belongs = bool (*)(std::string_view key, std::string_view value);

// What open() makes of a record that does not belong under its key. It is put back when the key that it had can be told;
// and when it cannot be told whether key or value was damaged, so that something may be missing where it belongs:
enum class Misplaced {
  Report,  // it is named in the log, and all else is used
  Refuse,  // Corrupt: nothing is used
  Leave,   // nothing is looked at, put back or logged: for `hearthmail check`, which reports every record itself
};

struct EnvOptions {
  std::vector<std::string> tables;   // names, in index order
  std::uint32_t format_version = 1;  // a newer environment is refused, naming both versions
  // Address space, not memory: the file grows as needed. The same in every process, or the others must map anew. 512 GiB
  // is what all sanitizers can map (ThreadSanitizer refuses 1 TiB).
  std::uint64_t map_octets = 512ULL << 30U;
  std::uint32_t max_readers = 1024;
  // How long open() may check pages; the rest is checked in the background. A store of some hundred MB is done in it.
  std::chrono::milliseconds check_at_open{1000};
  std::string schema;         // "mail", "queue", "accounts": refused when the file is another one
  std::vector<Table> sealed;  // those for which `belongs` is asked while their pages are checked
  Belongs belongs = nullptr;
  Misplaced misplaced = Misplaced::Report;
};

// How the writer treats one job.
enum class Isolation {
  Child,  // in a child transaction of the group (the default)
  Own,    // alone in a top transaction: for bodies over kLargeJob octets, which a child would copy
};
constexpr std::size_t kLargeJob = 1024 * 1024;  // octets; limits.md: child transactions cost 2.5x at 1 MB

class Env {
 public:
  // Opens or creates DIR/data.mdb. One Env per directory and process (a second open in the same process is refused).
  // Errors: Unsupported (newer format), Corrupt (the file was cut or its pages are damaged; the text names `restore`),
  // Unavailable.
  static base::Result<std::unique_ptr<Env>> open(const std::string& directory, EnvOptions options);
  ~Env();  // finishes waiting jobs, joins the writer thread
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;

  // Runs `fn(const ReadTxn&)` in a snapshot on the calling thread; returns what it returns (a Result or Status).
  template <class F>
  std::invoke_result_t<F, const ReadTxn&> read(F&& fn) const {
    auto txn = begin_read();
    if (!txn.ok()) return std::move(txn).error();
    return fn(**txn);
  }

  // Runs `fn(WriteTxn&)` on the writer thread and waits until its group is durable. An error from `fn` rolls back only
  // this job. Blocks the calling thread: for the command line and tests.
  template <class F>
  std::invoke_result_t<F, WriteTxn&> write(F fn, Isolation isolation = Isolation::Child);

  // The same for coroutines: resumes the caller on its own executor after the commit.
  template <class F>
  base::Task<std::invoke_result_t<F, WriteTxn&>> write_async(F fn, Isolation isolation = Isolation::Child);

  // Called on the writer thread after each durable commit with the topics its jobs reported, without repeats.
  void on_committed(std::function<void(std::span<const std::uint64_t>)> hook);
  // Called once when a commit failed and nobody knows what is on the disk: the environment refuses every later write with
  // Unavailable; the program should exit and be started again. A full disk is not such a failure: that group is refused
  // with Unavailable, nothing of it is there, and the next one is tried.
  void on_failed(std::function<void(const base::Error&)> hook);

  // Octets of free pages within the file, which new records may fill without growing it.
  base::Result<std::uint64_t> reusable_octets() const;
  // Reads every page's structure (structure.hpp), however long it takes, in short snapshots; for `hearthmail check`.
  // Corrupt, naming the page. Returns how many pages are neither used nor free (0 when one snapshot was too short to see
  // it): they only waste room.
  base::Result<std::uint64_t> check_pages() const;

  // Frees the slots of dead readers (other processes that were killed). Call at start and every minute.
  void check_readers();
  struct Stats {
    std::uint64_t commits = 0;
    std::uint64_t jobs = 0;
    std::uint64_t file_octets = 0;
    std::uint64_t used_pages = 0;
    std::uint64_t lost_records = 0;  // damaged so that they may be missing where they belong; named in the log
  };
  Stats stats() const;

 private:
  struct Impl;
  // A queued job: `run` executes in the transaction and stores its own result; it returns the status that decides
  // between keeping and rolling back. `done` is called (on the writer thread) with the commit's status.
  struct Job {
    std::function<base::Status(WriteTxn&)> run;
    std::function<void(base::Status)> done;
    Isolation isolation = Isolation::Child;
  };
  explicit Env(std::unique_ptr<Impl> impl);
  base::Result<std::unique_ptr<ReadTxn>> begin_read() const;
  void submit(Job job);
  void submit_and_wait(Job job);
  template <class R>
  friend struct WriteAwait;

  std::unique_ptr<Impl> impl_;
};

// The awaiter behind write_async. `result` is set by the job and replaced when the commit failed.
template <class R>
struct WriteAwait {
  Env& env;
  std::function<R(WriteTxn&)> fn;
  Isolation isolation;
  std::optional<R> result;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    base::Executor* home = base::Executor::current();
    Env::Job job;
    job.isolation = isolation;
    job.run = [this](WriteTxn& txn) -> base::Status {
      result.emplace(fn(txn));
      if (!result->ok()) return result->error();
      return base::ok();
    };
    job.done = [this, home, caller](base::Status committed) {
      if (!committed.ok()) {
        if (!result.has_value() || result->ok()) result.emplace(committed.error());
      }
      home->post([caller] { caller.resume(); });
    };
    env.submit(std::move(job));
  }
  R await_resume() { return std::move(*result); }
};

template <class F>
std::invoke_result_t<F, WriteTxn&> Env::write(F fn, Isolation isolation) {
  using R = std::invoke_result_t<F, WriteTxn&>;
  std::optional<R> result;
  Job job;
  job.isolation = isolation;
  job.run = [&](WriteTxn& txn) -> base::Status {
    result.emplace(fn(txn));
    if (!result->ok()) return result->error();
    return base::ok();
  };
  job.done = [&](base::Status committed) {
    if (committed.ok()) return;
    if (!result.has_value() || result->ok()) result.emplace(committed.error());
  };
  submit_and_wait(std::move(job));
  return std::move(*result);
}

template <class F>
base::Task<std::invoke_result_t<F, WriteTxn&>> Env::write_async(F fn, Isolation isolation) {
  WriteAwait<std::invoke_result_t<F, WriteTxn&>> waiting{*this, std::move(fn), isolation, {}};
  auto result = co_await waiting;
  co_return result;
}

}  // namespace hearthmail::store::lmdb
