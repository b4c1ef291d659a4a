// Mailboxes that the IMAP and POP3 figures work on, filled before the clock starts and compared afterwards.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/figure.hpp"
#include "tests/bench/load/imap_client.hpp"
#include "tests/bench/load/mail.hpp"
#include "tests/bench/load/stopwatch.hpp"

namespace hearthmail::bench {

constexpr const char* kBox = "Bench";  // where a figure's letters lie

// The mixed mailbox of the options: 10,000 letters of 147 MB, a tenth of them with `quick`. Made once.
const std::vector<Mail>& mixed(const Options& options);
// `count` letters of `octets`. Made once for each pair.
const std::vector<Mail>& letters(const Options& options, std::size_t count, std::size_t octets);
// `full`, or `quick` when the options want it quick.
std::size_t dose(const Options& options, std::size_t full, std::size_t quick);

// Logs in as user `user` of the server.
base::Result<ImapClient> enter(Server& server, std::size_t user = 0);
// Logs in and selects kBox, which must have `count` messages.
base::Result<ImapClient> enter_box(Server& server, std::size_t count, std::size_t user = 0);
// Makes `mailbox` anew with `mails` in their order.
base::Status fill_box(Server& server, std::size_t user, std::string_view mailbox, std::span<const Mail> mails);
// The same for kBox of user 0, then restarts the server: whatever it keeps in memory of these messages is gone, and the
// peers, which make their caches when they are first asked, have none on the disk either.
base::Status fresh_box(Server& server, std::span<const Mail> mails);
// Whether `mailbox` holds exactly these letters in this order, every octet.
base::Status compare_box(Server& server, std::size_t user, std::string_view mailbox, std::span<const Mail> mails);

// Runs `command`, hands its untagged FETCH responses to `check` and wants exactly `count` of them, numbered from 1 on.
base::Status fetch_all(ImapClient& client, std::string_view command, std::size_t count,
                       const std::function<base::Status(std::size_t, const Response&)>& check);

// What a figure of one client does between its clock's ticks: `work` runs `rounds` times.
base::Result<Measure> timed(const Server& server, double amount, std::size_t rounds,
                            const std::function<base::Status()>& work);

inline base::Error changed(std::string what) { return base::Error{base::Errc::Protocol, std::move(what)}; }

}  // namespace hearthmail::bench
