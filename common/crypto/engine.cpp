#include "common/crypto/engine.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "common/base/text.hpp"

namespace hearthmail::crypto {

// The BIO's callbacks; its data is the Engine.
struct EngineBio {
  // What in_ may keep allocated once all of it is used up.
  static constexpr std::size_t kKeptCapacity = 4096;

  static Engine& engine(BIO* bio) { return *static_cast<Engine*>(BIO_get_data(bio)); }

  static int write(BIO* bio, const char* octets, int count) {
    engine(bio).out_.append(octets, static_cast<std::size_t>(count));
    return count;
  }
  static int read(BIO* bio, char* octets, int count) {
    Engine& self = engine(bio);
    BIO_clear_retry_flags(bio);
    const std::size_t taken = std::min(self.in_.size() - self.in_at_, static_cast<std::size_t>(count));
    if (taken == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(octets, self.in_.data() + self.in_at_, taken);
    self.in_at_ += taken;
    if (self.in_at_ == self.in_.size()) {
      if (self.in_.capacity() > kKeptCapacity) std::string().swap(self.in_);
      self.in_.clear();
      self.in_at_ = 0;
    }
    return static_cast<int>(taken);
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }
  static BIO_METHOD* method() {
    static BIO_METHOD* const one = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hearthmail engine");
      BIO_meth_set_write(made, write);
      BIO_meth_set_read(made, read);
      BIO_meth_set_ctrl(made, control);
      BIO_meth_set_create(made, create);
      return made;
    }();
    return one;
  }
};

base::Result<std::unique_ptr<Engine>> Engine::make(SSL_CTX* context, Role role) {
  ERR_clear_error();
  SslPtr ssl(SSL_new(context));
  BIO* const bio = BIO_new(EngineBio::method());
  if (!ssl || bio == nullptr) {
    BIO_free(bio);
    return base::Error{base::Errc::Internal, "TLS cannot make a connection: " + take_reason()};
  }
  SSL_set_bio(ssl.get(), bio, bio);
  if (role == Role::Server) SSL_set_accept_state(ssl.get());
  else SSL_set_connect_state(ssl.get());
  std::unique_ptr<Engine> engine(new Engine(std::move(ssl)));
  BIO_set_data(bio, engine.get());
  SSL_set_app_data(engine->ssl(), engine.get());
  return engine;
}

base::Status Engine::expect_name(const std::string& server_name) {
  expected_ = server_name;
  if (!expected_.empty() && expected_.back() == '.') expected_.pop_back();
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl());
  bool good = false;
  if (is_ip_address(expected_)) {
    good = X509_VERIFY_PARAM_set1_ip_asc(rules, expected_.c_str()) == 1;  // RFC 9525 §6.4: an iPAddress SAN
  } else if (!expected_.empty()) {
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    good = SSL_set1_host(ssl(), expected_.c_str()) == 1 && SSL_set_tlsext_host_name(ssl(), expected_.c_str()) == 1;
  }
  if (!good) {
    ERR_clear_error();
    return base::Error{base::Errc::Invalid,
                       "\"" + base::printable(server_name) + "\" is no name to verify a server by"};
  }
  SSL_set_verify(ssl(), SSL_VERIFY_PEER, on_verify);
  return base::ok();
}

int Engine::on_verify(int good, X509_STORE_CTX* store) {
  if (good == 1) return 1;
  const SSL* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  static_cast<Engine*>(SSL_get_app_data(ssl))->explain_certificate(store);
  return 0;
}

void Engine::explain_certificate(X509_STORE_CTX* store) {
  const int problem = X509_STORE_CTX_get_error(store);
  const X509* const current = X509_STORE_CTX_get_current_cert(store);
  const X509* const leaf = X509_STORE_CTX_get0_cert(store);
  certificate_problem_ = X509_verify_cert_error_string(problem);
  switch (problem) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      if (current != nullptr) certificate_problem_ += " on " + not_after(current);
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID: certificate_problem_ += ": is this machine's clock right?"; break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      certificate_problem_ += ": set ca_file to a PEM copy of it if you trust it";
      break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      certificate_problem_ +=
          ": its authority is not trusted here (set ca_file), or the server does not send its chain";
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      certificate_problem_ +=
          ": it is for " + (leaf == nullptr ? "no name" : names_of(leaf)) + ", not for " + expected_;
      break;
    default: break;
  }
}

base::Error Engine::failure(std::string_view doing) {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  const std::string words = take_reason();
  std::string text(doing);
  if (!certificate_problem_.empty()) {
    text += ": " + certificate_problem_;
  } else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST || reason == SSL_R_UNKNOWN_PROTOCOL ||
             reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_RECORD_TYPE) {
    text += ": the peer does not speak TLS here (" + words + "); check the port and the TLS mode";
  } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) {
    text += ": no common TLS version, 1.2 is the least (" + words + ")";
  } else {
    text += ": " + words;
  }
  return base::Error{base::Errc::Protocol, text};
}

base::Result<TlsEngine::Step> Engine::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl());
  if (done == 1) return Step::Done;
  switch (SSL_get_error(ssl(), done)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return Step::WantInput;
    case SSL_ERROR_ZERO_RETURN: return Step::Closed;
    default: return failure("TLS handshake failed");
  }
}

void Engine::feed(std::string_view ciphertext) { in_.append(ciphertext); }

base::Result<TlsEngine::Step> Engine::read(std::span<char> plain, std::size_t& count) {
  count = 0;
  ERR_clear_error();
  const int good = SSL_read_ex(ssl(), plain.data(), plain.size(), &count);
  if (good == 1) return Step::Done;
  switch (SSL_get_error(ssl(), good)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return Step::WantInput;
    case SSL_ERROR_ZERO_RETURN: return Step::Closed;
    default: return failure("TLS read failed");
  }
}

base::Status Engine::write(std::string_view plain) {
  if (plain.empty()) return base::ok();
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(ssl(), plain.data(), plain.size(), &written) == 1 && written == plain.size()) return base::ok();
  return failure("TLS write failed");
}

// RFC 8446 §6.1: tells the peer that nothing follows, so that it can tell our end from a cut.
void Engine::close_notify() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl()) == 1) SSL_shutdown(ssl());
  ERR_clear_error();
}

std::string Engine::take_output() { return std::exchange(out_, {}); }

std::string Engine::version() const { return SSL_get_version(ssl_.get()); }

std::string Engine::exporter() const {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";  // RFC 9266 §2; the context is empty
  constexpr std::size_t kOctets = 32;
  if (SSL_version(ssl_.get()) < TLS1_3_VERSION || SSL_is_init_finished(ssl_.get()) != 1) return {};
  std::string value(kOctets, '\0');
  auto* const octets = reinterpret_cast<unsigned char*>(value.data());
  const int made =
      SSL_export_keying_material(ssl_.get(), octets, value.size(), kLabel.data(), kLabel.size(), nullptr, 0, 0);
  return made == 1 ? value : std::string();
}

std::string Engine::cipher() const { return SSL_get_cipher_name(ssl_.get()); }

}  // namespace hearthmail::crypto
