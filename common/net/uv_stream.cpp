#include "common/net/uv_stream.hpp"

#include <array>
#include <utility>

namespace hearthmail::net {
namespace {

using Request = StreamCore::RequestAwait;

// How long an orderly end waits for the peer to take our last octets, when the session has set no shorter time.
constexpr std::chrono::seconds kShutdownLimit{10};
// After our FIN the peer's octets are read and dropped for this long: closing with unread octets would send a reset,
// which may destroy our last reply on its way (RFC 1122 §4.2.2.13).
constexpr std::chrono::milliseconds kLinger{1000};
// And at most this many octets.
constexpr std::size_t kMostLingerOctets = 1 << 20;

}  // namespace

UvStream::UvStream(std::shared_ptr<StreamCore> core, std::function<void()> on_authenticated)
    : core_(std::move(core)), on_authenticated_(std::move(on_authenticated)) {}

UvStream::~UvStream() { core_->close(); }

base::Task<base::Result<std::size_t>> UvStream::read(std::span<char> buffer) {
  StreamCore::ReadAwait waiting{*core_, buffer, {}};
  auto result = co_await waiting;
  co_return result;
}

base::Task<base::Status> UvStream::write(std::string_view octets) {
  if (octets.empty()) co_return base::ok();
  const auto taken = core_->write_now(octets);
  if (!taken.ok()) co_return taken.error();
  if (*taken == octets.size()) co_return base::ok();
  const std::shared_ptr<StreamCore> core = core_;
  Request waiting{*core, Request::Kind::Write, octets.substr(*taken), nullptr, nullptr, {}, 0, {}};
  const int status = co_await waiting;
  if (status == 0) co_return base::ok();
  if (core->closing()) co_return core->closed_error();
  co_return base::Error{base::Errc::Closed, std::string("connection ended: ") + uv_strerror(status)};
}

base::Task<base::Status> UvStream::start_tls() {
  co_return base::Error{base::Errc::Unsupported, "TLS is not offered here"};
}

base::Task<void> UvStream::shutdown() {
  if (core_->closing()) co_return;
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(kShutdownLimit);
  if (core_->timeout_ == 0 || core_->timeout_ > static_cast<std::uint64_t>(limit.count())) core_->set_timeout(limit);
  Request waiting{*core_, Request::Kind::Shutdown, {}, nullptr, nullptr, {}, 0, {}};
  const int status = co_await waiting;
  if (status == 0) {
    co_await linger();
  }
  core_->close();
}

base::Task<void> UvStream::linger() {
  if (core_->read_ != nullptr) co_return;
  const auto end = std::chrono::steady_clock::now() + kLinger;
  core_->set_timeout(kLinger);
  std::array<char, 1024> dropped;
  for (std::size_t octets = 0; octets < kMostLingerOctets;) {
    core_->interrupted_ = false;
    const auto count = co_await read(dropped);
    if (!count.ok() && count.error().code != base::Errc::Interrupted) co_return;
    if (count.ok() && *count == 0) co_return;
    if (count.ok()) octets += *count;
    if (std::chrono::steady_clock::now() >= end) co_return;
  }
}

void UvStream::set_authenticated() {
  if (on_authenticated_) std::exchange(on_authenticated_, nullptr)();
}

}  // namespace hearthmail::net
