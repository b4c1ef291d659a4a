// Operation: a command that does not finish in one go. It is a plain object that is asked to take the next step; the
// session, which alone is a coroutine, does the waiting: it writes out what the step produced, runs write() on the store's
// writer thread or work() in the worker pool, and steps again.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/result.hpp"
#include "receiver/imap/state.hpp"

namespace hearthmail::receiver::imap {

enum class Next {
  Done,   // the completion can be sent
  Again,  // write out what there is, let others have their turn, step again
  Write,  // run write(), then step again
  Work,   // run work(), then step again
};

class Operation {
 public:
  Operation() = default;
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // On the loop's thread. Opens read transactions only within the call; appends at most about kStepOctets to
  // connection.out. An error ends the command. Errc::Closed ends the connection: a literal cannot be completed.
  virtual base::Result<Next> step(Connection& connection) = 0;
  // On the writer's thread, inside a transaction that may be rolled back or run again: assigns its results afresh.
  virtual base::Status write(store::mail::WriteTxn&) { return base::Error{base::Errc::Internal, "nothing to write"}; }
  // How write() is to be run: alone when it is large (store::lmdb::kLargeJob).
  virtual store::lmdb::Isolation isolation() const { return store::lmdb::Isolation::Child; }
  // On the loop's thread, when write() or its commit failed. An error ends the command; success goes on with step().
  virtual base::Status write_failed(const base::Error& error) { return error; }
  // How far it is, for INPROGRESS (RFC 9585); nothing when a response may be half written, or it is never long. 0: unknown.
  struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };
  virtual std::optional<Progress> progress() const { return std::nullopt; }
  // On a worker's thread, while the session waits.
  virtual base::Status work() { return base::Error{base::Errc::Internal, "nothing to work on"}; }
};

}  // namespace hearthmail::receiver::imap
