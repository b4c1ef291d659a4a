// COPY of a whole mailbox and EXPUNGE of everything. Ours is on the disk when it answers.
#include "tests/bench/figures/mailboxes.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;

constexpr const char* kCopy = "Copy";

Status has_messages(ImapClient& client, const std::string& mailbox, std::size_t count) {
  bool right = false;
  const auto wanted = "MESSAGES " + std::to_string(count) + ")";
  const auto each = [&](const Response& response) {
    right = right || (response.verb() == "STATUS" && response.text.find(wanted) != std::string_view::npos);
    return base::ok();
  };
  TRY(client.run("STATUS " + mailbox + " (MESSAGES)", each));
  return right ? base::ok() : Status(changed(mailbox + " does not have " + std::to_string(count) + " messages"));
}

Result<Measure> copy_all(Server& server, const Options& options) {
  const auto& mails = mixed(options);
  TRY(fill_box(server, 0, kCopy, {}));
  TRY_ASSIGN(auto client, enter_box(server, mails.size()));
  const auto work = [&]() -> Status {
    TRY(client.run("COPY 1:* " + std::string(kCopy)));
    return base::ok();
  };
  TRY_ASSIGN(auto measure, timed(server, static_cast<double>(mails.size()), 1, work));
  TRY(compare_box(server, 0, kCopy, mails));
  return measure;
}

Result<Measure> expunge_all(Server& server, const Options& options) {
  const auto& mails = mixed(options);
  TRY(fill_box(server, 0, kBox, mails));
  TRY_ASSIGN(auto client, enter_box(server, mails.size()));
  TRY(client.run("STORE 1:* +FLAGS.SILENT (\\Deleted)"));
  std::size_t gone = 0;
  const auto each = [&](const Response& response) {
    if (response.verb() == "EXPUNGE") ++gone;
    return base::ok();
  };
  const auto work = [&]() -> Status {
    TRY(client.run("EXPUNGE", each));
    return base::ok();
  };
  TRY_ASSIGN(auto measure, timed(server, static_cast<double>(mails.size()), 1, work));
  if (gone != mails.size()) return changed("EXPUNGE told of " + std::to_string(gone) + " messages");
  TRY_ASSIGN(auto other, enter(server));
  TRY(has_messages(other, kBox, 0));
  return measure;
}

}  // namespace

std::vector<Figure> copy_figures() {
  Figure copy;
  copy.name = "copy-all";
  copy.work = "COPY 1:*, 10,000 messages, 147 MB";
  copy.unit = "msg/s";
  copy.peer = "dovecot";
  copy.target.ratio = 1;
  copy.prepare = [](Server& server, const Options& options) { return fill_box(server, 0, kBox, mixed(options)); };
  copy.measure = copy_all;
  Figure expunge = copy;
  expunge.name = "expunge-all";
  expunge.work = "EXPUNGE of all 10,000 messages, 147 MB";
  expunge.prepare = nullptr;
  expunge.measure = expunge_all;
  return {copy, expunge};
}

}  // namespace hearthmail::bench
