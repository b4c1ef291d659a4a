// What the figures of delivery share: letters to send, clients that send them for a while, and the comparison of what
// then lies in the mailboxes with what was sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/bench/figure.hpp"
#include "tests/bench/load/mail.hpp"

namespace hearthmail::bench {

// Letters of one size that are sent in turn; found again by their Message-ID.
class Pool {
 public:
  explicit Pool(std::vector<Mail> mails);
  Pool(std::uint64_t seed, std::size_t count, std::size_t octets) : Pool(same_size(seed, count, octets)) {}
  const Mail& at(std::size_t number) const { return mails_[number % mails_.size()]; }
  std::size_t size() const { return mails_.size(); }
  // `received` is one of them with trace fields in front. Errors: Protocol, with what differs.
  base::Status check(std::string_view received) const;

 private:
  std::vector<Mail> mails_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
};

// How long the clients send, and before that without being counted.
struct Span {
  std::chrono::milliseconds measured{3000};
  std::chrono::milliseconds warm_up{300};
};
Span span_for(const Options& options);

// Sends letter `number` for client `client` and returns when the server has accepted it.
using SendOne = std::function<base::Status(std::size_t client, std::size_t number)>;
struct Sent {
  Measure measure;            // letters per second
  std::uint64_t letters = 0;  // accepted in all, the warm-up too
};
// `clients` threads send as fast as they can. `connect` runs before, once for each.
base::Result<Sent> send_for_a_while(const Server& server, std::size_t clients, const Span& span,
                                    const std::function<base::Status(std::size_t)>& connect, const SendOne& send);

// The INBOXes of the first `mailboxes` users hold letters of the pool and nothing else, `expected` in all. Waits for them up to a minute
// where the server delivers after it has accepted.
base::Status check_inboxes(const Server& server, std::size_t mailboxes, const Pool& pool, std::uint64_t expected);

}  // namespace hearthmail::bench
