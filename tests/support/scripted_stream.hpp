// ScriptedStream: a net::Stream whose input is a text and whose output is collected, so that a session runs without a
// socket. Input is handed out in pieces of `step` octets: a test passes with every packing.
#pragma once

#include <utility>

#include <algorithm>
#include <string>
#include <string_view>

#include "common/net/stream.hpp"

namespace hearthmail::test {

class ScriptedStream : public net::Stream {
 public:
  explicit ScriptedStream(std::string input, std::size_t step = 4096) : input_(std::move(input)), step_(step) {}

  base::Task<base::Result<std::size_t>> read(std::span<char> buffer) override {
    if (closed_) co_return base::Error{base::Errc::Closed, "closed"};
    if (interrupted_) {
      interrupted_ = false;
      co_return base::Error{base::Errc::Interrupted, "interrupted"};
    }
    const std::size_t count = std::min({buffer.size(), step_, input_.size() - at_, until_tls()});
    std::copy_n(input_.data() + at_, count, buffer.data());
    at_ += count;
    co_return count;
  }
  base::Task<base::Status> write(std::string_view octets) override {
    if (closed_) co_return base::Error{base::Errc::Closed, "closed"};
    output_ += octets;
    co_return base::ok();
  }
  base::Task<base::Status> start_tls() override {
    if (!can_start_tls_) co_return base::Error{base::Errc::Unsupported, "no certificate"};
    if (tls_at_ != std::string::npos) at_ = std::max(at_, tls_at_);  // drops what was sent in clear before
    tls_at_ = std::string::npos;
    tls_.active = true;
    tls_.version = "TLSv1.3";
    tls_.cipher = "TLS_AES_256_GCM_SHA384";
    co_return base::ok();
  }
  base::Task<void> shutdown() override {
    closed_ = true;
    co_return;
  }
  void set_timeout(std::chrono::milliseconds) override {}
  void close() override { closed_ = true; }
  void interrupt() override { interrupted_ = true; }
  bool can_start_tls() const override { return can_start_tls_ && !tls_.active; }
  net::TlsInfo tls() const override { return tls_; }
  const net::Peer& peer() const override { return peer_; }

  // Input from this offset on comes after the TLS handshake; a read never crosses it before start_tls().
  void tls_from(std::size_t offset) { tls_at_ = offset; }
  void offer_tls(bool offered) { can_start_tls_ = offered; }
  void set_tls_active() { tls_ = {true, "TLSv1.3", "TLS_AES_256_GCM_SHA384"}; }
  void set_peer(net::Peer peer) { peer_ = std::move(peer); }
  void append_input(std::string_view more) { input_ += more; }
  const std::string& output() const { return output_; }
  std::string take_output() { return std::exchange(output_, {}); }
  bool closed() const { return closed_; }
  bool drained() const { return at_ == input_.size(); }

 private:
  std::size_t until_tls() const {
    return tls_at_ == std::string::npos ? std::string::npos : std::max(tls_at_, at_) - at_;
  }

  std::string input_;
  std::size_t step_;
  std::size_t at_ = 0;
  std::size_t tls_at_ = std::string::npos;
  std::string output_;
  net::TlsInfo tls_;
  net::Peer peer_{"192.0.2.1", 40000, "127.0.0.1", 25};
  bool closed_ = false;
  bool interrupted_ = false;
  bool can_start_tls_ = true;
};

}  // namespace hearthmail::test
