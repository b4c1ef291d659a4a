#include "tests/bench/figures/mailboxes.hpp"

#include <map>
#include <utility>

namespace hearthmail::bench {

using base::Result;
using base::Status;

std::size_t dose(const Options& options, std::size_t full, std::size_t quick) { return options.quick ? quick : full; }

const std::vector<Mail>& mixed(const Options& options) {
  static std::map<std::pair<std::uint64_t, std::size_t>, std::vector<Mail>> made;
  const auto count = dose(options, 10'000, 1'000);
  auto& mails = made[{options.seed, count}];
  if (mails.empty()) mails = mixed_mailbox(options.seed, count);
  return mails;
}

const std::vector<Mail>& letters(const Options& options, std::size_t count, std::size_t octets) {
  static std::map<std::pair<std::size_t, std::size_t>, std::vector<Mail>> made;
  auto& mails = made[{count, octets}];
  if (mails.empty()) mails = same_size(options.seed, count, octets);
  return mails;
}

Result<ImapClient> enter(Server& server, std::size_t user) {
  return ImapClient::enter(server.services().imap, server.users().at(user));
}

Result<ImapClient> enter_box(Server& server, std::size_t count, std::size_t user) {
  TRY_ASSIGN(auto client, enter(server, user));
  TRY_ASSIGN(const auto messages, client.select(kBox));
  if (messages != count)
    return changed("the mailbox has " + std::to_string(messages) + " messages, not " + std::to_string(count));
  return client;
}

Status fill_box(Server& server, std::size_t user, std::string_view mailbox, std::span<const Mail> mails) {
  TRY_ASSIGN(auto client, enter(server, user));
  if (mailbox != "INBOX") {
    TRY(client.create(mailbox));
    TRY(client.run("DELETE \"" + std::string(mailbox) + "\""));
    TRY(client.create(mailbox));
  }
  TRY(client.fill(mailbox, mails));
  return client.logout();
}

Status fresh_box(Server& server, std::span<const Mail> mails) {
  TRY(fill_box(server, 0, kBox, mails));
  TRY(server.stop());
  return server.start();
}

Status compare_box(Server& server, std::size_t user, std::string_view mailbox, std::span<const Mail> mails) {
  TRY_ASSIGN(auto client, enter(server, user));
  TRY_ASSIGN(const auto messages, client.select(mailbox));
  if (messages != mails.size()) return changed("the mailbox has " + std::to_string(messages) + " messages");
  std::size_t seen = 0;
  const auto each = [&](std::uint32_t number, std::string_view octets) -> Status {
    if (number != ++seen || octets != mails[number - 1].octets)
      return changed("message " + std::to_string(number) + " came back changed");
    return base::ok();
  };
  if (!mails.empty()) TRY(read_bodies(client, "1:*", each));
  if (seen != mails.size()) return changed("only " + std::to_string(seen) + " messages came back");
  return client.logout();
}

Status fetch_all(ImapClient& client, std::string_view command, std::size_t count,
                 const std::function<Status(std::size_t, const Response&)>& check) {
  std::size_t seen = 0;
  const auto each = [&](const Response& response) -> Status {
    if (response.verb() != "FETCH") return base::ok();
    if (response.number() != ++seen || seen > count)
      return changed("out of order: " + std::string(response.text.substr(0, 100)));
    return check(seen - 1, response);
  };
  TRY(client.run(command, each));
  if (seen != count) return changed("only " + std::to_string(seen) + " answers to " + std::string(command));
  return base::ok();
}

Result<Measure> timed(const Server& server, double amount, std::size_t rounds, const std::function<Status()>& work) {
  const Stopwatch watch(server);
  for (std::size_t i = 0; i < rounds; ++i) TRY(work());
  return watch.per_second(amount * static_cast<double>(rounds));
}

}  // namespace hearthmail::bench
