// The writer thread: takes the waiting jobs, runs each so that it can be rolled back alone, commits once.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "common/base/sync_point.hpp"
#include "common/log/log.hpp"
#include "store/lmdb/handle.hpp"
#include "store/lmdb/metas.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Status;

namespace {

// A group ends at the first of these, so that its first job does not wait long for the last.
constexpr std::size_t kGroupJobs = 256;                // limits.md: groups of 128 make 40 k commits/s
constexpr std::size_t kGroupOctets = 8 * 1024 * 1024;  // put by its jobs
constexpr std::chrono::milliseconds kGroupTime{50};

// The writer waits after a commit until this part of those whom it has answered is back: the last ones would hold up all
// others, and go with the next commit. Measured with 8 and 32 clients, on an idle machine: 3 to 6 % more than with all.
constexpr std::size_t kGatheredQuarters = 3;

// How long the writer may wait after a commit for those whom it has answered: as long as the commit took, at most this.
constexpr std::chrono::microseconds kMostGathering{1'000};

// A signal is for main's thread.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// A fault for tests/crash only: the very thing that must never happen. The pause lets the answers go out.
template <class Jobs>
void reply_early(Jobs& kept) {
  for (auto& job : kept) job.done(base::ok());
  kept.clear();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  base::sync_point("after-reply-before-commit");
}

}  // namespace

struct Env::Impl::Group {
  MDB_txn* top = nullptr;
  std::vector<Job> kept;  // their changes are in `top`
  std::vector<std::uint64_t> topics;
  std::size_t octets = 0;
  bool changed = false;
  bool closed = false;  // an Own job: nothing may join it
  std::chrono::steady_clock::time_point began;
};

void Env::Impl::start() {
  writer = std::thread([this] { run(); });
}

void Env::Impl::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  arrived.notify_all();
  verifier_stops.notify_all();
  if (writer.joinable()) writer.join();
  if (verifier.joinable()) verifier.join();
}

void Env::Impl::submit(Job job) {
  std::optional<Error> refused;
  bool enough = false;
  {
    const std::lock_guard lock(mutex);
    if (failure) refused = *failure;
    else if (stopping) refused = Error{Errc::Unavailable, directory + ": the environment is closing"};
    else queue.push_back(std::move(job));
    enough = queue.size() >= wanted;
  }
  if (refused) job.done(*refused);
  else if (enough) arrived.notify_one();
}

// Waits for the next group's jobs; false when the environment closes. A commit takes long whatever it holds, and those whom
// the last one answered often come back at once (a client with many messages): without waiting for them, the first one
// that comes would be committed alone while all the others wait.
bool Env::Impl::wait_for_jobs() {
  std::unique_lock lock(mutex);
  wanted = answered + queue.size();
  const auto gathered = [this] { return stopping || queue.size() >= wanted; };
  if (wanted > 1) arrived.wait_until(lock, gather_until, gathered);
  wanted = 1;
  arrived.wait(lock, gathered);
  return !queue.empty();
}

void Env::Impl::run() {
  block_signals();
  keep_ahead();
  while (wait_for_jobs()) {
    Group group;
    answered = 0;
    run_group(group);
  }
}

// The next job that may join the group.
bool Env::Impl::take(Group& group, Job& job) {
  const bool first = group.kept.empty();
  if (!first && (group.closed || group.kept.size() >= kGroupJobs || group.octets >= kGroupOctets)) return false;
  if (!first && std::chrono::steady_clock::now() - group.began > kGroupTime) return false;
  const std::lock_guard lock(mutex);
  if (queue.empty() || (!first && queue.front().isolation == Isolation::Own)) return false;
  job = std::move(queue.front());
  queue.pop_front();
  return true;
}

void Env::Impl::run_group(Group& group) {
  Job job;
  while (take(group, job)) {
    if (group.top != nullptr) {
      run_next(group, std::move(job));
    } else if (!run_first(group, std::move(job))) {
      return;  // nothing to commit; the thread looks at the queue again
    }
  }
  if (group.top != nullptr) commit(group);
}

// A large message may not fit into the memory: then only its job fails.
Status Env::Impl::run_job(const Job& job, WriteTxn& txn) {
  try {
    return job.run(txn);
  } catch (const std::bad_alloc&) {
    return Error{Errc::Unavailable, "out of memory"};
  }
}

// Runs the group's first job directly in the top transaction: there is nobody else's work to protect yet.
bool Env::Impl::run_first(Group& group, Job job) {
  std::optional<Error> refused;
  {
    const std::lock_guard lock(mutex);
    refused = failure;
  }
  if (refused) {
    job.done(*refused);
    return false;
  }
  auto top = snapshots.begin_write();
  if (!top.ok()) {
    job.done(top.error());
    return false;
  }
  auto impl = std::make_unique<ReadTxn::Impl>();
  impl->txn = *top;
  impl->tables = &tables;
  auto* state = impl.get();
  WriteTxn txn(std::move(impl));
  Status status = run_job(job, txn);
  if (status.ok() && state->broken) status = *state->broken;
  if (!status.ok()) {
    mdb_txn_abort(*top);
    snapshots.end_write();
    job.done(status);
    return false;
  }
  group.began = std::chrono::steady_clock::now();
  group.top = *top;
  group.closed = job.isolation == Isolation::Own;
  base::sync_point("after-write");
  group.octets = state->octets;
  group.changed = state->changed;
  group.topics = std::move(state->topics);
  group.kept.push_back(std::move(job));
  return true;
}

void Env::Impl::run_next(Group& group, Job job) {
  MDB_txn* child = nullptr;
  int code = mdb_txn_begin(env, group.top, 0, &child);
  if (code != 0) {
    job.done(to_error(code, "begin a job"));
    return;
  }
  auto impl = std::make_unique<ReadTxn::Impl>();
  impl->txn = child;
  impl->tables = &tables;
  auto* state = impl.get();
  WriteTxn txn(std::move(impl));
  Status status = run_job(job, txn);
  if (status.ok() && state->broken) status = *state->broken;
  if (!status.ok()) {
    mdb_txn_abort(child);
    job.done(status);
    return;
  }
  code = mdb_txn_commit(child);
  if (code != 0) {
    job.done(to_error(code, "keep a job"));
    return;
  }
  base::sync_point("after-write");
  group.octets += state->octets;
  group.changed = group.changed || state->changed;
  group.topics.insert(group.topics.end(), state->topics.begin(), state->topics.end());
  group.kept.push_back(std::move(job));
}

void Env::Impl::commit(Group& group) {
  if (base::fault("reply-before-commit")) reply_early(group.kept);
  base::sync_point("before-commit");
  int code = group.changed ? stamp(group.top, main_tree) : 0;
  if (code == 0 && group.changed) code = write_format(group.top);
  if (code != 0) {  // no room or no memory: nothing was written
    mdb_txn_abort(group.top);
    snapshots.end_write();
    for (Job& job : group.kept) job.done(to_error(code, directory + ": number the commit"));
    return;
  }
  const auto began = std::chrono::steady_clock::now();
  code = mdb_txn_commit(group.top);
  snapshots.end_write();
  if (code != 0) {
    Error error = to_error(code, directory + ": commit");
    error.code = Errc::Unavailable;
    if (only_full(code, group.octets)) tell_full(error);
    else fail("commit failed", error);
    for (Job& job : group.kept) job.done(error);
    return;
  }
  full_told = false;
  if (group.changed) older_format = false;
  commits.fetch_add(1, std::memory_order_relaxed);
  jobs.fetch_add(group.kept.size(), std::memory_order_relaxed);
  base::sync_point("after-commit");
  std::function<void(std::span<const std::uint64_t>)> hook;
  if (!group.topics.empty()) {
    std::sort(group.topics.begin(), group.topics.end());
    group.topics.erase(std::unique(group.topics.begin(), group.topics.end()), group.topics.end());
    const std::lock_guard lock(mutex);
    hook = committed_hook;
  }
  if (hook) hook(group.topics);
  const auto ended = std::chrono::steady_clock::now();
  gather_until = ended + std::min<std::chrono::steady_clock::duration>(ended - began, kMostGathering);
  answered = (group.kept.size() * kGatheredQuarters + 2) / 4;
  for (Job& job : group.kept) job.done(base::ok());
  keep_ahead();
}

void Env::Impl::tell_full(const Error& error) {
  if (!full_told)
    log::error("no room for a commit: refused, nothing was changed", {{"directory", directory}, {"error", error.text}});
  full_told = true;
}

// House rule: after a failed commit nobody knows what is on the disk, so nothing more is written by this process.
void Env::Impl::fail(std::string_view event, const Error& error) {
  std::function<void(const Error&)> hook;
  {
    const std::lock_guard lock(mutex);
    failure = error;
    hook = failed_hook;
  }
  log::error(event, {{"directory", directory}, {"error", error.text}});
  if (hook) hook(error);
}

void Env::submit(Job job) { impl_->submit(std::move(job)); }

void Env::submit_and_wait(Job job) {
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
  auto report = std::move(job.done);
  job.done = [&](Status committed) {
    report(std::move(committed));
    const std::lock_guard lock(mutex);
    done = true;
    finished.notify_one();
  };
  submit(std::move(job));
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return done; });
}

void Env::on_committed(std::function<void(std::span<const std::uint64_t>)> hook) {
  const std::lock_guard lock(impl_->mutex);
  impl_->committed_hook = std::move(hook);
}

void Env::on_failed(std::function<void(const Error&)> hook) {
  const std::lock_guard lock(impl_->mutex);
  impl_->failed_hook = std::move(hook);
}

}  // namespace hearthmail::store::lmdb
