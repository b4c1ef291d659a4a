#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/net/uv_stream.hpp"

namespace hearthmail::net {
namespace {

// Idle time after which the kernel asks whether the peer is still there; below the usual 5 minutes after which home
// routers forget a connection.
constexpr unsigned kKeepAliveSeconds = 240;

base::Error closed_because(int uv_error) {
  return base::Error{base::Errc::Closed, std::string("connection ended: ") + uv_strerror(uv_error)};
}

// The loop's time, not the one at which its turn began: the session may have worked for a while since.
std::uint64_t fresh_now(Loop& loop) {
  uv_update_time(loop.raw());
  return uv_now(loop.raw());
}

}  // namespace

std::shared_ptr<StreamCore> StreamCore::make(Loop& loop, SocketKind kind) {
  auto core = std::make_shared<StreamCore>();
  core->loop_ = &loop;
  core->kind_ = kind;
  if (loop.ending()) {
    core->mark_closed();
    return core;
  }
  if (kind == SocketKind::Tcp) uv_tcp_init(loop.raw(), &core->handle_.tcp);
  else uv_pipe_init(loop.raw(), &core->handle_.pipe, 0);
  core->adopt(core->handle_);
  uv_timer_init(loop.raw(), &core->timer_);
  core->adopt(core->timer_);
  return core;
}

base::Status StreamCore::open(int fd) {
  int status = UV_ECANCELED;
  if (!closing()) {
    status = kind_ == SocketKind::Tcp ? uv_tcp_open(&handle_.tcp, fd) : uv_pipe_open(&handle_.pipe, fd);
  }
  if (status != 0) {
    ::close(fd);
    return closed_because(status);
  }
  tune();
  learn_peer();
  return base::ok();
}

void StreamCore::tune() {
  if (kind_ != SocketKind::Tcp || closing()) return;
  uv_tcp_nodelay(&handle_.tcp, 1);
  uv_tcp_keepalive(&handle_.tcp, 1, kKeepAliveSeconds);
}

// A client that writes a message and its end in two small pieces (Python's imaplib: an APPEND's literal, then CRLF) keeps
// the second back until the first is acknowledged (Nagle's algorithm), and the kernel delays that for 40 ms because it hopes
// for an answer to send it with (RFC 1122 §4.2.3.2). A session that reads again without having written has none yet: so
// the acknowledgement goes at once. 60 APPENDs by imaplib over TLS on the loopback, median of one: 53 ms before, 9 ms
// after, most of it the commit; with TCP_NODELAY at the client it had been 8 ms.
void StreamCore::acknowledge() {
  if (kind_ != SocketKind::Tcp || std::exchange(answered_, true)) return;
  int fd = -1;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(&handle_), &fd) != 0) return;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void StreamCore::learn_peer() {
  if (kind_ == SocketKind::Unix) {
    peer.address = "unix";
    peer.local_address = "unix";
    return;
  }
  sockaddr_storage address{};
  int size = sizeof address;
  if (uv_tcp_getpeername(&handle_.tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    describe(address, peer.address, peer.port);
  }
  size = sizeof address;
  if (uv_tcp_getsockname(&handle_.tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    describe(address, peer.local_address, peer.local_port);
  }
}

bool StreamCore::ReadAwait::await_suspend(std::coroutine_handle<> handle) {
  if (core.closing()) {
    result = core.closed_error();
    return false;
  }
  if (std::exchange(core.interrupted_, false)) {
    result = base::Error{base::Errc::Interrupted, "read was interrupted"};
    return false;
  }
  if (core.ended_) return false;  // 0 octets
  if (core.read_ != nullptr) {
    result = base::Error{base::Errc::Internal, "two reads at once on one stream"};
    return false;
  }
  const int status = uv_read_start(core.stream(), on_allocate, on_read);
  if (status != 0 && status != UV_EALREADY) {
    result = closed_because(status);
    return false;
  }
  core.acknowledge();
  caller = handle;
  core.read_ = this;
  core.read_deadline_ = core.timeout_ == 0 ? 0 : fresh_now(*core.loop_) + core.timeout_;
  core.arm();
  return true;
}

void StreamCore::on_allocate(uv_handle_t* handle, std::size_t, uv_buf_t* out) {
  const StreamCore& core = of<StreamCore>(handle);
  if (core.read_ == nullptr) *out = uv_buf_init(nullptr, 0);
  else *out = uv_buf_init(core.read_->buffer.data(), static_cast<unsigned>(core.read_->buffer.size()));
}

void StreamCore::on_read(uv_stream_t* handle, ssize_t count, const uv_buf_t*) {
  StreamCore& core = of<StreamCore>(handle);
  if (count == 0) return;  // would block after all
  // Nobody waits for what has come: on_allocate gave no room, and it stays in the socket. Only now is the socket left alone. A
  // peer that waits for an answer sends nothing meanwhile, and stopping for each answer costs two system calls.
  if (core.read_ == nullptr) {
    if (!core.closing()) uv_read_stop(handle);
  } else {
    if (count > 0) {
      core.answered_ = false;
      core.finish_read(static_cast<std::size_t>(count), true);
    } else if (count == UV_EOF) {
      core.ended_ = true;
      core.finish_read(std::size_t{0}, true);
    } else {
      core.finish_read(closed_because(static_cast<int>(count)), true);
    }
  }
}

// `at_once` only from libuv's callbacks; elsewhere the coroutine goes on later, because its caller may be in the midst
// of something.
void StreamCore::finish_read(base::Result<std::size_t> result, bool at_once) {
  ReadAwait* const read = std::exchange(read_, nullptr);
  read_deadline_ = 0;
  read->result = std::move(result);
  const std::coroutine_handle<> caller = read->caller;
  if (at_once) caller.resume();
  else loop_->post([caller] { caller.resume(); });
}

bool StreamCore::RequestAwait::await_suspend(std::coroutine_handle<> handle) {
  caller = handle;
  status = core.closing() ? UV_ECANCELED : begin();
  if (status != 0) return false;
  if (core.requests_++ == 0) {
    core.queued_ = uv_stream_get_write_queue_size(core.stream());
    core.write_deadline_ = core.timeout_ == 0 ? 0 : fresh_now(*core.loop_) + core.timeout_;
  }
  core.arm();
  return true;
}

int StreamCore::RequestAwait::begin() {
  const auto on_connect = [](uv_connect_t* made, int result) { static_cast<RequestAwait*>(made->data)->done(result); };
  const auto on_write = [](uv_write_t* made, int result) { static_cast<RequestAwait*>(made->data)->done(result); };
  const auto on_shutdown = [](uv_shutdown_t* made, int result) {
    static_cast<RequestAwait*>(made->data)->done(result);
  };
  switch (kind) {
    case Kind::Connect:
      request.connect.data = this;
      if (path == nullptr) return uv_tcp_connect(&request.connect, &core.handle_.tcp, address, on_connect);
      uv_pipe_connect(&request.connect, &core.handle_.pipe, path, on_connect);
      return 0;
    case Kind::Write: {
      request.write.data = this;
      const uv_buf_t buffer = uv_buf_init(const_cast<char*>(octets.data()), static_cast<unsigned>(octets.size()));
      return uv_write(&request.write, core.stream(), &buffer, 1, on_write);
    }
    case Kind::Shutdown:
      request.shutdown.data = this;
      return uv_shutdown(&request.shutdown, core.stream(), on_shutdown);
  }
  return UV_EINVAL;
}

void StreamCore::RequestAwait::done(int with_status) {
  status = with_status;
  if (--core.requests_ == 0) core.write_deadline_ = 0;
  caller.resume();
}

base::Result<std::size_t> StreamCore::write_now(std::string_view octets) {
  if (closing()) return closed_error();
  answered_ = true;
  if (requests_ > 0) return std::size_t{0};
  const uv_buf_t buffer = uv_buf_init(const_cast<char*>(octets.data()), static_cast<unsigned>(octets.size()));
  const int count = uv_try_write(stream(), &buffer, 1);
  if (count == UV_EAGAIN) return std::size_t{0};
  if (count < 0) return closed_because(count);
  return static_cast<std::size_t>(count);
}

void StreamCore::interrupt() {
  if (read_ == nullptr) {
    interrupted_ = true;
    return;
  }
  uv_read_stop(stream());
  finish_read(base::Error{base::Errc::Interrupted, "read was interrupted"}, false);
}

void StreamCore::set_timeout(std::chrono::milliseconds timeout) {
  timeout_ = timeout.count() > 0 ? static_cast<std::uint64_t>(timeout.count()) : 0;
  if (closing()) return;
  const std::uint64_t deadline = timeout_ == 0 ? 0 : fresh_now(*loop_) + timeout_;
  if (read_ != nullptr) read_deadline_ = deadline;
  if (requests_ > 0) write_deadline_ = deadline;
  arm();
}

base::Error StreamCore::closed_error() const {
  return timed_out_ ? base::Error{base::Errc::Timeout, "the peer took too long"}
                    : base::Error{base::Errc::Closed, "connection was closed"};
}

// The timer is only ever started earlier; when it fires too early it looks again. So most reads and writes leave it alone.
void StreamCore::arm() {
  if (closing()) return;
  std::uint64_t earliest = read_deadline_;
  if (write_deadline_ != 0 && (earliest == 0 || write_deadline_ < earliest)) earliest = write_deadline_;
  if (earliest == 0) return;
  const std::uint64_t now = uv_now(loop_->raw());
  const std::uint64_t wait = earliest > now ? earliest - now : 0;
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(&timer_)) != 0 && uv_timer_get_due_in(&timer_) <= wait) return;
  const auto fired = [](uv_timer_t* handle) { of<StreamCore>(handle).on_deadline(); };
  uv_timer_start(&timer_, fired, wait, 0);
}

void StreamCore::on_deadline() {
  const std::uint64_t now = uv_now(loop_->raw());
  if (write_deadline_ != 0 && write_deadline_ <= now) on_write_deadline();
  if (closing()) return;
  if (read_deadline_ != 0 && read_deadline_ <= now) {
    uv_read_stop(stream());
    finish_read(base::Error{base::Errc::Timeout, "the peer took too long"}, true);
  }
  arm();
}

void StreamCore::on_write_deadline() {
  const std::size_t left = uv_stream_get_write_queue_size(stream());
  if (left < queued_) {
    queued_ = left;
    write_deadline_ = uv_now(loop_->raw()) + timeout_;
    return;
  }
  timed_out_ = true;
  close();
}

void StreamCore::closed() {
  if (read_ != nullptr) finish_read(closed_error(), true);
}

}  // namespace hearthmail::net
