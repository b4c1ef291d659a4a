// SORT and UID SORT: RFC 5256 §3, RETURN options RFC 5267 §3.1 (ESORT), DISPLAYFROM and DISPLAYTO RFC 5957.
#include <algorithm>
#include <utility>

#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/search_program.hpp"
#include "receiver/imap/message_limit.hpp"
#include "receiver/imap/search/results.hpp"
#include "receiver/imap/search/sorter.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class SortOperation : public MatchOperation {
 public:
  SortOperation(const Connection& connection, parse::SortArgs args, search::Matcher matcher)
      : MatchOperation(connection, std::move(matcher)),
        args_(std::move(args)),
        sorter_(args_.keys),
        modseqs_(args_.tree) {}

 protected:
  base::Status found(const search::Hit& hit) override {
    modseqs_.note(hit.sequence, hit.message.modseq.value);
    std::string_view summary;
    if (sorter_.needs_summary()) {
      TRY_ASSIGN(summary, store::mail::read_summary(hit.txn, hit.message.blob));
    }
    return sorter_.add({hit.sequence, hit.message.internal_date, hit.message.octets}, summary);
  }
  bool must_sort() const override { return true; }
  bool sort() override {
    sorted_ = sorter_.sorted();
    return true;
  }

  Next answer(Connection& connection) override {
    if (!begun_) begin(connection);
    if (args_.esearch) return Next::Done;
    if (!put_numbers(connection.out, sorted_, written_)) return Next::Again;
    search::put_modseq(connection.out, modseq_);
    connection.out += "\r\n";
    return Next::Done;
  }

 private:
  void begin(Connection& connection) {
    begun_ = true;
    View& view = connection.view();
    if (args_.save) save(view);
    modseq_ = modseqs_.answered(args_, sorted_);
    if (args_.uid) {
      for (auto& number : sorted_) number = view.uid_at(number - 1).value;
    }
    if (!args_.esearch) {
      connection.out += "* SORT";
    } else if (args_.wants_answer()) {
      search::put_esearch(connection.out, {connection.tag, args_.uid, {}, 0, modseq_, false}, args_, sorted_);
    }
  }

  // "$" is a set: it does not keep the order (RFC 5182 §2.1).
  void save(View& view) const {
    std::vector<base::Uid> uids;
    for (const auto sequence : search::kept_by_save(args_, sorted_)) uids.push_back(view.uid_at(sequence - 1));
    std::sort(uids.begin(), uids.end());
    view.save_result(std::move(uids));
  }

  void failed(Connection& connection) override {
    if (args_.save) connection.view().save_result({});
  }

  parse::SortArgs args_;
  search::Sorter sorter_;
  std::vector<std::uint32_t> sorted_;  // sequence numbers; UIDs once the answer begins, for UID SORT
  std::size_t written_ = 0;
  search::ModSeqs modseqs_;
  std::uint64_t modseq_ = 0;
  bool begun_ = false;
};

}  // namespace

Started sort(Connection& connection, parse::Command& command) {
  auto& args = std::get<parse::SortArgs>(command.args);
  if (needs_uid(connection, args)) return uid_required();
  TRY_ASSIGN(auto program, compile(connection, args));
  if (!program.matcher.has_value()) return unknown_charset(args.save);
  if (parse::has_modseq(args.tree)) connection.enable_condstore();
  const std::uint32_t limit = connection.services().message_limit.all;
  if (limit != 0 && count(searched(connection.view(), *program.matcher)) > limit) {  // RFC 9738 §3.3
    if (args.save) connection.view().save_result({});
    return too_many(limit, {});
  }
  return std::unique_ptr<Operation>(new SortOperation(connection, std::move(args), std::move(*program.matcher)));
}

}  // namespace hearthmail::receiver::imap::cmd
