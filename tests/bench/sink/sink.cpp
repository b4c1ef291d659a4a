#include "tests/bench/sink/sink.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "common/base/text.hpp"

namespace hearthmail::bench {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

// One connection, on a thread of its own.
class Sink::Conversation {
 public:
  Conversation(Sink& sink, int socket) : sink_(sink), socket_(socket) {}

  void run() {
    if (!start()) return;
    say("220 sink.example ESMTP\r\n");
    std::string_view line;
    while (flush_when_idle() && next_line(line)) {
      if (!answer(line)) break;
    }
    flush();
  }

 private:
  bool start() {
    if (!sink_.tls_) return true;
    auto engine = sink_.tls_->engine();
    if (!engine.ok()) return false;
    tls_ = std::move(*engine);
    for (;;) {
      const auto step = tls_->handshake();
      if (!send(tls_->take_output()) || !step.ok()) return false;
      if (*step == crypto::TlsEngine::Step::Done) return true;
      if (*step == crypto::TlsEngine::Step::Closed || !receive_ciphertext()) return false;
    }
  }

  bool receive_ciphertext() {
    char room[16384];
    const ssize_t count = ::recv(socket_, room, sizeof room, 0);
    if (count > 0) tls_->feed({room, static_cast<std::size_t>(count)});
    return count > 0;
  }

  // Appends what has come to input_; false when the peer has ended.
  bool fill() {
    if (at_ > 0) input_.erase(0, at_);
    at_ = 0;
    const std::size_t before = input_.size();
    constexpr std::size_t kRoom = 65536;
    input_.resize(before + kRoom);
    std::size_t count = 0;
    while (count == 0) {
      if (!tls_) {
        const ssize_t got = ::recv(socket_, input_.data() + before, kRoom, 0);
        if (got <= 0) return false;
        count = static_cast<std::size_t>(got);
        break;
      }
      const auto step = tls_->read(std::span<char>(input_.data() + before, kRoom), count);
      if (!step.ok() || *step == crypto::TlsEngine::Step::Closed) return false;
      if (count == 0 && !receive_ciphertext()) return false;
    }
    input_.resize(before + count);
    return true;
  }

  // Replies go out together before the next wait (RFC 2920 §3.2).
  bool flush_when_idle() { return input_.find('\n', at_) != std::string::npos || flush(); }

  bool next_line(std::string_view& line) {
    std::size_t end;
    while ((end = input_.find("\r\n", at_)) == std::string::npos) {
      if (!fill()) return false;
    }
    line = std::string_view(input_).substr(at_, end - at_);
    at_ = end + 2;
    return true;
  }

  bool answer(std::string_view line) {
    const std::string verb = base::upper(line.substr(0, 4));
    if (verb == "EHLO" || verb == "HELO") {
      say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 60000000\r\n250-DSN\r\n250 "
          "ENHANCEDSTATUSCODES\r\n");
    } else if (verb == "DATA") {
      say("354 go on\r\n");
      return flush() && take_message();
    } else if (verb == "QUIT") {
      say("221 2.0.0 bye\r\n");
      return false;
    } else {
      say("250 2.0.0 ok\r\n");
    }
    return true;
  }

  // Up to CRLF.CRLF, RFC 5321 §4.1.1.4.
  bool take_message() {
    constexpr std::string_view kEnd = "\r\n.\r\n";
    std::size_t end;
    std::size_t looked = at_;
    while ((end = input_.find(kEnd, looked)) == std::string::npos) {
      const std::size_t seen = input_.size() - at_;
      if (!fill()) return false;
      looked = seen > kEnd.size() ? seen - kEnd.size() : 0;
    }
    const std::string_view octets = std::string_view(input_).substr(at_, end + 2 - at_);
    at_ = end + kEnd.size();
    sink_.accepted(octets);  // the letters have no line that begins with a dot, trace fields neither
    say("250 2.0.0 accepted\r\n");
    return true;
  }

  void say(std::string_view text) { output_ += text; }

  bool flush() {
    const std::string out = std::move(output_);
    output_.clear();
    if (out.empty()) return true;
    if (!tls_) return send(out);
    return tls_->write(out).ok() && send(tls_->take_output());
  }

  bool send(std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t count = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  Sink& sink_;
  int socket_;
  std::unique_ptr<crypto::TlsEngine> tls_;
  std::string input_, output_;
  std::size_t at_ = 0;  // before it, input_ is used up
};

Result<std::unique_ptr<Sink>> Sink::open(Check check) {
  std::unique_ptr<Sink> sink(new Sink(std::move(check)));
  TRY(sink->listen());
  sink->start();
  return sink;
}

Result<std::unique_ptr<Sink>> Sink::open_tls(Check check, const std::string& directory) {
  std::unique_ptr<Sink> sink(new Sink(std::move(check)));
  const std::string certificate = directory + "/sink-certificate.pem";
  const std::string key = directory + "/sink-key.pem";
  constexpr int kDays = 2;
  TRY(crypto::write_self_signed(certificate, key, "localhost", kDays));
  TRY_ASSIGN(sink->tls_, crypto::TlsServer::load(certificate, key));
  sink->endpoint_.tls = true;
  sink->endpoint_.certificate = certificate;
  TRY(sink->listen());
  sink->start();
  return sink;
}

void Sink::start() {
  acceptor_ = std::thread([this] { accept_all(); });
}

Status Sink::listen() {
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listening_, where, size) != 0 || ::listen(listening_, 256) != 0 ||
      ::getsockname(listening_, where, &size) != 0) {
    return Error{Errc::Unavailable, std::string("the sink cannot listen: ") + std::strerror(errno)};
  }
  endpoint_.port = ntohs(address.sin_port);
  return base::ok();
}

Sink::~Sink() {
  ::shutdown(listening_, SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& one : conversations_) one.join();
  for (const int socket : sockets_) ::close(socket);
  ::close(listening_);
}

void Sink::accept_all() {
  for (;;) {
    const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    conversations_.emplace_back([this, socket] {
      Conversation(*this, socket).run();
      ::shutdown(socket, SHUT_RDWR);
    });
  }
}

void Sink::accepted(std::string_view message) {
  auto checked = check_(message);
  const std::lock_guard lock(mutex_);
  ++messages_;
  if (!checked.ok() && !problem_) problem_ = checked.error();
  changed_.notify_all();
}

Status Sink::wait_for(std::uint64_t count, std::chrono::seconds patience) {
  std::unique_lock lock(mutex_);
  const auto enough = [&] { return messages_ >= count || problem_.has_value(); };
  const bool came = changed_.wait_for(lock, patience, enough);
  if (problem_) return *problem_;
  if (came) return base::ok();
  return Error{Errc::Timeout, "the sink got " + std::to_string(messages_) + " messages, not " + std::to_string(count)};
}

}  // namespace hearthmail::bench
