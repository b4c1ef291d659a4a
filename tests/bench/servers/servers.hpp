// The servers that are compared, each in a directory of its own below the run's, with durable settings and no limits that
// an expert would not lift. README.md says which settings and why.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/figure.hpp"

namespace hearthmail::bench {

constexpr std::string_view kDomain = "bench.test";
constexpr std::size_t kUsers = 64;

struct Workshop {
  std::string directory;    // the run's, on a real disk, made and removed by who made it
  std::string programs;     // where Hearthmail's programs are
  std::string certificate;  // PEM, self-signed for localhost, the same for every server
  std::string key;
};

// user00@bench.test ...
std::vector<User> bench_users();

// name(): "hearthmail": all services.
std::unique_ptr<Server> make_hearthmail(const Workshop& workshop);
// "dovecot": LMTP, IMAP, IMAPS, POP3 on mdbox.
std::unique_ptr<Server> make_dovecot(const Workshop& workshop);
// "postfix-discard": port 25 into a durable queue, delivery discarded. "postfix-dovecot": the same into Dovecot's LMTP.
std::unique_ptr<Server> make_postfix_discard(const Workshop& workshop);
std::unique_ptr<Server> make_postfix_dovecot(const Workshop& workshop);
// "postfix-relay": submission into the durable queue, delivery to a next hop.
std::unique_ptr<Server> make_postfix_relay(const Workshop& workshop);

// By name; null for an unknown one.
std::unique_ptr<Server> make_server(std::string_view name, const Workshop& workshop);

}  // namespace hearthmail::bench
