// connect_tcp and connect_unix: resolve, then try one address after another under one deadline.
#include <sys/un.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "common/base/text.hpp"
#include "common/net/tcp.hpp"
#include "common/net/uv_stream.hpp"

namespace hearthmail::net {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Addresses = std::vector<sockaddr_storage>;
using StreamResult = base::Result<std::unique_ptr<Stream>>;

// No more of a name's addresses than these are tried.
constexpr std::size_t kMostAddresses = 8;

milliseconds left_until(Clock::time_point end) {
  return std::max(milliseconds{1}, std::chrono::duration_cast<milliseconds>(end - Clock::now()));
}

// One getaddrinfo on libuv's pool. It cannot be stopped, so it owns itself; `waiter` is empty once nobody waits.
struct Resolution {
  uv_getaddrinfo_t request{};
  std::coroutine_handle<> waiter;
  base::Result<Addresses>* result = nullptr;
  Timer* timer = nullptr;

  void finish(base::Result<Addresses> outcome) {
    if (!waiter) return;
    *result = std::move(outcome);
    timer->stop();
    std::exchange(waiter, nullptr).resume();
  }
  static void on_resolved(uv_getaddrinfo_t* request, int status, addrinfo* list) {
    const std::unique_ptr<Resolution> self(static_cast<Resolution*>(request->data));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> keep(list, uv_freeaddrinfo);
    if (status != 0) {
      const bool unknown = status == UV_EAI_NONAME || status == UV_EAI_NODATA;
      self->finish(base::Error{unknown ? base::Errc::NotFound : base::Errc::Unavailable, uv_strerror(status)});
      return;
    }
    Addresses addresses;
    for (const addrinfo* one = list; one != nullptr && addresses.size() < kMostAddresses; one = one->ai_next) {
      sockaddr_storage address{};
      std::memcpy(&address, one->ai_addr, std::min<std::size_t>(one->ai_addrlen, sizeof address));
      addresses.push_back(address);
    }
    self->finish(std::move(addresses));
  }
};

struct ResolveAwait {
  Loop& loop;
  const std::string& host;
  const std::string& port;
  milliseconds limit;
  base::Result<Addresses> result{Addresses{}};
  std::unique_ptr<Timer> timer{};

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    auto* const resolution = new Resolution;  // freed by on_resolved
    resolution->request.data = resolution;
    const int status = loop.ending() ? UV_ECANCELED
                                     : uv_getaddrinfo(loop.raw(), &resolution->request, Resolution::on_resolved,
                                                      host.c_str(), port.c_str(), &hints);
    if (status != 0) {
      delete resolution;
      result = base::Error{base::Errc::Unavailable, uv_strerror(status)};
      return false;
    }
    const auto late = [resolution] {
      resolution->finish(base::Error{base::Errc::Timeout, "the name server did not answer in time"});
    };
    timer = std::make_unique<Timer>(loop, late);
    resolution->waiter = caller;
    resolution->result = &result;
    resolution->timer = timer.get();
    timer->start(limit);
    return true;
  }
  base::Result<Addresses> await_resume() { return std::move(result); }
};

// An address in figures needs no resolver.
Addresses numeric_address(const std::string& host, std::uint16_t port) {
  sockaddr_storage address{};
  if (uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(&address)) == 0) return {address};
  if (uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(&address)) == 0) return {address};
  return {};
}

base::Error connect_error(const StreamCore& core, int status) {
  if (core.closing() && status == UV_ECANCELED) return core.closed_error();
  return base::Error{base::Errc::Unavailable, uv_strerror(status)};
}

base::Task<StreamResult> connect_one(Loop& loop, const sockaddr_storage& address, milliseconds limit) {
  const auto core = StreamCore::make(loop, SocketKind::Tcp);
  auto stream = std::make_unique<UvStream>(core, nullptr);
  core->set_timeout(limit);
  StreamCore::RequestAwait connecting{
      *core, StreamCore::RequestAwait::Kind::Connect, {}, reinterpret_cast<const sockaddr*>(&address), nullptr, {}, 0,
      {}};
  const int status = co_await connecting;
  if (status != 0) co_return connect_error(*core, status);
  core->set_timeout(milliseconds{0});
  core->tune();
  core->learn_peer();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

base::Task<StreamResult> connect_any(Loop& loop, const Addresses& addresses, Clock::time_point end) {
  base::Error last{base::Errc::NotFound, "the name has no address"};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const sockaddr_storage& address = addresses[i];
    const auto share =
        left_until(end) / static_cast<long>(addresses.size() - i);  // one dead address leaves time for others
    auto stream = co_await connect_one(loop, address, share);
    if (stream.ok()) co_return stream;
    last = stream.error();
    if (Clock::now() >= end) break;
  }
  co_return last;
}

}  // namespace

base::Task<StreamResult> connect_tcp(Loop& loop, std::string host, std::uint16_t port, milliseconds limit) {
  const auto end = Clock::now() + limit;
  const std::string port_text = std::to_string(port);
  const std::string where = "connect to " + base::printable(host) + " port " + port_text;
  base::Result<Addresses> addresses{numeric_address(host, port)};
  if (addresses.value().empty()) {
    ResolveAwait resolving{loop, host, port_text, limit};
    addresses = co_await resolving;
  }
  if (!addresses.ok()) co_return base::with_context(where, addresses.error());
  const Addresses& found = addresses.value();
  auto stream = co_await connect_any(loop, found, end);
  if (!stream.ok()) co_return base::with_context(where, stream.error());
  co_return stream;
}

base::Task<StreamResult> connect_unix(Loop& loop, std::string path, milliseconds limit) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
    co_return base::Error{base::Errc::Invalid, "\"" + base::printable(path) + "\" cannot be a unix socket's path"};
  }
  const auto core = StreamCore::make(loop, SocketKind::Unix);
  auto stream = std::make_unique<UvStream>(core, nullptr);
  core->set_timeout(limit);
  StreamCore::RequestAwait connecting{*core, StreamCore::RequestAwait::Kind::Connect, {}, nullptr, path.c_str(), {}, 0,
                                      {}};
  const int status = co_await connecting;
  if (status != 0) co_return base::with_context("connect to " + base::printable(path), connect_error(*core, status));
  core->set_timeout(milliseconds{0});
  core->learn_peer();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace hearthmail::net
