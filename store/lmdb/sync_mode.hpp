// How the environment is brought to the disk: LMDB's default sync mode, always. Only the crash tests' builds know a fault that
// switches it off, so that tests/crash can show that it would notice. Inside store/lmdb only.
#pragma once

#include <lmdb.h>

#include "common/base/sync_point.hpp"

namespace hearthmail::store::lmdb {

inline unsigned sync_mode() {
#ifdef HEARTHMAIL_CRASH_HOOKS
  if (base::fault("nosync")) return MDB_NOSYNC;
#endif
  return 0;
}

}  // namespace hearthmail::store::lmdb
