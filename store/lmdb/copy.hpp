// A copy of an environment as of one moment, while other processes work with it.
#pragma once

#include <string>

#include "common/base/result.hpp"

namespace hearthmail::store::lmdb {

// Writes `to`/data.mdb (which must not be there; the directory must) and makes it durable. One snapshot is open for as long
// as that takes: pages freed meanwhile are not used again, so the environment grows by what is written to it. The copy is
// therefore page by page at the disk's speed, with nothing rearranged. Not while this process has the environment open.
// Errors: NotFound, Corrupt, Unavailable (disk full).
base::Status copy_environment(const std::string& from, const std::string& to);

}  // namespace hearthmail::store::lmdb
