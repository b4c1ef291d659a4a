#include "store/lmdb/handle.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

bool starts_with(const MDB_val& key, std::string_view prefix) { return to_view(key).starts_with(prefix); }

}  // namespace

ReadTxn::ReadTxn(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReadTxn::~ReadTxn() = default;

Result<std::optional<std::string_view>> ReadTxn::get(Table table, std::string_view key) const {
  MDB_val k = to_val(key);
  MDB_val v{};
  const int code = mdb_get(impl_->txn, (*impl_->tables)[table.index], &k, &v);
  if (code == MDB_NOTFOUND) return std::optional<std::string_view>{};
  if (code != 0) return to_error(code, "read a record");
  return std::optional<std::string_view>{to_view(v)};
}

Cursor ReadTxn::cursor(Table table) const {
  auto impl = std::make_unique<Cursor::Impl>();
  impl->opened = mdb_cursor_open(impl_->txn, (*impl_->tables)[table.index], &impl->cursor);
  return Cursor(std::move(impl));
}

Result<std::uint64_t> ReadTxn::entries(Table table) const {
  MDB_stat stat{};
  const int code = mdb_stat(impl_->txn, (*impl_->tables)[table.index], &stat);
  if (code != 0) return to_error(code, "count records");
  return std::uint64_t{stat.ms_entries};
}

namespace {

// Keeps LMDB's first refusal: after it, the transaction can only be rolled back.
template <class Impl>
Status checked(Impl& impl, int code, std::string_view what) {
  if (code == 0) return base::ok();
  Error error = to_error(code, what);
  if (error.code != Errc::Exists && error.code != Errc::Invalid && !impl.broken) impl.broken = error;
  return error;
}

}  // namespace

Status WriteTxn::put(Table table, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  impl_->octets += key.size() + value.size();
  impl_->changed = true;
  const MDB_dbi dbi = (*impl_->tables)[table.index];
  // Most keys are new numbers, greater than all before. LMDB fills pages for those when it is told, and cuts them in halves
  // when it is not; MDB_KEYEXIST says that this key has its place further left.
  int code = mdb_put(impl_->txn, dbi, &k, &v, MDB_APPEND);
  if (code == MDB_KEYEXIST) code = mdb_put(impl_->txn, dbi, &k, &v, 0);
  return checked(*impl_, code, "write a record");
}

Status WriteTxn::insert(Table table, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  impl_->octets += key.size() + value.size();
  impl_->changed = true;
  const int code = mdb_put(impl_->txn, (*impl_->tables)[table.index], &k, &v, MDB_NOOVERWRITE);
  return checked(*impl_, code, "write a new record");
}

Result<bool> WriteTxn::erase(Table table, std::string_view key) {
  MDB_val k = to_val(key);
  const int code = mdb_del(impl_->txn, (*impl_->tables)[table.index], &k, nullptr);
  if (code == MDB_NOTFOUND) return false;
  impl_->changed = true;
  TRY(checked(*impl_, code, "erase a record"));
  return true;
}

Result<std::uint64_t> WriteTxn::erase_prefix(Table table, std::string_view prefix) {
  MDB_cursor* cursor = nullptr;
  TRY(checked(*impl_, mdb_cursor_open(impl_->txn, (*impl_->tables)[table.index], &cursor), "erase records"));
  MDB_val key = to_val(prefix);
  MDB_val value{};
  std::uint64_t erased = 0;
  int code = mdb_cursor_get(cursor, &key, &value, prefix.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (code == 0 && starts_with(key, prefix)) {
    code = mdb_cursor_del(cursor, 0);
    if (code != 0) break;
    impl_->changed = true;
    ++erased;
    code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);  // after a deletion: the one that moved up
  }
  mdb_cursor_close(cursor);
  if (code != MDB_NOTFOUND) TRY(checked(*impl_, code, "erase records"));
  return erased;
}

void WriteTxn::notify(std::uint64_t topic) {
  if (impl_->topics.empty() || impl_->topics.back() != topic) impl_->topics.push_back(topic);
}

Cursor::Cursor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

namespace {

Result<std::optional<KeyValue>> step(MDB_cursor* cursor, int opened, std::string_view from, MDB_cursor_op how) {
  if (opened != 0) return to_error(opened, "open a cursor");
  MDB_val key = to_val(from);
  MDB_val value{};
  const int code = mdb_cursor_get(cursor, &key, &value, how);
  if (code == MDB_NOTFOUND) return std::optional<KeyValue>{};
  if (code != 0) return to_error(code, "read records");
  return std::optional<KeyValue>{KeyValue{to_view(key), to_view(value)}};
}

}  // namespace

Result<std::optional<KeyValue>> Cursor::seek(std::string_view at_or_after) {
  return step(impl_->cursor, impl_->opened, at_or_after, at_or_after.empty() ? MDB_FIRST : MDB_SET_RANGE);
}
Result<std::optional<KeyValue>> Cursor::next() { return step(impl_->cursor, impl_->opened, {}, MDB_NEXT); }
Result<std::optional<KeyValue>> Cursor::previous() { return step(impl_->cursor, impl_->opened, {}, MDB_PREV); }
Result<std::optional<KeyValue>> Cursor::last() { return step(impl_->cursor, impl_->opened, {}, MDB_LAST); }

}  // namespace hearthmail::store::lmdb
