// Inside store/lmdb only: what the public classes hide, and the translation of LMDB's return codes.
#pragma once

#include <lmdb.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "store/lmdb/env.hpp"
#include "store/lmdb/misfit.hpp"
#include "store/lmdb/structure.hpp"

namespace hearthmail::store::lmdb {

// A refusal in our words: full and failing disks alike are Unavailable, a broken file is Corrupt and names `restore`.
base::Error to_error(int code, std::string_view what);

inline MDB_val to_val(std::string_view octets) { return {octets.size(), const_cast<char*>(octets.data())}; }
inline std::string_view to_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// The snapshots that are open, and finished ones kept for the next caller: renewing one costs no lock-table search.
// It also knows whether the map may be exchanged (MDB_MAP_RESIZED: another process works with a larger map).
class Snapshots {
 public:
  void attach(MDB_env* env) { env_ = env; }
  base::Result<MDB_txn*> begin();
  void end(MDB_txn* txn);
  // Opens the writer's top transaction; waits for the other processes' writers.
  base::Result<MDB_txn*> begin_write();
  void end_write();
  void clear();

 private:
  static constexpr std::size_t kKept = 64;  // finished snapshots; each holds a slot of the reader table
  bool adopt_map(bool writing);

  MDB_env* env_ = nullptr;
  std::mutex mutex_;
  std::vector<MDB_txn*> idle_;
  std::size_t open_ = 0;
  bool writing_ = false;
};

struct ReadTxn::Impl {
  MDB_txn* txn = nullptr;
  const std::vector<MDB_dbi>* tables = nullptr;
  Snapshots* snapshots = nullptr;  // set for a snapshot: where it returns to
  // Of a write transaction only:
  std::vector<std::uint64_t> topics;
  std::size_t octets = 0;             // put so far
  bool changed = false;               // something was put or erased
  std::optional<base::Error> broken;  // LMDB refused a change: the transaction can only be rolled back
  ~Impl() {
    if (snapshots != nullptr) snapshots->end(txn);
  }
};

struct Cursor::Impl {
  MDB_cursor* cursor = nullptr;
  int opened = 0;  // the code of mdb_cursor_open, reported by the first call
  ~Impl() {
    if (cursor != nullptr) mdb_cursor_close(cursor);
  }
};

// The directory's place in the list of open environments; LMDB breaks when one is opened twice in a process.
class OpenDirectory {
 public:
  static base::Result<OpenDirectory> claim(const std::string& directory);
  OpenDirectory() = default;
  OpenDirectory(OpenDirectory&& other) noexcept : identity_(std::exchange(other.identity_, {})) {}
  OpenDirectory& operator=(OpenDirectory&& other) noexcept {
    std::swap(identity_, other.identity_);
    return *this;
  }
  ~OpenDirectory();

 private:
  std::optional<std::pair<std::uint64_t, std::uint64_t>> identity_;  // device and inode
};

struct Env::Impl {
  ~Impl();
  // open.cpp
  base::Status open_file(const std::string& directory, const EnvOptions& options);
  base::Status open_lmdb(const std::string& directory, const EnvOptions& options);
  base::Status open_tables(const EnvOptions& options);
  base::Result<bool> try_tables(MDB_txn* txn, const EnvOptions& options, bool create);
  int write_format(MDB_txn* txn);
  // create.cpp: makes DIR/data.mdb with its tables, unless another process does
  static base::Status create_file(const std::string& directory, const EnvOptions& options);
  static base::Status make_file(const std::string& directory, const std::string& name, const EnvOptions& options);
  // verify.cpp
  base::Status verify(std::chrono::milliseconds budget);
  struct Seen {
    std::uint64_t lost = 0;  // pages that are neither used nor free, when all are read from the first on
    std::vector<Misfit> misfits;
  };
  base::Result<bool> verify_part(Structure::Place& place, std::chrono::steady_clock::time_point ends, Seen& seen);
  base::Result<bool> verify_snapshot(const PageFile& file, const layout::Meta& meta, Structure::Place& place,
                                     std::chrono::steady_clock::time_point ends, Seen& seen);
  void verify_in_background(Structure::Place place);
  base::Result<bool> verify_further(Structure::Place& place);
  // put_back.cpp: says which records are damaged, and puts back those whose key was
  base::Status settle(const std::vector<Misfit>& misfits);
  base::Status settle_lost(const Misfit& misfit);
  base::Result<bool> put_back(const Misfit& misfit) const;
  // writer.cpp
  void start();
  void stop();
  void submit(Job job);
  void run();

  OpenDirectory claimed;  // first: given back last
  std::string directory;
  MDB_env* env = nullptr;
  int lock_file = -1;    // a descriptor of our own
  MDB_dbi versions = 0;  // the table of the schema and its format
  std::uint32_t format_version = 0;
  bool older_format = false;     // the file's is lower; the first change raises it
  MDB_dbi main_tree = 0;         // where LMDB keeps the tables' roots, and we each commit's number
  std::set<std::string> sealed;  // tables whose records `belongs` is asked about
  Belongs belongs = nullptr;
  Misplaced misplaced = Misplaced::Report;
  std::atomic<std::uint64_t> lost_records{0};
  std::vector<MDB_dbi> tables;
  Snapshots snapshots;

  std::mutex mutex;  // guards the queue, the hooks, stopping and failure
  std::condition_variable arrived;
  std::condition_variable verifier_stops;
  std::deque<Job> queue;
  std::size_t wanted = 1;  // jobs for which the writer is woken
  bool stopping = false;
  std::optional<base::Error> failure;
  std::function<void(std::span<const std::uint64_t>)> committed_hook;
  std::function<void(const base::Error&)> failed_hook;
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> jobs{0};
  std::thread writer;
  std::thread verifier;  // reads the pages for which the start had no time

 private:
  struct Group;
  bool wait_for_jobs();
  bool take(Group& group, Job& job);
  void run_group(Group& group);
  static base::Status run_job(const Job& job, WriteTxn& txn);
  bool run_first(Group& group, Job job);
  void run_next(Group& group, Job job);
  void commit(Group& group);
  void fail(std::string_view event, const base::Error& error);
  void tell_full(const base::Error& error);
  // room.cpp
  void keep_ahead();
  bool only_full(int code, std::size_t octets);

  // Of the writer thread:
  std::size_t answered = 0;                              // jobs of the last commit that are waited for
  std::chrono::steady_clock::time_point gather_until{};  // how long to wait for them to come again
  std::uint64_t ahead_to = 0;                            // the file owns its blocks up to this octet
  std::chrono::steady_clock::time_point ahead_again{};   // not to be asked for before
  bool full_told = false;                                // in the log, once until a commit succeeds
};

// The highest page of `txn`'s snapshot lies within the file, or the pages past its end are all free ones that were never
// written. Reads with pread: a page that is missing must not be touched through the map (SIGBUS).
base::Status check_length(MDB_env* env, MDB_txn* txn);

}  // namespace hearthmail::store::lmdb
