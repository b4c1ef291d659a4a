// From the acknowledgement of a delivery to the EXISTS that an idling client reads.
#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/bench/figures/bounded.hpp"
#include "tests/bench/figures/mailboxes.hpp"
#include "tests/bench/load/smtp_client.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

// Milliseconds from the 250 to the EXISTS; 0 when the client knew before the sender did.
Result<double> notified_after(ImapClient& idler, SmtpClient& sender, const std::string& to, const Mail& mail) {
  Clock::time_point notified;
  Status heard;
  std::thread listener([&] {
    heard = idler.idle_wait_exists();
    notified = Clock::now();
  });
  const auto sent = sender.send("sender@client.example", {to}, mail.octets);
  const auto acknowledged = Clock::now();
  listener.join();
  if (!sent.ok()) return sent.error();
  if (!heard.ok()) return heard.error();
  return std::max(0.0, std::chrono::duration<double, std::milli>(notified - acknowledged).count());
}

Result<Measure> idle(Server& server, const Options& options) {
  const auto& mails = letters(options, dose(options, 40, 10), 4096);
  const auto& user = server.users().at(0);
  TRY_ASSIGN(auto idler, enter(server));
  TRY(idler.select("INBOX"));
  TRY(idler.idle_begin());
  TRY_ASSIGN(auto sender, SmtpClient::open(server.services().lmtp, SmtpClient::Dialect::Lmtp));
  std::vector<double> waits;
  const Stopwatch watch(server);
  for (const auto& mail : mails) {
    TRY_ASSIGN(const auto wait, notified_after(idler, sender, user.address, mail));
    waits.push_back(wait);
  }
  auto measure = watch.milliseconds(1);
  std::sort(waits.begin(), waits.end());
  measure.value = waits[waits.size() / 2];
  measure.limit =
      "the slowest of " + std::to_string(waits.size()) + ": " + std::to_string(waits.back()).substr(0, 6) + " ms";
  TRY(sender.quit());
  TRY(idler.idle_end());
  TRY(idler.logout());
  return measure;
}

}  // namespace

std::vector<Figure> idle_figures() {
  return {bounded("idle-notify", "IDLE: delivery acknowledged to notified, median", "ms", 5, idle)};
}

}  // namespace hearthmail::bench
