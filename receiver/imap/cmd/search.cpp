// SEARCH and UID SEARCH: RFC 9051 §6.4.4, §7.3.4; RFC 4731; SAVE RFC 5182; PARTIAL RFC 9394.
#include <utility>

#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/search_program.hpp"
#include "receiver/imap/message_limit.hpp"
#include "receiver/imap/search/results.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class SearchOperation : public MatchOperation {
 public:
  SearchOperation(const Connection& connection, parse::SearchArgs args, search::Matcher matcher)
      : MatchOperation(connection, std::move(matcher)), args_(std::move(args)), modseqs_(args_.tree) {}

 protected:
  base::Status found(const search::Hit& hit) override {
    found_.push_back(hit.sequence);
    modseqs_.note(hit.sequence, hit.message.modseq.value);
    return base::ok();
  }

  Next answer(Connection& connection) override {
    if (!begun_) begin(connection);
    if (args_.esearch || put_numbers(connection.out, found_, written_)) {
      if (!args_.esearch) {
        search::put_modseq(connection.out, modseq_);
        connection.out += "\r\n";
      }
      return Next::Done;
    }
    return Next::Again;
  }

 private:
  void begin(Connection& connection) {
    begun_ = true;
    View& view = connection.view();
    if (args_.save) save(view);
    modseq_ = modseqs_.answered(args_, found_);
    if (args_.uid) {
      for (auto& number : found_) number = view.uid_at(number - 1).value;
    }
    if (!args_.esearch) {
      connection.out += "* SEARCH";
    } else if (args_.wants_answer()) {  // SAVE alone is answered by the tagged OK, RFC 5182 §2.2
      search::put_esearch(connection.out, {connection.tag, args_.uid, {}, 0, modseq_, false}, args_, found_);
    }
  }

  void save(View& view) const {
    std::vector<base::Uid> uids;
    for (const auto sequence : search::kept_by_save(args_, found_)) uids.push_back(view.uid_at(sequence - 1));
    view.save_result(std::move(uids));
  }

  void failed(Connection& connection) override {
    if (args_.save) connection.view().save_result({});
  }

  parse::SearchArgs args_;
  std::vector<std::uint32_t> found_;  // sequence numbers; UIDs once the answer begins, for UID SEARCH
  std::size_t written_ = 0;
  search::ModSeqs modseqs_;
  std::uint64_t modseq_ = 0;
  bool begun_ = false;
};

}  // namespace

Started search(Connection& connection, parse::Command& command) {
  auto& args = std::get<parse::SearchArgs>(command.args);
  if (needs_uid(connection, args)) return uid_required();
  if (connection.enabled().utf8_accept && !args.charset.empty()) {
    return base::Error{base::Errc::Protocol, "After ENABLE UTF8=ACCEPT there is no CHARSET"};  // RFC 6855 §3
  }
  // IMAP4rev2 has no SEARCH response: without RETURN it is as with RETURN (ALL), RFC 9051 §6.4.4.
  if (connection.enabled().rev2 && !args.esearch) args.esearch = args.all = true;
  TRY_ASSIGN(auto program, compile(connection, args));
  if (!program.matcher.has_value()) return unknown_charset(args.save);
  if (parse::has_modseq(args.tree)) connection.enable_condstore();
  auto ranges = searched(connection.view(), *program.matcher);
  const auto lowest = keep_highest(ranges, connection.services().message_limit.all);
  auto operation = std::make_unique<SearchOperation>(connection, std::move(args), std::move(*program.matcher));
  if (lowest.has_value()) {  // "$" gets no more either, RFC 9738 §3.4
    connection.limited_to = connection.view().uid_at(*lowest);
    operation->begin_at(*lowest);
  }
  return std::unique_ptr<Operation>(std::move(operation));
}

}  // namespace hearthmail::receiver::imap::cmd
