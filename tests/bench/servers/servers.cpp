#include "tests/bench/servers/servers.hpp"

namespace hearthmail::bench {

using base::Errc;
using base::Error;
using base::Status;

Status Server::relay_to(const Endpoint&) { return Error{Errc::Unsupported, name() + " sends nothing on"}; }
Status Server::hold_deliveries() { return Error{Errc::Unsupported, name() + " sends nothing on"}; }
Status Server::release_deliveries() { return Error{Errc::Unsupported, name() + " sends nothing on"}; }

std::vector<User> bench_users() {
  std::vector<User> users;
  for (std::size_t i = 0; i < kUsers; ++i) {
    const std::string number = (i < 10 ? "0" : "") + std::to_string(i);
    users.push_back({"user" + number + "@" + std::string(kDomain), "bench-password-" + number});
  }
  return users;
}

std::unique_ptr<Server> make_server(std::string_view name, const Workshop& workshop) {
  if (name == "hearthmail") return make_hearthmail(workshop);
  if (name == "dovecot") return make_dovecot(workshop);
  if (name == "postfix-discard") return make_postfix_discard(workshop);
  if (name == "postfix-dovecot") return make_postfix_dovecot(workshop);
  if (name == "postfix-relay") return make_postfix_relay(workshop);
  return nullptr;
}

}  // namespace hearthmail::bench
