#include "receiver/imap/services.hpp"
#include "receiver/imap/session.hpp"

namespace hearthmail::receiver::imap {

base::Task<void> serve_imap(net::Loop& loop, std::unique_ptr<net::Stream> stream, const Services& services) {
  const Session::Pause pause = [&loop](std::chrono::milliseconds duration) { return loop.sleep(duration); };
  Session session(*stream, services, pause);
  co_await session.run();
}

}  // namespace hearthmail::receiver::imap
