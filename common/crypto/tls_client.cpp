#include <openssl/err.h>

#include "common/crypto/engine.hpp"
#include "common/crypto/openssl.hpp"
#include "common/crypto/tls.hpp"

namespace hearthmail::crypto {

struct TlsClient::Impl {
  ContextPtr context;
};

TlsClient::TlsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsClient::~TlsClient() = default;

base::Result<std::unique_ptr<TlsClient>> TlsClient::create(const std::string& ca_file) {
  auto impl = std::make_unique<Impl>();
  TRY_ASSIGN(impl->context, new_context(TLS_client_method()));
  SSL_CTX* const context = impl->context.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return base::Error{base::Errc::Internal, "the system's trust store cannot be used: " + take_reason()};
    }
  } else {
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
      return base::Error{base::Errc::Invalid, ca_file + ": no usable certificates in PEM form (" + take_reason() + ")"};
    }
    // What the operator lists is trusted as it is, be it a root, an intermediate or the server's own certificate.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  }
  return std::unique_ptr<TlsClient>(new TlsClient(std::move(impl)));
}

base::Result<std::unique_ptr<TlsEngine>> TlsClient::engine(const std::string& server_name) const {
  TRY_ASSIGN(std::unique_ptr<Engine> engine, Engine::make(impl_->context.get(), Role::Client));
  TRY(engine->expect_name(server_name));
  return std::unique_ptr<TlsEngine>(std::move(engine));
}

}  // namespace hearthmail::crypto
