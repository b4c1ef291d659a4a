// APPEND: every client into a mailbox of an account of its own, one message or fifty in a command (RFC 3502). What was
// acknowledged is read back and compared after the clock has stopped.
#include "tests/bench/figures/mailboxes.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;

constexpr std::size_t kClients = 8;
constexpr std::size_t kOctets = 4096;

Result<Measure> append_in(Server& server, std::span<const Mail> mails, std::size_t at_once_each) {
  std::vector<std::unique_ptr<ImapClient>> clients(kClients);
  for (std::size_t i = 0; i < kClients; ++i) TRY(fill_box(server, i, kBox, {}));
  std::optional<Stopwatch> watch;
  const auto prepare = [&](std::size_t i) -> Status {
    TRY_ASSIGN(auto client, enter(server, i));
    clients[i] = std::make_unique<ImapClient>(std::move(client));
    return base::ok();
  };
  const auto work = [&](std::size_t i) -> Status {
    for (std::size_t at = 0; at < mails.size(); at += at_once_each) {
      TRY(clients[i]->append(kBox, mails.subspan(at, at_once_each)));
    }
    return base::ok();
  };
  TRY(at_once(
      kClients, prepare, [&] { watch.emplace(server); }, work));
  auto measure = watch->per_second(static_cast<double>(kClients * mails.size()));
  for (std::size_t i = 0; i < kClients; ++i) TRY(compare_box(server, i, kBox, mails));
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
    return append_in(server, letters(options, dose(options, 1'000, 200), kOctets), 1);
  };
  Figure fifty = one;
  fifty.name = "multiappend-50-8";
  fifty.work = "MULTIAPPEND of 50, 4 KiB, 8 clients in 8 accounts";
  fifty.target.ratio = 1.2;
  fifty.measure = [](Server& server, const Options& options) {
    return append_in(server, letters(options, dose(options, 2'500, 500), kOctets), 50);
  };
  return {one, fifty};
}

}  // namespace hearthmail::bench
