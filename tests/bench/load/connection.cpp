#include "tests/bench/load/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <span>

namespace hearthmail::bench {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

constexpr std::size_t kCiphertextBuffer = 64 * 1024;  // octets of one read under TLS
constexpr std::size_t kMaxPieces = 256;               // of one writev

Error failed(std::string_view what) {
  const int code = errno;
  const auto kind = code == EAGAIN || code == EWOULDBLOCK ? Errc::Timeout : Errc::Unavailable;
  return Error{kind, std::string(what) + ": " + std::strerror(code)};
}

// Servers bound what one address may hold open; these clients come from as many as a small office has.
constexpr std::uint32_t kClientAddresses = 100;
in_addr_t next_client_address() {
  static std::atomic<std::uint32_t> next{0};
  return htonl(INADDR_LOOPBACK + next.fetch_add(1, std::memory_order_relaxed) % kClientAddresses);
}

int connect_tcp(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = next_client_address();
  const bool bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0;
  if (bound && ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

// One context per certificate in the whole process: making one takes longer than a handshake.
Result<const crypto::TlsClient*> client_trusting(const std::string& certificate) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<crypto::TlsClient>> clients;
  if (certificate.empty()) return Error{Errc::Invalid, "TLS is wanted, and the endpoint names no certificate to trust"};
  const std::lock_guard<std::mutex> lock(mutex);
  auto& client = clients[certificate];
  if (!client) {
    TRY_ASSIGN(client, crypto::TlsClient::create(certificate));
  }
  return client.get();
}

}  // namespace

Connection::Connection(int descriptor) : descriptor_(descriptor), buffer_(new char[kReadBuffer]) {}
Connection::~Connection() { close(); }

void Connection::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Result<std::unique_ptr<Connection>> Connection::open(const Endpoint& endpoint) {
  const int descriptor = endpoint.path.empty() ? connect_tcp(endpoint.port) : connect_unix(endpoint.path);
  if (descriptor < 0) {
    return failed("connect to " + (endpoint.path.empty() ? std::to_string(endpoint.port) : endpoint.path));
  }
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::unique_ptr<Connection> connection(new Connection(descriptor));
  if (endpoint.tls) TRY(connection->start_tls(endpoint.certificate));
  return connection;
}

Status Connection::start_tls(const std::string& certificate) {
  TRY_ASSIGN(const auto* client, client_trusting(certificate));
  TRY_ASSIGN(tls_, client->engine("localhost"));
  ciphertext_.reset(new char[kCiphertextBuffer]);
  while (true) {
    auto step = tls_->handshake();
    TRY(flush_tls());
    if (!step.ok()) return step.error();
    if (*step == crypto::TlsEngine::Step::Done) return base::ok();
    if (*step == crypto::TlsEngine::Step::Closed) return Error{Errc::Closed, "closed during the TLS handshake"};
    TRY_ASSIGN(const auto count, read_some(ciphertext_.get(), kCiphertextBuffer));
    tls_->feed({ciphertext_.get(), count});
  }
}

Status Connection::flush_tls() {
  const auto out = tls_->take_output();
  std::string_view rest = out;
  while (!rest.empty()) {
    const auto count = ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write");
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return base::ok();
}

Status Connection::write_all(std::vector<std::string_view> pieces) {
  if (tls_) {
    for (const auto piece : pieces) TRY(tls_->write(piece));
    return flush_tls();
  }
  std::size_t at = 0;
  while (at < pieces.size()) {
    iovec vectors[kMaxPieces];
    std::size_t used = 0;
    for (; used < kMaxPieces && at + used < pieces.size(); ++used) {
      vectors[used] = {const_cast<char*>(pieces[at + used].data()), pieces[at + used].size()};
    }
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = used;
    const auto count = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write");
    auto written = static_cast<std::size_t>(count);
    while (at < pieces.size() && written >= pieces[at].size()) written -= pieces[at++].size();
    if (at < pieces.size()) pieces[at].remove_prefix(written);
  }
  return base::ok();
}

Result<std::size_t> Connection::read_some(char* at, std::size_t room) {
  while (true) {
    const auto count = ::recv(descriptor_, at, room, 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return Error{Errc::Closed, "the server closed the connection"};
    if (errno != EINTR) return failed("read");
  }
}

Result<std::size_t> Connection::read_tls(char* at, std::size_t room) {
  while (true) {
    std::size_t count = 0;
    TRY_ASSIGN(const auto step, tls_->read(std::span<char>(at, room), count));
    if (count > 0) return count;
    if (step == crypto::TlsEngine::Step::Closed) return Error{Errc::Closed, "the server closed the connection"};
    TRY(flush_tls());
    TRY_ASSIGN(const auto cipher, read_some(ciphertext_.get(), kCiphertextBuffer));
    tls_->feed({ciphertext_.get(), cipher});
  }
}

// Octets that were taken give their room back; a buffer that is full of one answer grows.
void Connection::make_room() {
  if (from_ == to_) {
    from_ = to_ = 0;
  } else if (size_ - to_ < size_ / 4 && from_ > size_ / 2) {
    std::memmove(buffer_.get(), buffer_.get() + from_, to_ - from_);
    to_ -= from_;
    from_ = 0;
  }
  if (size_ - to_ >= size_ / 8) return;
  std::unique_ptr<char[]> larger(new char[size_ * 2]);
  std::memcpy(larger.get(), buffer_.get() + from_, to_ - from_);
  to_ -= from_;
  from_ = 0;
  size_ *= 2;
  buffer_ = std::move(larger);
}

Status Connection::fill() {
  make_room();
  auto count = tls_ ? read_tls(buffer_.get() + to_, size_ - to_) : read_some(buffer_.get() + to_, size_ - to_);
  if (!count.ok()) return count.error();
  to_ += *count;
  octets_read_ += *count;
  return base::ok();
}

Status Connection::need(std::size_t octets) {
  while (pending().size() < octets) TRY(fill());
  return base::ok();
}

Result<std::string_view> Connection::line() {
  std::size_t seen = 0;
  while (true) {
    const auto text = pending();
    const auto end = text.find('\n', seen);
    if (end != std::string_view::npos) {
      take(end + 1);
      return text.substr(0, end > 0 && text[end - 1] == '\r' ? end - 1 : end);
    }
    seen = text.size();
    TRY(fill());
  }
}

Status Connection::expect(std::string_view octets) {
  while (!octets.empty()) {
    if (pending().empty()) TRY(fill());
    const auto here = pending().substr(0, octets.size());
    if (octets.substr(0, here.size()) != here) return Error{Errc::Protocol, "octets came back changed"};
    octets.remove_prefix(here.size());
    take(here.size());
  }
  return base::ok();
}

}  // namespace hearthmail::bench
