#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "store/lmdb/guard.hpp"
#include "store/lmdb/handle.hpp"
#include "store/lmdb/metas.hpp"
#include "store/lmdb/sync_mode.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr char kMetaTable[] = "hearthmail";
constexpr std::string_view kSchemaKey = "schema", kFormatKey = "format";

std::mutex open_mutex;
std::vector<std::pair<std::uint64_t, std::uint64_t>> open_directories;  // device and inode

// LMDB maps its lock file, which is made with a hole: on a full disk the first use of a page in it would be SIGBUS. The
// descriptor stays open as long as the environment: closing it would give up LMDB's own locks on the file.
int fill_lock_file(const std::string& directory) {
  const int file = ::open((directory + "/lock.mdb").c_str(), O_RDWR | O_CLOEXEC);
  struct stat info {};
  if (file < 0 || ::fstat(file, &info) != 0 || ::posix_fallocate(file, 0, info.st_size) != 0) {
    log::warning("no room for the whole lock file", {{"directory", directory}});
  }
  return file;
}

Status make_directory(const std::string& directory) {
  std::error_code failed;
  const std::filesystem::path path(directory);
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), failed);
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return base::ok();
  return Error{Errc::Unavailable, "make directory " + directory + ": " + std::strerror(errno)};
}

std::string number(std::uint32_t value) { return base::Encoder().u32(value).str(); }

Error other_schema(std::string_view found, const std::string& wanted) {
  return {Errc::Unsupported, "holds the \"" + base::printable(found) + "\" tables, not \"" + wanted +
                                 "\"; if nobody put another file there it is damaged: `hearthmail restore`"};
}

Error other_format(std::uint32_t found, std::uint32_t ours) {
  const std::string versions =
      "format " + std::to_string(found) + ", and this program works with format " + std::to_string(ours);
  return {Errc::Unsupported, "was written by a newer Hearthmail in " + versions +
                                 "; upgrade it; if there never was one here it is damaged: `hearthmail restore`"};
}

// The named table's value under `key`, straight from LMDB.
Result<std::optional<std::string_view>> read_meta(MDB_txn* txn, MDB_dbi meta, std::string_view key) {
  MDB_val k = to_val(key);
  MDB_val v{};
  const int code = mdb_get(txn, meta, &k, &v);
  if (code == MDB_NOTFOUND) return std::optional<std::string_view>{};
  if (code != 0) return to_error(code, "read the format version");
  return std::optional<std::string_view>{to_view(v)};
}

Status write_meta(MDB_txn* txn, MDB_dbi meta, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  const int code = mdb_put(txn, meta, &k, &v, 0);
  if (code != 0) return to_error(code, "write the format version");
  return base::ok();
}

// A table is missing. It may be younger than the file, and is made then; but when there is one that we do not know, its name
// was damaged, and an empty table in its place would be a loss without a word.
Status check_names(MDB_txn* txn, MDB_dbi main_tree, const EnvOptions& options) {
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(txn, main_tree, &cursor);
  std::optional<std::string> unknown;
  MDB_val key{}, value{};
  while (code == 0 && !unknown && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    const std::string name(to_view(key));
    const bool ours = name == kMetaTable || name == kCommitKey ||
                      std::find(options.tables.begin(), options.tables.end(), name) != options.tables.end();
    if (!ours) unknown = base::printable(name);
  }
  if (cursor != nullptr) mdb_cursor_close(cursor);
  if (unknown) {
    return Error{Errc::Corrupt, "data.mdb is damaged: a table is missing, and there is one called \"" + *unknown +
                                    "\"; restore it from a backup with `hearthmail restore`"};
  }
  return code == MDB_NOTFOUND ? base::ok() : Status(to_error(code, "read the table of tables"));
}

// Checks what the file is. False: nothing is written there yet. `older`: its format is one that we read, but do not write.
Result<bool> check_meta(MDB_txn* txn, MDB_dbi meta, const EnvOptions& options, bool& older) {
  TRY_ASSIGN(const auto schema, read_meta(txn, meta, kSchemaKey));
  TRY_ASSIGN(const auto format, read_meta(txn, meta, kFormatKey));
  if (!schema || !format) return false;
  if (*schema != options.schema) return other_schema(*schema, options.schema);
  const std::uint32_t found = base::Decoder(*format).u32();
  if (found > options.format_version) return other_format(found, options.format_version);
  older = found < options.format_version;
  return true;
}

}  // namespace

Result<OpenDirectory> OpenDirectory::claim(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    return Error{Errc::Unavailable, "look at " + directory + ": " + std::strerror(errno)};
  }
  const std::pair<std::uint64_t, std::uint64_t> identity{info.st_dev, info.st_ino};
  const std::lock_guard lock(open_mutex);
  if (std::find(open_directories.begin(), open_directories.end(), identity) != open_directories.end()) {
    return Error{Errc::Internal, directory + " is already open in this process"};
  }
  open_directories.push_back(identity);
  OpenDirectory claimed;
  claimed.identity_ = identity;
  return claimed;
}

OpenDirectory::~OpenDirectory() {
  if (!identity_) return;
  const std::lock_guard lock(open_mutex);
  std::erase(open_directories, *identity_);
}

Env::Impl::~Impl() {
  stop();
  if (env == nullptr) return;
  snapshots.clear();
  mdb_env_close(env);
  if (lock_file >= 0) ::close(lock_file);
}

Status Env::Impl::open_file(const std::string& where, const EnvOptions& options) {
  TRY(make_directory(where));
  TRY_ASSIGN(claimed, OpenDirectory::claim(where));
  const std::string file = where + "/data.mdb";
  if (::access(file.c_str(), F_OK) != 0 && errno == ENOENT) TRY(create_file(where, options));
  TRY(check_metas(file));
  TRY(open_lmdb(where, options));
  Status length;
  // Another process may commit twice while the free list is walked; a file that was cut fails every time.
  for (int tries = 0; tries < 3; ++tries) {
    TRY_ASSIGN(MDB_txn * txn, snapshots.begin());
    length = check_length(env, txn);
    snapshots.end(txn);
    if (length.ok()) break;
  }
  TRY(length);
  return verify(options.check_at_open);
}

Status Env::Impl::open_lmdb(const std::string& where, const EnvOptions& options) {
  directory = where;
  for (const Table table : options.sealed) sealed.insert(options.tables[table.index]);
  belongs = options.belongs;
  misplaced = options.misplaced;
  install_guard();
  int code = mdb_env_create(&env);
  if (code != 0) return to_error(code, "create an environment");
  mdb_env_set_assert(env, on_assertion);
  snapshots.attach(env);
  mdb_env_set_maxreaders(env, options.max_readers);
  mdb_env_set_maxdbs(env, static_cast<MDB_dbi>(options.tables.size() + 1));
  mdb_env_set_mapsize(env, options.map_octets);
  // MDB_NOTLS: a snapshot belongs to its object, not to a thread. Readahead stays on: a body's chunk is a run of pages.
  code = mdb_env_open(env, where.c_str(), MDB_NOTLS | sync_mode(), 0600);
  if (code != 0) return to_error(code, "open");
  lock_file = fill_lock_file(where);
  int dead = 0;
  mdb_reader_check(env, &dead);
  return base::ok();
}

// With the first change that this program makes the file is of its format. A file that is only read stays as it is.
int Env::Impl::write_format(MDB_txn* txn) {
  if (!older_format) return 0;
  const std::string record = number(format_version);
  MDB_val key = to_val(kFormatKey);
  MDB_val value = to_val(record);
  return mdb_put(txn, versions, &key, &value, 0);
}

// Opens every table in `txn`. False: a table or the format version is missing (never with `create`).
Result<bool> Env::Impl::try_tables(MDB_txn* txn, const EnvOptions& options, bool create) {
  const unsigned flags = create ? MDB_CREATE : 0;
  int code = mdb_dbi_open(txn, nullptr, 0, &main_tree);
  if (code != 0) return to_error(code, "open the table of tables");
  if (create) TRY(check_names(txn, main_tree, options));
  code = mdb_dbi_open(txn, kMetaTable, flags, &versions);
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) return to_error(code, "open the table of versions");
  TRY_ASSIGN(const bool known, check_meta(txn, versions, options, older_format));
  if (!known) {
    if (!create) return false;
    TRY(write_meta(txn, versions, kSchemaKey, options.schema));
    TRY(write_meta(txn, versions, kFormatKey, number(options.format_version)));
  }
  format_version = options.format_version;
  std::vector<MDB_dbi> opened;
  for (const std::string& name : options.tables) {
    opened.emplace_back();
    code = mdb_dbi_open(txn, name.c_str(), flags, &opened.back());
    if (code == MDB_NOTFOUND) return false;
    if (code != 0) return to_error(code, "open table " + name);
  }
  tables = std::move(opened);
  return true;
}

// A complete environment is opened by reading alone; only a new one (or one that lacks a table) is written to.
Status Env::Impl::open_tables(const EnvOptions& options) {
  for (const bool create : {false, true}) {
    MDB_txn* txn = nullptr;
    int code = mdb_txn_begin(env, nullptr, create ? 0 : MDB_RDONLY, &txn);
    if (code != 0) return to_error(code, "open the tables");
    auto complete = try_tables(txn, options, create);
    if (!complete.ok() || !*complete) {
      mdb_txn_abort(txn);
      if (!complete.ok()) return complete.error();
      continue;
    }
    if (create) code = stamp(txn, main_tree);
    if (code != 0) {
      mdb_txn_abort(txn);
      return to_error(code, "make the tables");
    }
    code = mdb_txn_commit(txn);  // also keeps the table handles of a snapshot
    if (code != 0) return to_error(code, "make the tables");
    return base::ok();
  }
  return Error{Errc::Internal, "the tables could not be made"};
}

Result<std::unique_ptr<Env>> Env::open(const std::string& directory, EnvOptions options) {
  auto impl = std::make_unique<Impl>();
  Status opened = impl->open_file(directory, options);
  if (opened.ok()) opened = impl->open_tables(options);
  if (!opened.ok()) return base::with_context(directory, opened.error());
  impl->start();
  return std::unique_ptr<Env>(new Env(std::move(impl)));
}

Env::Env(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Env::~Env() = default;

Result<std::unique_ptr<ReadTxn>> Env::begin_read() const {
  TRY_ASSIGN(MDB_txn * txn, impl_->snapshots.begin());
  auto state = std::make_unique<ReadTxn::Impl>();
  state->txn = txn;
  state->tables = &impl_->tables;
  state->snapshots = &impl_->snapshots;
  return std::unique_ptr<ReadTxn>(new ReadTxn(std::move(state)));
}

void Env::check_readers() {
  int dead = 0;
  const int code = mdb_reader_check(impl_->env, &dead);
  if (code != 0) log::warning("reader check failed", {{"directory", impl_->directory}, {"error", mdb_strerror(code)}});
  if (dead > 0) log::info("dead readers removed", {{"directory", impl_->directory}, {"readers", dead}});
}

Env::Stats Env::stats() const {
  Stats stats;
  stats.commits = impl_->commits.load(std::memory_order_relaxed);
  stats.jobs = impl_->jobs.load(std::memory_order_relaxed);
  stats.lost_records = impl_->lost_records.load(std::memory_order_relaxed);
  MDB_envinfo info{};
  mdb_env_info(impl_->env, &info);
  stats.used_pages = info.me_last_pgno + 1;
  int fd = -1;
  mdb_env_get_fd(impl_->env, &fd);
  struct stat file {};
  if (::fstat(fd, &file) == 0) stats.file_octets = static_cast<std::uint64_t>(file.st_size);
  return stats;
}

}  // namespace hearthmail::store::lmdb
