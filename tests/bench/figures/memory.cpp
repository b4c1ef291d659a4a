// What an idle IMAP connection costs: the proportional set size (PSS, proc(5)) of all the server's processes with a thousand
// connections that are logged in, have INBOX selected and are in IDLE, less what they took before.
#include <fstream>
#include <memory>

#include "tests/bench/figures/bounded.hpp"
#include "tests/bench/load/imap_client.hpp"
#include "tests/bench/load/stopwatch.hpp"

namespace hearthmail::bench {

namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

constexpr std::size_t kConnections = 1000;
constexpr std::size_t kConnectionsQuick = 200;
constexpr std::size_t kWarmUp = 4;  // connections that come and go before, so that code and caches are there

Result<double> pss_kibibytes(const Server& server) {
  double sum = 0;
  for (const int process : server.processes()) {
    std::ifstream in("/proc/" + std::to_string(process) + "/smaps_rollup");
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("Pss:")) sum += std::stod(line.substr(4));
    }
  }
  if (sum == 0) return Error{Errc::Unavailable, "the kernel tells no PSS"};
  return sum;
}

using Clients = std::vector<std::unique_ptr<ImapClient>>;

Result<Clients> connect(const Endpoint& door, const Server& server, std::size_t count) {
  Clients clients;
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(auto client, ImapClient::enter(door, server.users()[i % server.users().size()]));
    TRY_ASSIGN([[maybe_unused]] const auto letters, client.select("INBOX"));
    TRY(client.idle_begin());
    clients.push_back(std::make_unique<ImapClient>(std::move(client)));
  }
  return clients;
}

Result<Measure> measure(Server& server, const Options& options, bool tls) {
  const Services& services = server.services();
  const std::size_t count = options.quick ? kConnectionsQuick : kConnections;
  TRY(server.clear());
  const Endpoint& door = tls ? services.imaps : services.imap;
  { TRY_ASSIGN(const auto warm, connect(door, server, kWarmUp)); }
  TRY_ASSIGN(const double before, pss_kibibytes(server));
  TRY_ASSIGN(const auto clients, connect(door, server, count));
  TRY_ASSIGN(const double after, pss_kibibytes(server));
  for (const auto& client : clients) TRY(client->idle_end());  // they are all still there
  Measure measured;
  measured.value = (after - before) / static_cast<double>(count);
  measured.limit = "without any connection " + std::to_string(static_cast<int>(before)) + " KiB";
  return measured;
}

Figure figure(bool tls, double most) {
  const std::string how = tls ? "TLS" : "plain";
  return bounded(tls ? "memory-tls" : "memory-plain", "memory per idle IMAP connection, PSS, 1,000 of them, " + how,
                 "KiB", most, [tls](Server& server, const Options& options) { return measure(server, options, tls); });
}

}  // namespace

std::vector<Figure> memory_figures() { return {figure(false, 20), figure(true, 50)}; }

}  // namespace hearthmail::bench
