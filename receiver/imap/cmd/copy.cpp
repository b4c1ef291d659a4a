// COPY and MOVE, RFC 9051 §6.4.7, §6.4.8, with COPYUID (RFC 4315). One transaction: all of the messages or none.
#include "common/base/sync_point.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/sets.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

class CopyOperation : public Operation {
 public:
  CopyOperation(const Connection& connection, std::vector<base::Uid> uids, std::string to, bool moves)
      : services_(connection.services()),
        account_(connection.account()),
        from_(connection.view().box()),
        uids_(std::move(uids)),
        to_(std::move(to)),
        moves_(moves) {}

  base::Result<Next> step(Connection& connection) override {
    if (!written_) {
      written_ = true;
      return Next::Write;
    }
    if (copied_.source.empty()) return Next::Done;
    std::string code = "COPYUID ";
    put_number(code, copied_.uid_validity);
    code += ' ';
    put_uid_set(code, copied_.source);
    code += ' ';
    put_uid_set(code, copied_.target);
    if (moves_) {
      // Before the EXPUNGE responses, which the report after the command sends (RFC 6851 §4.3).
      connection.out += "* OK [" + code + "] Moved\r\n";
      connection.completion.modseq = true;  // RFC 7162 §3.2.7 speaks of every removal
    } else {
      connection.completion.code = std::move(code);
    }
    return Next::Done;
  }
  // MOVE is how clients delete, so it may use the disk's reserve; COPY may not.
  base::Status write(mail::WriteTxn& txn) override {
    if (!moves_) TRY(services_.check_room(0));
    TRY_ASSIGN(const auto target, mail::find_mailbox(txn, account_, to_));
    if (moves_) {
      TRY_ASSIGN(copied_, mail::move(txn, from_, uids_, target.id, services_.clock.now()));
      base::sync_point("move-after-write");
    } else {
      TRY_ASSIGN(copied_, mail::copy(txn, from_, uids_, target.id, services_.clock.now()));
      base::sync_point("copy-after-write");
    }
    return base::ok();
  }

 private:
  const Services& services_;
  base::AccountId account_;
  base::MailboxId from_;
  std::vector<base::Uid> uids_;
  std::string to_;
  bool moves_;
  bool written_ = false;
  mail::Copied copied_;
};

Started start(Connection& connection, const parse::CopyArgs& args, bool moves) {
  const View& view = connection.view();
  if (moves && view.read_only()) return read_only();
  TRY_ASSIGN(const auto ranges, messages_in(view, args.set, args.uid));
  return std::unique_ptr<Operation>(new CopyOperation(connection, uids_in(view, ranges), args.mailbox, moves));
}

}  // namespace

Started copy(Connection& connection, parse::Command& command) {
  return start(connection, std::get<parse::CopyArgs>(command.args), false);
}

Started move(Connection& connection, parse::Command& command) {
  return start(connection, std::get<parse::CopyArgs>(command.args), true);
}

}  // namespace hearthmail::receiver::imap::cmd
