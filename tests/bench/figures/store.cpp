// STORE: all messages in one command, and one message in each of many. Ours is on the disk when it answers; the peer's
// is not (mdbox writes flags to its index without fsync).
#include "tests/bench/figures/mailboxes.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;

constexpr std::size_t kOneBox = 1'000;  // messages in the mailbox of which one is changed at a time

Status store_all(ImapClient& client, bool set, std::size_t count) {
  const std::string command = set ? "STORE 1:* +FLAGS (\\Flagged)" : "STORE 1:* -FLAGS (\\Flagged)";
  return fetch_all(client, command, count, [set](std::size_t, const Response& response) -> Status {
    if ((response.text.find("\\Flagged") != std::string_view::npos) == set) return base::ok();
    return changed("STORE: " + std::string(response.text));
  });
}

// Sets \Flagged on messages 1, 2, ... and takes it away on the next time round.
Status store_one_by_one(ImapClient& client, std::size_t times) {
  for (std::size_t n = 0; n < times; ++n) {
    const bool set = n / kOneBox % 2 == 0;
    const auto number = std::to_string(n % kOneBox + 1);
    bool told = false;
    const auto each = [&](const Response& response) -> Status {
      if (response.verb() != "FETCH" || std::to_string(response.number()) != number) return base::ok();
      told = (response.text.find("\\Flagged") != std::string_view::npos) == set;
      return base::ok();
    };
    TRY(client.run("STORE " + number + (set ? " +FLAGS (\\Flagged)" : " -FLAGS (\\Flagged)"), each));
    if (!told) return changed("STORE of message " + number + " was not reported");
  }
  return base::ok();
}

Result<Measure> store_one(Server& server, std::size_t count, std::size_t times) {
  std::vector<std::unique_ptr<ImapClient>> clients(count);
  std::optional<Stopwatch> watch;
  const auto prepare = [&](std::size_t i) -> Status {
    TRY_ASSIGN(auto client, enter_box(server, kOneBox, i));
    TRY(client.run("STORE 1:* FLAGS.SILENT ()"));
    clients[i] = std::make_unique<ImapClient>(std::move(client));
    return base::ok();
  };
  const auto work = [&](std::size_t i) { return store_one_by_one(*clients[i], times); };
  TRY(at_once(
      count, prepare, [&] { watch.emplace(server); }, work));
  return watch->per_second(static_cast<double>(count * times));
}

Figure one_figure(std::size_t clients, double ratio) {
  Figure figure;
  figure.name = "store-one-" + std::to_string(clients);
  figure.work = "STORE of one message of 1,000, " + std::to_string(clients) +
                (clients == 1 ? " client" : " clients in 8 accounts");
  figure.unit = "commands/s";
  figure.peer = "dovecot";
  figure.target.ratio = ratio;
  figure.prepare = [clients](Server& server, const Options& options) -> Status {
    for (std::size_t i = 0; i < clients; ++i) TRY(fill_box(server, i, kBox, letters(options, kOneBox, 2048)));
    return base::ok();
  };
  figure.measure = [clients](Server& server, const Options& options) {
    return store_one(server, clients, dose(options, 3'000, 500));
  };
  return figure;
}

}  // namespace

std::vector<Figure> store_figures() {
  Figure all;
  all.name = "store-all";
  all.work = "STORE 1:* +FLAGS, then -FLAGS, 10,000 messages";
  all.unit = "msg/s";
  all.peer = "dovecot";
  all.target.ratio = 0.5;
  all.prepare = [](Server& server, const Options& options) { return fill_box(server, 0, kBox, mixed(options)); };
  all.measure = [](Server& server, const Options& options) -> Result<Measure> {
    const auto count = mixed(options).size();
    TRY_ASSIGN(auto client, enter_box(server, count));
    TRY(client.run("STORE 1:* FLAGS.SILENT ()"));
    bool set = false;
    return timed(server, static_cast<double>(count), 10, [&] { return store_all(client, set = !set, count); });
  };
  return {all, one_figure(1, 0.3), one_figure(8, 1)};
}

}  // namespace hearthmail::bench
