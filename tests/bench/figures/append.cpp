// APPEND: every client into a mailbox of an account of its own, one message or fifty in a command (RFC 3502). What was
// acknowledged is read back and compared after the clock has stopped. No letter is sent twice, by nobody and in no
// measurement, because Hearthmail keeps the same octets once; what that saves is a figure of its own.
#include <map>

#include "tests/bench/figures/mailboxes.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;

constexpr std::size_t kClients = 8;
constexpr std::size_t kOctets = 4096;

using Letters = std::vector<std::vector<Mail>>;

// `count` new ones, the same for every server.
std::vector<Mail> new_letters(const Server& server, const Options& options, std::size_t count) {
  static std::map<std::string, std::uint64_t> given;
  return same_size(options.seed + ++given[server.name()] * 1'000'003, count, kOctets);
}

Letters for_each_client(const Server& server, const Options& options, std::size_t count) {
  Letters letters(kClients);
  for (auto& own : letters) own = new_letters(server, options, count);
  return letters;
}

Result<Measure> append_in(Server& server, const Letters& letters, std::size_t at_once_each) {
  std::vector<std::unique_ptr<ImapClient>> clients(kClients);
  for (std::size_t i = 0; i < kClients; ++i) TRY(fill_box(server, i, kBox, {}));
  std::optional<Stopwatch> watch;
  const auto prepare = [&](std::size_t i) -> Status {
    TRY_ASSIGN(auto client, enter(server, i));
    clients[i] = std::make_unique<ImapClient>(std::move(client));
    return base::ok();
  };
  const auto work = [&](std::size_t i) -> Status {
    const std::span<const Mail> mails(letters[i]);
    for (std::size_t at = 0; at < mails.size(); at += at_once_each) {
      TRY(clients[i]->append(kBox, mails.subspan(at, at_once_each)));
    }
    return base::ok();
  };
  TRY(at_once(
      kClients, prepare, [&] { watch.emplace(server); }, work));
  auto measure = watch->per_second(static_cast<double>(kClients * letters.front().size()));
  for (std::size_t i = 0; i < kClients; ++i) TRY(compare_box(server, i, kBox, letters[i]));
  return measure;
}

}  // namespace

std::vector<Figure> append_figures() {
  Figure one;
  one.name = "append-4k-8";
  one.work = "APPEND, 4 KiB, 8 clients in 8 accounts";
  one.unit = "msg/s";
  one.peer = "dovecot";
  one.target.ratio = 4;
  one.measure = [](Server& server, const Options& options) {
    return append_in(server, for_each_client(server, options, dose(options, 1'000, 200)), 1);
  };
  Figure fifty = one;
  fifty.name = "multiappend-50-8";
  fifty.work = "MULTIAPPEND of 50, 4 KiB, 8 clients in 8 accounts";
  fifty.target.ratio = 1.2;
  fifty.measure = [](Server& server, const Options& options) {
    return append_in(server, for_each_client(server, options, dose(options, 2'500, 500)), 50);
  };
  Figure same = fifty;
  same.name = "multiappend-same-8";
  same.work = "MULTIAPPEND of 50, 4 KiB, 8 clients, the same letters into 8 accounts";
  same.target.ratio = 0;
  same.measure = [](Server& server, const Options& options) {
    return append_in(server, Letters(kClients, new_letters(server, options, dose(options, 2'500, 500))), 50);
  };
  return {one, fifty, same};
}

}  // namespace hearthmail::bench
