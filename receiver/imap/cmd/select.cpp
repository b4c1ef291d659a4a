// SELECT and EXAMINE, RFC 9051 §6.3.2, §6.3.3, with UNSEEN and RECENT of RFC 3501 §6.3.1 for who has not enabled IMAP4rev2,
// HIGHESTMODSEQ (RFC 7162 §3.1.2) and QRESYNC (RFC 7162 §3.2.5). NOMODSEQ is never said: every mailbox has mod-sequences.
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/list_tree.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/object_id.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/resync.hpp"
#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;

// How many messages are looked at for the first unseen one; beyond it the response is left out.
constexpr std::size_t kUnseenSearch = 20'000;

// The sequence number of the first message without \Seen; 0 when there is none or it is too far away.
base::Result<std::uint64_t> first_unseen(const mail::ReadTxn& txn, const mail::Mailbox& mailbox) {
  std::uint64_t visited = 0;
  bool found = false;
  if (mailbox.unseen == 0) return visited;
  const auto each = [&](const mail::Message& message) {
    ++visited;
    found = (message.flags.system & mail::kSeen) == 0;
    return !found && visited < kUnseenSearch;
  };
  TRY(mail::scan_messages(txn, mailbox.id, base::Uid{1}, base::Uid{mailbox.uid_next}, each));
  return found ? visited : std::uint64_t{0};
}

// `unseen` 0: not told.
void put_opening(std::string& out, const View& view, const mail::Mailbox& mailbox, std::uint64_t unseen, bool rev2) {
  view.put_flag_lists(out);
  out += "* ";
  put_number(out, view.size());
  out += " EXISTS\r\n";
  if (!rev2) {
    out += "* ";
    put_number(out, view.recent_count());
    out += " RECENT\r\n";
  }
  if (unseen > 0) {
    out += "* OK [UNSEEN ";
    put_number(out, unseen);
    out += "] First unseen\r\n";
  }
  out += "* OK [UIDVALIDITY ";
  put_number(out, mailbox.uid_validity);
  out += "] UIDs valid\r\n* OK [UIDNEXT ";
  put_number(out, mailbox.uid_next);
  out += "] Predicted next UID\r\n* OK [HIGHESTMODSEQ ";
  put_number(out, mailbox.highest_modseq.value);
  out += "] Highest\r\n* OK [MAILBOXID (" + mailbox_id(mailbox) + ")] Ok\r\n";  // RFC 8474 §4.2
}

class SelectOperation : public Operation {
 public:
  SelectOperation(Reached reached, parse::SelectArgs args, bool own, bool examines, bool rev2)
      : mailbox_(std::move(reached.mailbox)),
        shown_(std::move(reached.shown)),
        rights_(reached.rights),
        supplied_(std::move(args.supplied)),
        own_(own),
        examines_(examines),
        rev2_(rev2) {
    recent_from_ = mailbox_.recent_from;
    if (args.qresync.has_value()) resync_.emplace(std::move(*args.qresync));
  }

  base::Result<Next> step(Connection& connection) override {
    if (!claimed_ && !examines_ && own_ && !rev2_ && mailbox_.recent_from < mailbox_.uid_next) {
      claimed_ = true;
      return Next::Write;
    }
    if (!opened_) TRY(open(connection));
    bool more = false;
    if (resync_.has_value()) {
      TRY_ASSIGN(more, connection.env().read([&](const mail::ReadTxn& txn) {
        return resync_->tell(txn, connection.view(), connection.enabled(), connection.out);
      }));
    }
    if (more) return Next::Again;
    const bool read_only = connection.view().read_only();  // RFC 4314 §5.2
    connection.completion = {"OK", read_only ? "READ-ONLY" : "READ-WRITE", "", false};
    return Next::Done;
  }
  base::Status write(mail::WriteTxn& txn) override {
    TRY_ASSIGN(recent_from_, mail::claim_recent(txn, mailbox_.id));
    return base::ok();
  }

 private:
  base::Status open(Connection& connection) {
    opened_ = true;
    return connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
      TRY_ASSIGN(mailbox_, mail::load_mailbox(txn, mailbox_.id));
      TRY_ASSIGN(auto view, View::open(txn, mailbox_, examines_, recent_from_));
      view.set_rights(rights_, own_);
      view.set_name(shown_);
      if (rev2_) view.without_recent();
      std::uint64_t unseen = 0;
      // IMAP4rev2 has no UNSEEN, UIDONLY no message numbers (RFC 9586 §3.1).
      if (!rev2_ && !connection.enabled().uid_only) {
        TRY_ASSIGN(unseen, first_unseen(txn, mailbox_));
      }
      connection.selected(std::move(view));
      put_opening(connection.out, connection.view(), mailbox_, unseen, rev2_);
      if (rev2_) TRY(put_list_line(connection, txn, shown_, supplied_));
      if (!resync_.has_value()) return base::ok();
      return resync_->begin(txn, connection.view(), connection.out);
    });
  }

  mail::Mailbox mailbox_;
  std::string shown_;
  Rights rights_;
  std::string supplied_;  // see parse::SelectArgs
  bool own_;
  bool examines_;
  bool rev2_;
  bool claimed_ = false;
  bool opened_ = false;
  std::optional<Resync> resync_;
  std::uint32_t recent_from_ = 1;
};

}  // namespace

Started select(Connection& connection, parse::Command& command) {
  auto& args = std::get<parse::SelectArgs>(command.args);
  if (args.qresync.has_value() && !connection.enabled().qresync) {
    return base::Error{base::Errc::Protocol, "QRESYNC has not been enabled"};  // RFC 7162 §3.2.5
  }
  // The old mailbox is left even when the new one cannot be opened (RFC 9051 §6.3.2).
  if (connection.has_view()) {
    connection.deselected();
    connection.out += "* OK [CLOSED] Previous mailbox closed\r\n";
  }
  if (args.condstore) connection.enable_condstore();
  TRY_ASSIGN(auto reached, connection.env().read([&](const mail::ReadTxn& txn) -> base::Result<Reached> {
    TRY_ASSIGN(const auto target, target_of(txn, connection, args.mailbox));
    return reach(txn, target, Right::Read);
  }));
  const bool own = reached.mailbox.account == connection.account();
  const bool examines = command.verb == parse::Verb::Examine;
  return std::unique_ptr<Operation>(
      new SelectOperation(std::move(reached), std::move(args), own, examines, connection.enabled().rev2));
}

}  // namespace hearthmail::receiver::imap::cmd
