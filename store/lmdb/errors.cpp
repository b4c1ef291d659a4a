#include <cerrno>

#include "store/lmdb/handle.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;

namespace {

Errc classify(int code) {
  switch (code) {
    case MDB_KEYEXIST: return Errc::Exists;
    case MDB_NOTFOUND: return Errc::NotFound;
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH: return Errc::Corrupt;
    case MDB_BAD_VALSIZE: return Errc::Invalid;
    case MDB_BAD_TXN:
    case MDB_BAD_DBI:
    case MDB_BAD_RSLOT:
    case MDB_INCOMPATIBLE:
    case MDB_DBS_FULL:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
    case EINVAL: return Errc::Internal;
    default: return Errc::Unavailable;  // ENOSPC, EIO, MDB_MAP_FULL, MDB_READERS_FULL, ...: temporary when in doubt
  }
}

// A full disk shows up as EIO (short write) as well as ENOSPC; limits.md.
bool is_full_or_failing(int code) { return code == EIO || code == ENOSPC || code == EDQUOT || code == MDB_MAP_FULL; }

}  // namespace

base::Error to_error(int code, std::string_view what) {
  std::string text(what);
  text += ": ";
  if (is_full_or_failing(code)) text += "disk full or failing: ";
  text += mdb_strerror(code);
  const Errc errc = classify(code);
  if (errc == Errc::Corrupt) text += "; restore it from a backup with `hearthmail restore`";
  return {errc, std::move(text)};
}

}  // namespace hearthmail::store::lmdb
