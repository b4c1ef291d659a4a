// What a mailbox takes on the disk, in octets of blocks per octet of mail, after a client has listed it for the first time.
#include "tests/bench/figures/bounded.hpp"
#include "tests/bench/load/imap_client.hpp"

namespace hearthmail::bench {

namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

constexpr std::size_t kLetters = 10'000;
constexpr std::size_t kLettersQuick = 1'000;
constexpr std::size_t kTextOctets = 4096;

const Endpoint& door(const Server& server) { return server.services().imaps; }

std::vector<Mail> letters(const Options& options, bool text) {
  const std::size_t count = options.quick ? kLettersQuick : kLetters;
  return text ? same_size(options.seed, count, kTextOctets) : mixed_mailbox(options.seed, count);
}

Status check_bodies(ImapClient& client, const std::vector<Mail>& mails) {
  const auto each = [&mails](std::uint32_t number, std::string_view octets) -> Status {
    if (number >= 1 && number <= mails.size() && octets == mails[number - 1].octets) return base::ok();
    return Error{Errc::Protocol, "letter " + std::to_string(number) + " came back with other octets"};
  };
  TRY_ASSIGN([[maybe_unused]] const auto octets, read_bodies(client, "1:*", each));
  return base::ok();
}

Result<Measure> measure(Server& server, const Options& options, bool text) {
  const auto mails = letters(options, text);
  TRY(server.clear());
  TRY_ASSIGN(auto client, ImapClient::enter(door(server), server.users().front()));
  TRY(client.fill("INBOX", mails));
  TRY_ASSIGN(const auto there, client.select("INBOX"));
  if (there != mails.size()) return Error{Errc::Protocol, std::to_string(there) + " letters are in the mailbox"};
  TRY_ASSIGN([[maybe_unused]] const auto listed,
             client.run("FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (" +
                        std::string(kListFields) + ")])"));
  TRY(check_bodies(client, mails));
  TRY(client.logout());
  TRY_ASSIGN(const auto octets, server.disk_octets());
  Measure measured;
  measured.value = static_cast<double>(octets) / static_cast<double>(total_octets(mails));
  measured.limit = std::to_string(total_octets(mails) / 1'000'000) + " MB of mail";
  return measured;
}

Figure figure(bool text, double most) {
  const std::string what = text ? "messages of 4 KiB text" : "mixed messages";
  return bounded(text ? "disk-text" : "disk-mixed",
                 "disk octets per stored octet, 10,000 " + what + ", after the first listing", "octets", most,
                 [text](Server& server, const Options& options) { return measure(server, options, text); });
}

}  // namespace

std::vector<Figure> disk_figures() { return {figure(true, 0.75), figure(false, 1.1)}; }

}  // namespace hearthmail::bench
