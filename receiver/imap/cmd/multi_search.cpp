// ESEARCH: a search in several mailboxes at once, one ESEARCH response for each that has a match. RFC 7377.
#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/search_program.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/search/results.hpp"
#include "receiver/imap/text/list_match.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

namespace mail = store::mail;
using parse::Source;
using parse::SourceKind;

bool is_below(std::string_view name, std::string_view parent, bool one_level) {
  if (name == parent) return true;
  if (!name.starts_with(parent) || name.size() == parent.size() || name[parent.size()] != text::kDelimiter)
    return false;
  return !one_level || name.find(text::kDelimiter, parent.size() + 1) == std::string_view::npos;
}

// Does `source` name this mailbox? What does not exist is passed over (RFC 7377 §2.2).
bool is_named(const Source& source, const mail::Mailbox& mailbox, const std::set<std::string>& subscribed,
              std::optional<base::MailboxId> selected) {
  const auto any = [&source](const auto& matches) {
    return std::any_of(source.names.begin(), source.names.end(), matches);
  };
  switch (source.kind) {
    case SourceKind::Selected: return selected == mailbox.id;
    case SourceKind::Inboxes: return mailbox.name == "INBOX";  // where deliveries go
    case SourceKind::Personal: return true;
    case SourceKind::Subscribed: return subscribed.contains(mailbox.name);
    case SourceKind::Subtree: return any([&](const auto& name) { return is_below(mailbox.name, name, false); });
    case SourceKind::SubtreeOne: return any([&](const auto& name) { return is_below(mailbox.name, name, true); });
    case SourceKind::Mailboxes: return any([&](const auto& name) { return mailbox.name == name; });
  }
  return false;
}

// The mailboxes that the user may search, by the names that he knows: his own, others with l and r, and the selected one.
base::Result<std::vector<mail::Mailbox>> candidates(const mail::ReadTxn& txn, const Connection& connection) {
  TRY_ASSIGN(auto mailboxes, mail::list_mailboxes(txn, connection.account()));
  TRY_ASSIGN(auto shared, shared_mailboxes(txn, connection));
  for (auto& reached : shared) {
    if (reached.rights.has(Right::Read)) mailboxes.push_back(std::move(reached.mailbox));
  }
  if (!connection.has_view()) return mailboxes;
  const base::MailboxId selected = connection.view().box();
  const auto is_selected = [selected](const mail::Mailbox& mailbox) { return mailbox.id == selected; };
  if (std::any_of(mailboxes.begin(), mailboxes.end(), is_selected)) return mailboxes;
  auto mailbox = mail::load_mailbox(txn, selected);
  if (!mailbox.ok()) return mailboxes;  // deleted meanwhile
  mailbox->name = connection.view().name();
  mailboxes.push_back(std::move(*mailbox));
  return mailboxes;
}

base::Result<std::vector<mail::Mailbox>> find_targets(const mail::ReadTxn& txn, const Connection& connection,
                                                      const std::vector<Source>& sources) {
  std::optional<base::MailboxId> selected;
  if (connection.has_view()) selected = connection.view().box();
  TRY_ASSIGN(const auto names, mail::list_subscriptions(txn, connection.account()));
  const std::set<std::string> subscribed(names.begin(), names.end());
  TRY_ASSIGN(auto mailboxes, candidates(txn, connection));
  std::erase_if(mailboxes, [&](const mail::Mailbox& mailbox) {
    const bool own = mailbox.account == connection.account();
    return std::none_of(sources.begin(), sources.end(), [&](const Source& source) {
      const bool personal = source.kind == SourceKind::Personal || source.kind == SourceKind::Inboxes;
      return (own || !personal) && is_named(source, mailbox, subscribed, selected);
    });
  });
  return mailboxes;
}

// Sequence numbers, "$" and SAVE have a meaning in the selected mailbox only (RFC 7377 §2.1).
base::Status check(const Connection& connection, const parse::MultiSearchArgs& args) {
  const auto selected = [](const Source& source) { return source.kind == SourceKind::Selected; };
  const bool names_selected = std::any_of(args.sources.begin(), args.sources.end(), selected);
  if (names_selected && !connection.has_view()) return base::Error{base::Errc::Protocol, "No mailbox is selected"};
  if (std::all_of(args.sources.begin(), args.sources.end(), selected)) return base::ok();
  const auto counts = [](const parse::SearchNode& node) {
    return node.key == parse::SearchKey::SequenceSet || node.set.is_saved_result();
  };
  if (args.save || std::any_of(args.tree.nodes.begin(), args.tree.nodes.end(), counts)) {
    return base::Error{base::Errc::Protocol, "Sequence numbers, $ and SAVE need the selected mailbox alone"};
  }
  return base::ok();
}

class MultiSearchOperation : public Operation {
 public:
  MultiSearchOperation(parse::MultiSearchArgs args, std::vector<mail::Mailbox> targets)
      : args_(std::move(args)), targets_(std::move(targets)), modseqs_(args_.tree) {}

  base::Result<Next> step(Connection& connection) override {
    TRY(scanned_);
    if (!scan_) {
      if (at_ == targets_.size()) return Next::Done;
      TRY(begin(connection));
    }
    if (!scan_->done()) {
      if (scan_->needs_worker()) return Next::Work;
      TRY(run(kTurn));
    }
    if (scan_->done()) finish(connection);
    return Next::Again;
  }
  base::Status work() override {
    scanned_ = run(kWorkSlice);
    return base::ok();
  }

 private:
  base::Status run(std::chrono::milliseconds slice) {
    const auto each = [this](const search::Hit& hit) -> base::Status {
      found_.push_back(hit.message.uid.value);
      modseqs_.note(hit.message.uid.value, hit.message.modseq.value);
      return base::ok();
    };
    return scan_->run(slice, each);
  }

  // The next mailbox. One that was deleted meanwhile has no messages.
  base::Status begin(Connection& connection) {
    found_.clear();
    const mail::Mailbox& mailbox = targets_[at_];
    const bool selected = connection.has_view() && connection.view().box() == mailbox.id;
    auto context = context_of(connection, selected);
    std::vector<std::string> keywords;
    if (!selected) {
      TRY(connection.env().read([&](const mail::ReadTxn& txn) -> base::Status {
        TRY_ASSIGN(keywords, mail::keywords(txn, mailbox.id));
        const auto uids = mail::list_uids(txn, mailbox.id);
        if (uids.ok() && !uids->empty()) context.largest_uid = uids->back().value;
        return base::ok();
      }));
    }
    auto matcher = search::Matcher::compile(args_.tree, args_.charset, context);
    if (!matcher.ok()) return base::Error{base::Errc::Protocol, matcher.error().text};
    if (selected) {
      scan_ = std::make_unique<search::Scan>(connection.env(), connection.view(), std::move(*matcher));
      scan_->share(connection.services().workers);
    } else {
      scan_ = std::make_unique<search::Scan>(connection.env(), mailbox, std::move(keywords), std::move(*matcher));
    }
    return base::ok();
  }

  void finish(Connection& connection) {
    scan_.reset();
    const mail::Mailbox& mailbox = targets_[at_++];
    if (args_.save) save(connection.view());
    if (found_.empty() || !args_.wants_answer() || !may_read(connection, mailbox)) return;
    search::put_esearch(connection.out,
                        {connection.tag, true, mailbox.name, mailbox.uid_validity, modseqs_.answered(args_, found_),
                         connection.enabled().utf8},
                        args_, found_);
  }

  // What was withdrawn while the search went on is not told.
  static bool may_read(const Connection& connection, const mail::Mailbox& mailbox) {
    const Holder holder{connection.account(), mailbox.id, mailbox.account == connection.account()};
    return connection.env().read([&](const mail::ReadTxn& txn) { return check_rights(txn, holder, Right::Read); }).ok();
  }

  void save(View& view) const {
    std::vector<base::Uid> uids;
    for (const auto uid : search::kept_by_save(args_, found_)) uids.push_back(base::Uid{uid});
    view.save_result(std::move(uids));
  }

  parse::MultiSearchArgs args_;
  std::vector<mail::Mailbox> targets_;
  std::size_t at_ = 0;
  std::unique_ptr<search::Scan> scan_;  // of targets_[at_]
  base::Status scanned_;
  std::vector<std::uint32_t> found_;  // UIDs
  search::ModSeqs modseqs_;           // by UID; of all mailboxes, each of which overwrites
};

}  // namespace

Started multi_search(Connection& connection, parse::Command& command) {
  auto& args = std::get<parse::MultiSearchArgs>(command.args);
  TRY(check(connection, args));
  TRY_ASSIGN(const auto program, compile(connection, args));
  if (!program.matcher.has_value()) return unknown_charset(args.save);
  if (parse::has_modseq(args.tree)) connection.enable_condstore();
  TRY_ASSIGN(auto targets, connection.env().read(
                               [&](const mail::ReadTxn& txn) { return find_targets(txn, connection, args.sources); }));
  return std::unique_ptr<Operation>(new MultiSearchOperation(std::move(args), std::move(targets)));
}

}  // namespace hearthmail::receiver::imap::cmd
