#include "common/net/secure_stream.hpp"

#include <algorithm>
#include <utility>

namespace hearthmail::net {
namespace {

// How much of one write is encrypted at a time: bounds the memory of a write of any size, and lets the peer's pace through.
constexpr std::size_t kWritePiece = 64 * 1024;  // octets
// Buffers for ciphertext: small for a session that waits for a command, a whole record for one that transfers.
constexpr std::size_t kIdleBuffer = 4096;           // octets
constexpr std::size_t kTransferBuffer = 17 * 1024;  // octets; a record has at most 2^14 + 256, RFC 8446 §5.2

using Step = crypto::TlsEngine::Step;

}  // namespace

SecureStream::SecureStream(std::unique_ptr<Stream> plain, const crypto::TlsServer* server,
                           std::chrono::milliseconds handshake_limit)
    : plain_(std::move(plain)), server_(server), handshake_limit_(handshake_limit) {}

SecureStream::SecureStream(std::unique_ptr<Stream> plain, std::unique_ptr<crypto::TlsEngine> engine)
    : plain_(std::move(plain)), engine_(std::move(engine)) {}

base::Task<base::Status> SecureStream::handshake() {
  auto done = co_await negotiate();
  plain_->set_timeout(timeout_);
  if (!done.ok()) plain_->close();
  if (done.ok()) info_ = TlsInfo{true, engine_->version(), engine_->cipher(), engine_->exporter()};
  co_return done;
}

base::Task<base::Status> SecureStream::negotiate() {
  const auto end = std::chrono::steady_clock::now() + handshake_limit_;
  for (;;) {
    const auto step = engine_->handshake();
    const auto flushed = co_await flush();  // an alert goes out even when the handshake failed
    if (!step.ok()) co_return step.error();
    if (!flushed.ok()) co_return flushed.error();
    if (*step == Step::Done) co_return base::ok();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) co_return base::Error{base::Errc::Timeout, "the TLS handshake took too long"};
    plain_->set_timeout(timeout_.count() > 0 ? std::min(left, timeout_) : left);
    const auto count = co_await feed_more();
    if (!count.ok() && count.error().code != base::Errc::Interrupted) co_return count.error();
    if (!count.ok()) interrupted_ = true;
    if (count.ok() && *count == 0) co_return base::Error{base::Errc::Closed, "the peer left during the TLS handshake"};
  }
}

// Reads ciphertext into the engine; the octets read, 0 at the peer's end.
base::Task<base::Result<std::size_t>> SecureStream::feed_more() {
  if (ciphertext_.empty()) ciphertext_.resize(kIdleBuffer);
  const std::span<char> buffer(ciphertext_);
  auto count = co_await plain_->read(buffer);
  if (!count.ok()) co_return count;
  engine_->feed(std::string_view(ciphertext_.data(), *count));
  if (*count == ciphertext_.size()) ciphertext_.resize(kTransferBuffer);
  else if (*count < kIdleBuffer && ciphertext_.size() > kIdleBuffer) std::vector<char>(kIdleBuffer).swap(ciphertext_);
  co_return count;
}

base::Task<base::Status> SecureStream::flush() {
  const std::string output = engine_->take_output();
  if (output.empty()) co_return base::ok();
  auto written = co_await plain_->write(output);
  co_return written;
}

base::Task<base::Result<std::size_t>> SecureStream::read(std::span<char> buffer) {
  if (std::exchange(interrupted_, false)) co_return base::Error{base::Errc::Interrupted, "read was interrupted"};
  if (info_.active) {
    auto count = co_await read_secure(buffer);
    co_return count;
  }
  waits_ = true;
  auto count = co_await plain_->read(buffer);
  waits_ = false;
  co_return count;
}

base::Task<base::Result<std::size_t>> SecureStream::read_secure(std::span<char> buffer) {
  for (;;) {
    std::size_t count = 0;
    const auto step = engine_->read(buffer, count);
    const auto flushed = co_await flush();  // answers to key updates, alerts
    if (!step.ok()) co_return step.error();
    if (count > 0) co_return count;
    if (*step == Step::Closed) co_return std::size_t{0};
    if (!flushed.ok()) co_return flushed.error();
    if (std::exchange(interrupted_, false)) co_return base::Error{base::Errc::Interrupted, "read was interrupted"};
    waits_ = true;
    const auto fed = co_await feed_more();
    waits_ = false;
    if (!fed.ok()) co_return fed.error();
    // An end without close_notify. The mail protocols mark the ends of their messages themselves, and many clients just
    // hang up, so it counts as an ordinary end (RFC 8446 §6.1).
    if (*fed == 0) co_return std::size_t{0};
  }
}

base::Task<base::Status> SecureStream::write(std::string_view octets) {
  if (!info_.active) {
    auto written = co_await plain_->write(octets);
    co_return written;
  }
  while (!octets.empty()) {
    const auto encrypted = engine_->write(octets.substr(0, kWritePiece));
    if (!encrypted.ok()) co_return encrypted.error();
    octets.remove_prefix(std::min(octets.size(), kWritePiece));
    const auto written = co_await flush();
    if (!written.ok()) co_return written.error();
  }
  co_return base::ok();
}

base::Task<base::Status> SecureStream::start_tls() {
  if (!can_start_tls()) co_return base::Error{base::Errc::Unsupported, "TLS is not offered here"};
  auto made = server_->engine();
  if (!made.ok()) co_return made.error();
  engine_ = std::move(made).value();
  auto done = co_await handshake();
  co_return done;
}

base::Task<void> SecureStream::shutdown() {
  if (info_.active) {
    engine_->close_notify();
    const auto flushed = co_await flush();
    if (!flushed.ok()) plain_->close();
  }
  co_await plain_->shutdown();
}

void SecureStream::set_timeout(std::chrono::milliseconds timeout) {
  timeout_ = timeout;
  plain_->set_timeout(timeout);
}

void SecureStream::interrupt() {
  if (waits_) plain_->interrupt();
  else interrupted_ = true;
}

base::Task<base::Result<std::unique_ptr<Stream>>> start_tls_client(std::unique_ptr<Stream> plain,
                                                                   const crypto::TlsClient& client,
                                                                   std::string server_name) {
  auto engine = client.engine(server_name);
  if (!engine.ok()) co_return engine.error();
  auto secure = std::make_unique<SecureStream>(std::move(plain), std::move(engine).value());
  const auto done = co_await secure->handshake();
  if (!done.ok()) co_return base::with_context(server_name, done.error());
  co_return std::unique_ptr<Stream>(std::move(secure));
}

}  // namespace hearthmail::net
