#include <openssl/err.h>

#include "common/crypto/openssl.hpp"

namespace hearthmail::crypto {
namespace {

// TLS 1.2's suites with forward secrecy and authenticated encryption only (RFC 9325 §4.2). TLS 1.3 has no others.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

}  // namespace

base::Result<ContextPtr> new_context(const SSL_METHOD* method) {
  ERR_clear_error();
  ContextPtr context(SSL_CTX_new(method));
  if (!context) return base::Error{base::Errc::Internal, "TLS cannot start: " + take_reason()};
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // resumption by tickets only: no memory per client
  // RFC 8996 §4 and §5: nothing older than TLS 1.2.
  if (SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(raw, kTls12Ciphers) != 1) {
    return base::Error{base::Errc::Internal, "TLS cannot be configured: " + take_reason()};
  }
  return context;
}

}  // namespace hearthmail::crypto
