// A command that is one small write about mailboxes: CREATE, DELETE, RENAME, SUBSCRIBE.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "receiver/imap/operation.hpp"

namespace hearthmail::receiver::imap::cmd {

// Runs `write` on the writer's thread, then `after` on the loop's. Both own what they use.
class MailboxWrite : public Operation {
 public:
  using Write = std::function<base::Status(store::mail::WriteTxn&)>;
  using After = std::function<base::Status(Connection&)>;
  explicit MailboxWrite(Write write, After after = {}) : write_(std::move(write)), after_(std::move(after)) {}

  base::Result<Next> step(Connection& connection) override {
    if (!written_) {
      written_ = true;
      return Next::Write;
    }
    if (after_) TRY(after_(connection));
    return Next::Done;
  }
  base::Status write(store::mail::WriteTxn& txn) override { return write_(txn); }

 private:
  bool written_ = false;
  Write write_;
  After after_;
};

}  // namespace hearthmail::receiver::imap::cmd
