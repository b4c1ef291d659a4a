#include "common/smtp/server_policy.hpp"

namespace hearthmail::smtp {

base::Task<base::Result<ServerPolicy::Login>> ServerPolicy::authenticate(auth::SaslStep, std::string) {
  co_return base::Error{base::Errc::Unsupported, "this listener takes no logins"};
}

base::Result<auth::ScramVerifier> ServerPolicy::scram_verifier(const std::string&) {
  return base::Error{base::Errc::Unsupported, "this listener takes no logins"};
}

}  // namespace hearthmail::smtp
