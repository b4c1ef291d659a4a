// A whole short session: connect, LOGIN, SELECT, LOGOUT, close. Hearthmail verifies argon2id once and keeps the positive
// result for minutes (RFC 9106); the peer compares plain text from its cache. Both are warm before the clock starts.
#include "tests/bench/figures/mailboxes.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;

constexpr std::size_t kClients = 8;
constexpr std::size_t kMessages = 20;

Status one_session(const Endpoint& endpoint, const User& user) {
  TRY_ASSIGN(auto client, ImapClient::enter(endpoint, user));
  TRY_ASSIGN(const auto messages, client.select(kBox));
  if (messages != kMessages) return changed("SELECT says " + std::to_string(messages) + " messages");
  return client.logout();
}

Result<Measure> sessions(Server& server, const Endpoint& endpoint, std::size_t each) {
  std::optional<Stopwatch> watch;
  const auto warm = [&](std::size_t i) { return one_session(endpoint, server.users().at(i)); };
  const auto work = [&](std::size_t i) -> Status {
    for (std::size_t n = 0; n < each; ++n) TRY(one_session(endpoint, server.users().at(i)));
    return base::ok();
  };
  TRY(at_once(
      kClients, warm, [&] { watch.emplace(server); }, work));
  return watch->per_second(static_cast<double>(kClients * each));
}

}  // namespace

std::vector<Figure> login_figures() {
  Figure plain;
  plain.name = "login-plain-8";
  plain.work = "connect, LOGIN, SELECT, LOGOUT, 8 clients, no TLS";
  plain.unit = "sessions/s";
  plain.peer = "dovecot";
  plain.target.ratio = 4;
  plain.prepare = [](Server& server, const Options& options) -> Status {
    for (std::size_t i = 0; i < kClients; ++i) TRY(fill_box(server, i, kBox, letters(options, kMessages, 4096)));
    return base::ok();
  };
  plain.measure = [](Server& server, const Options& options) {
    return sessions(server, server.services().imap, dose(options, 1'000, 100));
  };
  Figure tls = plain;
  tls.name = "login-tls-8";
  tls.work = "connect, TLS handshake, LOGIN, SELECT, LOGOUT, 8 clients";
  tls.target.ratio = 1.6;
  tls.measure = [](Server& server, const Options& options) {
    return sessions(server, server.services().imaps, dose(options, 300, 30));
  };
  return {plain, tls};
}

}  // namespace hearthmail::bench
