#include "common/smtp/client_dialer.hpp"

#include <utility>

#include "common/net/tcp.hpp"

namespace hearthmail::smtp {

namespace {

using Opened = base::Result<std::unique_ptr<net::Stream>>;

class NetDialer : public Dialer {
 public:
  NetDialer(net::Loop& loop, Target target, const crypto::TlsClient* tls)
      : loop_(loop), target_(std::move(target)), tls_(tls) {}

  base::Task<Opened> dial() override {
    return target_.unix_path.empty() ? net::connect_tcp(loop_, target_.host, target_.port, target_.connect_limit)
                                     : net::connect_unix(loop_, target_.unix_path, target_.connect_limit);
  }

  base::Task<Opened> secure(std::unique_ptr<net::Stream> plain) override {
    return tls_ == nullptr ? no_tls() : net::start_tls_client(std::move(plain), *tls_, target_.host);
  }

 private:
  static base::Task<Opened> no_tls() {
    co_return base::Error{base::Errc::Internal, "no TLS rules were given for this connection"};
  }

  net::Loop& loop_;
  Target target_;
  const crypto::TlsClient* tls_;
};

}  // namespace

std::unique_ptr<Dialer> make_dialer(net::Loop& loop, Target target, const crypto::TlsClient* tls) {
  return std::make_unique<NetDialer>(loop, std::move(target), tls);
}

}  // namespace hearthmail::smtp
