#include "common/smtp/server_policy.hpp"

namespace hearthmail::smtp {

base::Task<base::Result<ServerPolicy::Login>> ServerPolicy::authenticate(std::string, base::Secret, std::string) {
  co_return base::Error{base::Errc::Unsupported, "this listener takes no logins"};
}

}  // namespace hearthmail::smtp
