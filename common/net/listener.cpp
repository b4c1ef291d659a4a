#include "common/net/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/crypto/tls.hpp"
#include "common/log/log.hpp"
#include "common/net/admission.hpp"
#include "common/net/listening_socket.hpp"
#include "common/net/poll.hpp"
#include "common/net/secure_stream.hpp"
#include "common/net/uv_stream.hpp"

namespace hearthmail::net {
namespace {

// Connections accepted in one turn of the loop, so that a flood does not starve what else runs there.
constexpr int kAcceptsPerTurn = 64;
// How long accepting pauses when descriptors or memory have run out; waiting connections stay in the kernel's queue.
constexpr std::chrono::milliseconds kExhaustedPause{100};
// Refused connections, and that none can be accepted, are logged at most this often; the line says how many there were.
constexpr std::chrono::seconds kLogEvery{1};

// What the listener and its sessions share; a session may outlive the listener.
struct Shared {
  ListenOptions options;
  Session session;
  Admission admission;

  Shared(ListenOptions o, Session s)
      : options(std::move(o)),
        session(std::move(s)),
        admission(options.most_sessions, options.most_per_address, options.lobby) {}
};

// A connection on its way to its loop and the session's place in the count.
struct Ticket {
  std::shared_ptr<Shared> shared;
  std::uint64_t id;
  int fd;  // until a stream takes it over
  SocketKind kind;

  Ticket(std::shared_ptr<Shared> s, std::uint64_t i, int f, SocketKind k)
      : shared(std::move(s)), id(i), fd(f), kind(k) {}
  ~Ticket() {
    if (fd >= 0) ::close(fd);
    shared->admission.leave(id);
  }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
};

std::unique_ptr<Stream> dress(std::unique_ptr<Stream> plain, const ListenOptions& options) {
  if (options.tls == TlsMode::None) return plain;
  return std::make_unique<SecureStream>(std::move(plain), options.tls_server, options.handshake_limit);
}

// Runs one session on its loop, from the handed-over descriptor to the end. The ticket goes last.
base::Task<void> serve(Loop& loop, std::shared_ptr<Ticket> ticket) {
  Shared& shared = *ticket->shared;
  const auto core = StreamCore::make(loop, ticket->kind);
  const auto on_authenticated = [weak = std::weak_ptr<Ticket>(ticket)] {
    const auto alive = weak.lock();
    if (alive) alive->shared->admission.authenticated(alive->id);
  };
  auto plain = std::make_unique<UvStream>(core, on_authenticated);
  const base::Status opened = core->open(std::exchange(ticket->fd, -1));
  const bool wanted = shared.admission.started(ticket->id, core);
  if (!opened.ok() || !wanted) co_return;
  std::unique_ptr<Stream> stream = dress(std::move(plain), shared.options);
  if (shared.options.tls == TlsMode::Implicit) {
    const auto secured = co_await stream->start_tls();
    if (!secured.ok()) {
      log::info(
          "tls handshake failed",
          {{"listener", shared.options.name}, {"peer", stream->peer().address}, {"problem", secured.error().text}});
      co_return;
    }
  }
  co_await shared.session(loop, std::move(stream));
}

class SocketListener final : public Listener {
 public:
  SocketListener(Loop& accept_on, const std::vector<Loop*>& loops, const Endpoint& endpoint, int fd,
                 std::shared_ptr<Shared> shared)
      : loops_(loops),
        unix_path_(endpoint.unix_path),
        fd_(fd),
        port_(port_of(fd)),
        shared_(std::move(shared)),
        resume_(accept_on, [this] { watch_->watch(true, false); }),
        watch_(std::make_unique<FdWatch>(accept_on, fd, [this](bool, bool) { accept_some(); })) {
    struct stat info {};
    if (!unix_path_.empty() && ::stat(unix_path_.c_str(), &info) == 0) inode_ = info.st_ino;
    watch_->watch(true, false);
  }
  ~SocketListener() override { stop_accepting(); }

  std::uint16_t port() const override { return port_; }
  std::size_t sessions() const override { return shared_->admission.sessions(); }
  void close_sessions() override { shared_->admission.close_all(); }
  void stop_accepting() override {
    if (fd_ < 0) return;
    resume_.stop();
    watch_->stop();
    ::close(std::exchange(fd_, -1));
    remove_path();
  }

 private:
  void accept_some();
  void pause_accepting(int error);
  void take(int fd, const sockaddr_storage& address);
  void refuse(int fd, const std::string& address, Admission::Refusal why);
  void remove_path();

  std::vector<Loop*> loops_;
  std::size_t next_loop_ = 0;
  std::string unix_path_;
  ino_t inode_ = 0;  // of the unix socket: a successor's is not removed
  int fd_;
  std::uint16_t port_;
  std::shared_ptr<Shared> shared_;  // with every session
  std::chrono::steady_clock::time_point logged_refusal_{};
  std::size_t unlogged_refusals_ = 0;
  std::chrono::steady_clock::time_point logged_exhaustion_{};
  Timer resume_;
  std::unique_ptr<FdWatch> watch_;
};

void SocketListener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn && fd_ >= 0; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      take(fd, address);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      pause_accepting(errno);
      return;
    }  // anything else concerns that one connection only (ECONNABORTED and the network errors of accept(2))
  }
}

void SocketListener::pause_accepting(int error) {
  watch_->stop();
  resume_.start(kExhaustedPause);
  const auto now = std::chrono::steady_clock::now();
  if (now - logged_exhaustion_ < kLogEvery) return;
  logged_exhaustion_ = now;
  log::error("cannot accept connections", {{"listener", shared_->options.name}, {"problem", std::strerror(error)}});
}

void SocketListener::take(int fd, const sockaddr_storage& address) {
  std::string peer = "unix";
  std::uint16_t port = 0;
  if (unix_path_.empty()) describe(address, peer, port);
  Loop& loop = *loops_[next_loop_];
  next_loop_ = (next_loop_ + 1) % loops_.size();
  const Admission::Decision decision = shared_->admission.admit(loop, peer);
  if (decision.refusal != Admission::Refusal::None) {
    refuse(fd, peer, decision.refusal);
    return;
  }
  const auto kind = unix_path_.empty() ? SocketKind::Tcp : SocketKind::Unix;
  const auto ticket = std::make_shared<Ticket>(shared_, decision.id, fd, kind);
  loop.post([&loop, ticket] { base::spawn(serve(loop, ticket)); });
}

// Tells why if the socket takes it at once; never waits for the peer. A TLS client could not read it.
void SocketListener::refuse(int fd, const std::string& address, Admission::Refusal why) {
  const std::string& text = shared_->options.refusal;
  if (shared_->options.tls != TlsMode::Implicit && !text.empty()) {
    [[maybe_unused]] const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
  ++unlogged_refusals_;
  const auto now = std::chrono::steady_clock::now();
  if (now - logged_refusal_ < kLogEvery) return;
  logged_refusal_ = now;
  const char* const reason = why == Admission::Refusal::TooMany ? "too many connections" : "too many from this address";
  log::warning("connection refused", {{"listener", shared_->options.name},
                                      {"peer", address},
                                      {"reason", reason},
                                      {"count", std::exchange(unlogged_refusals_, 0)}});
}

void SocketListener::remove_path() {
  struct stat info {};
  if (unix_path_.empty() || ::stat(unix_path_.c_str(), &info) != 0 || info.st_ino != inode_) return;
  ::unlink(unix_path_.c_str());
}

}  // namespace

base::Result<std::unique_ptr<Listener>> Listener::open(Loop& accept_on, const std::vector<Loop*>& loops,
                                                       const Endpoint& endpoint, ListenOptions options,
                                                       Session session) {
  if (loops.empty()) return base::Error{base::Errc::Internal, "a listener needs a loop for its sessions"};
  if (options.tls == TlsMode::Implicit && options.tls_server == nullptr) {
    return base::Error{base::Errc::Invalid, "listener " + options.name + " needs a certificate for TLS"};
  }
  TRY_ASSIGN(const int fd, listen_on(endpoint));
  auto shared = std::make_shared<Shared>(std::move(options), std::move(session));
  return std::unique_ptr<Listener>(std::make_unique<SocketListener>(accept_on, loops, endpoint, fd, std::move(shared)));
}

}  // namespace hearthmail::net
