// Private to common/net: the plain Stream over a TCP connection or a unix socket.
#pragma once

#include <uv.h>

#include <coroutine>
#include <memory>
#include <string_view>

#include "common/net/handle.hpp"
#include "common/net/stream.hpp"

namespace hearthmail::net {

enum class SocketKind { Tcp, Unix };

// The uv handles of one stream and what waits for them. libuv and the UvStream share it; a listener may keep a weak
// reference, with which it closes the stream from outside.
class StreamCore final : public HandleCore {
 public:
  static std::shared_ptr<StreamCore> make(Loop& loop, SocketKind kind);
  // Takes over a connected socket; it is closed when that fails.
  base::Status open(int fd);
  // No delay for small packets, keepalive for sessions that idle.
  void tune();
  // Fills `peer` once connected.
  void learn_peer();

  // One read that waits; lives in its coroutine's frame.
  struct ReadAwait {
    StreamCore& core;
    std::span<char> buffer;
    std::coroutine_handle<> caller;
    base::Result<std::size_t> result{std::size_t{0}};

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle);
    base::Result<std::size_t> await_resume() { return std::move(result); }
  };

  // One request that libuv works on: a connect, a write or a shutdown. libuv always calls back, also when closing.
  struct RequestAwait {
    enum class Kind { Connect, Write, Shutdown };
    StreamCore& core;
    Kind kind;
    std::string_view octets;            // Write
    const sockaddr* address = nullptr;  // Connect over TCP
    const char* path = nullptr;         // Connect to a unix socket
    std::coroutine_handle<> caller;
    int status = 0;  // of libuv
    union {
      uv_connect_t connect;
      uv_write_t write;
      uv_shutdown_t shutdown;
    } request{};

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle);
    int await_resume() const noexcept { return status; }

   private:
    int begin();
    void done(int with_status);
  };

  // Writes what the socket takes at once; the octets that it took.
  base::Result<std::size_t> write_now(std::string_view octets);
  void interrupt();
  void set_timeout(std::chrono::milliseconds timeout);
  // Why operations end now that the stream is closing: Timeout when a deadline closed it, otherwise Closed.
  base::Error closed_error() const;
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle_); }

  Peer peer;

 private:
  friend class UvStream;
  void closed() override;
  void finish_read(base::Result<std::size_t> result, bool at_once);
  void arm();
  void acknowledge();
  void on_deadline();
  void on_write_deadline();
  static void on_allocate(uv_handle_t* handle, std::size_t, uv_buf_t* out);
  static void on_read(uv_stream_t* handle, ssize_t count, const uv_buf_t*);

  Loop* loop_ = nullptr;
  SocketKind kind_ = SocketKind::Tcp;
  union {
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle_{};
  uv_timer_t timer_{};
  ReadAwait* read_ = nullptr;
  std::size_t requests_ = 0;         // that libuv works on
  std::size_t queued_ = 0;           // octets that waited in libuv at the last look: a write that moves is not late
  std::uint64_t timeout_ = 0;        // milliseconds; 0: none
  std::uint64_t read_deadline_ = 0;  // uv_now() time; 0: none
  std::uint64_t write_deadline_ = 0;
  bool answered_ = true;  // something was written since octets were last read
  bool interrupted_ = false;
  bool ended_ = false;      // the peer ended its side
  bool timed_out_ = false;  // closed by a deadline
};

class UvStream final : public Stream {
 public:
  // `on_authenticated` may be empty.
  UvStream(std::shared_ptr<StreamCore> core, std::function<void()> on_authenticated);
  ~UvStream() override;

  base::Task<base::Result<std::size_t>> read(std::span<char> buffer) override;
  base::Task<base::Status> write(std::string_view octets) override;
  base::Task<base::Status> start_tls() override;
  base::Task<void> shutdown() override;
  void set_timeout(std::chrono::milliseconds timeout) override { core_->set_timeout(timeout); }
  void close() override { core_->close(); }
  void interrupt() override { core_->interrupt(); }
  void set_authenticated() override;
  bool can_start_tls() const override { return false; }
  TlsInfo tls() const override { return {}; }
  const Peer& peer() const override { return core_->peer; }

 private:
  base::Task<void> linger();

  std::shared_ptr<StreamCore> core_;
  std::function<void()> on_authenticated_;
};

// The text of an address ("192.0.2.1"; an IPv4-mapped IPv6 address as IPv4, RFC 4291 §2.5.5.2) and its port.
void describe(const sockaddr_storage& address, std::string& text, std::uint16_t& port);

}  // namespace hearthmail::net
