#include "common/base/result.hpp"

namespace hearthmail::base {

std::string_view name(Errc code) {
  switch (code) {
    case Errc::Invalid: return "invalid";
    case Errc::NotFound: return "not-found";
    case Errc::Exists: return "exists";
    case Errc::Denied: return "denied";
    case Errc::OverLimit: return "over-limit";
    case Errc::Unavailable: return "unavailable";
    case Errc::Timeout: return "timeout";
    case Errc::Closed: return "closed";
    case Errc::Interrupted: return "interrupted";
    case Errc::Corrupt: return "corrupt";
    case Errc::Unsupported: return "unsupported";
    case Errc::Protocol: return "protocol";
    case Errc::Internal: return "internal";
  }
  return "internal";
}

Error with_context(std::string_view context, Error error) {
  error.text.insert(0, ": ");
  error.text.insert(0, context);
  return error;
}

}  // namespace hearthmail::base
