// The check of the pages at open: what can be read within the time that a start may take, then the rest in the background.
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "common/log/log.hpp"
#include "store/lmdb/handle.hpp"
#include "store/lmdb/metas.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using std::chrono::steady_clock;

namespace {

// One part of the background's work is one snapshot; limits.md: a snapshot lives at most about a second.
constexpr std::chrono::milliseconds kPart{200};
constexpr std::chrono::milliseconds kBetweenParts{200};
constexpr std::chrono::milliseconds kCheckPart{500};  // when somebody waits for it
constexpr int kMostTries = 20;
constexpr std::size_t kMostMisfits = 200;  // in one part; with more, the table's pages are none of ours

// The pages of the snapshot `txn`. Nothing: two commits have gone by since it was opened, and its meta page is overwritten.
std::optional<layout::Meta> meta_of(const PageFile& file, std::uint64_t transaction) {
  for (std::uint64_t i = 0; i < layout::kMetaPages; ++i) {
    std::string page;
    if (!file.read(i, layout::kMetaEnd, page)) continue;
    const layout::Meta meta = layout::load_meta(page);
    if (meta.transaction == transaction) return meta;
  }
  return std::nullopt;
}

std::string note_of(const std::string& directory) { return directory + "/damaged"; }

// Only the background found it, so the next start must look at everything before it serves.
void leave_note(const std::string& directory, const Error& error) {
  std::ofstream(note_of(directory)) << error.text << "\n";
}

bool has_note(const std::string& directory) { return ::access(note_of(directory).c_str(), F_OK) == 0; }

}  // namespace

// Reads one snapshot's pages from `place` on, until `ends`. True: all were read.
Result<bool> Env::Impl::verify_part(Structure::Place& place, steady_clock::time_point ends, Seen& seen) {
  MDB_stat stat{};
  mdb_env_stat(env, &stat);
  int fd = -1;
  mdb_env_get_fd(env, &fd);
  const PageFile file(fd, stat.ms_psize);
  for (int tries = 0; tries < kMostTries; ++tries) {
    TRY_ASSIGN(MDB_txn * txn, snapshots.begin());
    const std::uint64_t transaction = mdb_txn_id(txn);
    const auto meta = meta_of(file, transaction);
    if (!meta) {
      snapshots.end(txn);
      continue;
    }
    const auto done = verify_snapshot(file, *meta, place, ends, seen);
    snapshots.end(txn);
    for (Misfit& one : seen.misfits) examine(one, belongs);
    return done;
  }
  return false;  // a busy environment: another time
}

Result<bool> Env::Impl::verify_snapshot(const PageFile& file, const layout::Meta& meta, Structure::Place& place,
                                        steady_clock::time_point ends, Seen& seen) {
  Structure structure(file, meta);
  const auto look = [&](const std::string& table, std::string_view key, std::string_view value) {
    if (belongs(key, value) || seen.misfits.size() > kMostMisfits) return;
    seen.misfits.push_back({table, std::string(key), std::string(value)});
  };
  if (misplaced != Misplaced::Leave) structure.show(sealed, look);
  TRY(structure.begin());
  TRY(check_stamp(structure, meta.transaction));
  if (!place.table.empty()) structure.skip_to(place);
  TRY_ASSIGN(const bool all, structure.leaves(ends));
  place = structure.place();
  if (all) TRY(structure.finish());
  if (all) seen.lost = structure.lost_pages();
  if (seen.misfits.size() > kMostMisfits) {
    return Error{Errc::Corrupt,
                 "data.mdb is damaged: over " + std::to_string(kMostMisfits) +
                     " records do not fit their checksums; restore it from a backup with `hearthmail restore`"};
  }
  return all;
}

Status Env::Impl::verify(std::chrono::milliseconds budget) {
  Structure::Place place;
  const bool noted = has_note(directory);
  const auto ends = noted ? steady_clock::time_point::max() : steady_clock::now() + budget;
  Seen seen;
  TRY_ASSIGN(const bool all, verify_part(place, ends, seen));
  TRY(settle(seen.misfits));
  if (all) {
    if (noted) ::unlink(note_of(directory).c_str());
    return base::ok();
  }
  log::info("the pages are checked further while the store is used", {{"directory", directory}});
  verifier = std::thread([this, place] { verify_in_background(place); });
  return base::ok();
}

// One part, while others use the store. A key that was damaged is put back by the next start, before it serves.
Result<bool> Env::Impl::verify_further(Structure::Place& place) {
  Seen seen;
  TRY_ASSIGN(const bool all, verify_part(place, steady_clock::now() + kPart, seen));
  for (const Misfit& one : seen.misfits) {
    if (one.wrong == Misfit::Wrong::Key) return misplaced_error(one);
  }
  TRY(settle(seen.misfits));
  return all;
}

void Env::Impl::verify_in_background(Structure::Place place) {
  sched_param none{};
  ::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none);
  for (;;) {
    {
      std::unique_lock lock(mutex);
      if (verifier_stops.wait_for(lock, kBetweenParts, [this] { return stopping; })) return;
    }
    const auto all = verify_further(place);
    if (!all.ok()) {
      if (all.error().code != Errc::Corrupt) continue;  // no snapshot was to be had
      leave_note(directory, all.error());
      fail("damage found", base::with_context(directory, all.error()));
      return;
    }
    if (!*all) continue;
    log::info("all pages were checked", {{"directory", directory}});
    return;
  }
}

Result<std::uint64_t> Env::check_pages() const {
  Structure::Place place;
  Impl::Seen seen;
  for (int without_progress = 0; without_progress < kMostTries; ++without_progress) {
    const Structure::Place before = place;
    TRY_ASSIGN(const bool all, impl_->verify_part(place, steady_clock::now() + kCheckPart, seen));
    if (all) return before.table.empty() ? seen.lost : std::uint64_t{0};
    if (before.table != place.table || before.key != place.key) without_progress = 0;
  }
  return Error{Errc::Unavailable, impl_->directory + ": the environment is too busy to check its pages"};
}

}  // namespace hearthmail::store::lmdb
