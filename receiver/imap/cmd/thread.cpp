// THREAD and UID THREAD, RFC 5256 §3.
#include <utility>

#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/cmd/search_program.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/message_limit.hpp"
#include "receiver/imap/search/threader.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class ThreadOperation : public MatchOperation {
 public:
  ThreadOperation(const Connection& connection, const parse::ThreadArgs& args, search::Matcher matcher)
      : MatchOperation(connection, std::move(matcher)), uid_(args.uid), threader_(args.algorithm) {}

 protected:
  base::Status found(const search::Hit& hit) override {
    TRY_ASSIGN(const auto stored, store::mail::read_summary(hit.txn, hit.message.blob));
    TRY_ASSIGN(const auto summary, mime::decode_summary_texts(stored));
    threader_.add(uid_ ? hit.message.uid.value : hit.sequence, hit.message.internal_date, summary);
    return base::ok();
  }
  bool must_sort() const override { return true; }
  bool sort() override { return threader_.build(kWorkSlice); }

  Next answer(Connection& connection) override {
    std::string& out = connection.out;
    if (!begun_) out += "* THREAD ";
    begun_ = true;
    if (!threader_.put(out, kStepOctets)) return Next::Again;
    if (out.ends_with(' ')) out.pop_back();  // there is no thread
    out += "\r\n";
    return Next::Done;
  }

 private:
  bool uid_;
  bool begun_ = false;
  search::Threader threader_;
};

}  // namespace

Started thread(Connection& connection, parse::Command& command) {
  const auto& args = std::get<parse::ThreadArgs>(command.args);
  if (needs_uid(connection, args)) return uid_required();
  TRY_ASSIGN(auto program, compile(connection, args));
  if (!program.matcher.has_value()) return unknown_charset(false);
  if (parse::has_modseq(args.tree)) connection.enable_condstore();
  const std::uint32_t limit = connection.services().message_limit.all;
  if (limit != 0 && count(searched(connection.view(), *program.matcher)) > limit)
    return too_many(limit, {});  // RFC 9738 §3.3
  return std::unique_ptr<Operation>(new ThreadOperation(connection, args, std::move(*program.matcher)));
}

}  // namespace hearthmail::receiver::imap::cmd
