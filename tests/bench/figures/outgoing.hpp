// What submission and relaying share: a queue that is filled while nothing leaves, and a sink that sees everything leave.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/figures/delivery.hpp"
#include "tests/bench/load/smtp_client.hpp"
#include "tests/bench/sink/sink.hpp"

namespace hearthmail::bench {

// How long a whole queue may take to leave.
constexpr std::chrono::seconds kDrainPatience{300};

// The server runs with an empty queue, holds what it accepts, and has `sink` for its next hop.
base::Status hold_for(Server& server, const Sink& sink);

// One client of the submission service, with what it insists on.
base::Result<SmtpClient> open_submission(const Server& server, std::size_t client);
// Letters whose From is the user that client `number % clients` logs in as: nobody may send as another.
Pool own_letters(const Server& server, std::uint64_t seed, std::size_t count, std::size_t octets, std::size_t clients);
// Submits it from the client's own address to a stranger.
base::Status submit(SmtpClient& client, const Server& server, std::size_t index, std::string_view octets);

}  // namespace hearthmail::bench
