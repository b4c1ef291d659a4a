// Inside store/lmdb only: what is left when LMDB meets damage after the file was found sound. A page that cannot be read
// any more is SIGBUS, a broken one may be SIGSEGV or a failed assertion. Each becomes one line that names the environment
// and what to do, and the exit code kExitDamaged; the supervisor waits longer before each new start.
#pragma once

#include <lmdb.h>

namespace hearthmail::store::lmdb {

constexpr int kExitDamaged = 76;  // EX_PROTOCOL's number in sysexits.h; no daemon of ours ends with it otherwise

// Catches SIGBUS and SIGSEGV whose address lies in a mapped data.mdb; others go where they went before. Once a process.
void install_guard();
// LMDB's failed assertion.
void on_assertion(MDB_env* env, const char* text);

}  // namespace hearthmail::store::lmdb
