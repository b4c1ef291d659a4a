#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <mutex>

#include "common/crypto/engine.hpp"
#include "common/crypto/openssl.hpp"
#include "common/crypto/tls.hpp"
#include "common/log/log.hpp"

namespace hearthmail::crypto {
namespace {

// How often the files are looked at.
constexpr std::chrono::seconds kLookEvery{1};

// What tells one version of a file from another; all zero when it cannot be read.
struct Stamp {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  std::int64_t size = 0;
  std::uint64_t inode = 0;
  bool operator==(const Stamp&) const = default;

  static Stamp of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    return {info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size, info.st_ino};
  }
};

base::Error invalid(const std::string& file, const std::string& problem) {
  return base::Error{base::Errc::Invalid, file + ": " + problem};
}

// An encrypted key is refused instead of asking on a terminal that a daemon does not have.
int no_passphrase(char*, int, int, void*) { return 0; }

base::Result<KeyPtr> read_key(const std::string& file) {
  ERR_clear_error();
  const BioPtr in(BIO_new_file(file.c_str(), "r"));
  if (!in) return invalid(file, std::string("cannot be read: ") + std::strerror(errno));
  KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
  if (!key) return invalid(file, "no usable private key in PEM form without a passphrase (" + take_reason() + ")");
  return key;
}

void warn_about_expiry(const std::string& file, const X509* certificate) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) >= 0) return;
  log::warning("certificate has expired", {{"file", file}, {"not_after", not_after(certificate)}});
}

base::Result<ContextPtr> load_pair(const std::string& certificate_file, const std::string& key_file) {
  static constexpr unsigned char kSessionContext[] = "hearthmail";
  TRY_ASSIGN(ContextPtr context, new_context(TLS_server_method()));
  if (Stamp::of(certificate_file) == Stamp{}) {
    return invalid(certificate_file, std::string("cannot be read: ") + std::strerror(errno));
  }
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    return invalid(certificate_file, "no usable certificate in PEM form (" + take_reason() + ")");
  }
  TRY_ASSIGN(const KeyPtr key, read_key(key_file));
  const X509* const certificate = SSL_CTX_get0_certificate(context.get());
  if (X509_check_private_key(certificate, key.get()) != 1 || SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    ERR_clear_error();
    return invalid(key_file, "the key does not match the certificate in " + certificate_file);
  }
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1);
  warn_about_expiry(certificate_file, certificate);
  return context;
}

}  // namespace

struct TlsServer::Impl {
  std::string certificate_file;
  std::string key_file;
  mutable std::mutex mutex;
  // Guarded by `mutex`. A replaced context lives on in the engines that were made from it (OpenSSL counts references).
  ContextPtr context;
  Stamp certificate_stamp;
  Stamp key_stamp;
  std::chrono::steady_clock::time_point looked;

  base::Status load() {
    looked = std::chrono::steady_clock::now();
    certificate_stamp = Stamp::of(certificate_file);  // before reading: a change meanwhile is seen the next time
    key_stamp = Stamp::of(key_file);
    TRY_ASSIGN(context, load_pair(certificate_file, key_file));
    return base::ok();
  }
  // With `mutex` held.
  void reload_if_changed() {
    const auto now = std::chrono::steady_clock::now();
    if (now - looked < kLookEvery) return;
    looked = now;
    if (Stamp::of(certificate_file) == certificate_stamp && Stamp::of(key_file) == key_stamp) return;
    const base::Status loaded = load();
    if (loaded.ok()) log::info("certificate reloaded", {{"file", certificate_file}});
    else log::error("new certificate is unusable, the old one stays", {{"problem", loaded.error().text}});
  }
};

TlsServer::TlsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServer::~TlsServer() = default;

base::Result<std::unique_ptr<TlsServer>> TlsServer::load(std::string certificate_file, std::string key_file) {
  auto impl = std::make_unique<Impl>();
  impl->certificate_file = std::move(certificate_file);
  impl->key_file = std::move(key_file);
  TRY(impl->load());
  return std::unique_ptr<TlsServer>(new TlsServer(std::move(impl)));
}

base::Result<std::unique_ptr<TlsEngine>> TlsServer::engine() const {
  const std::lock_guard lock(impl_->mutex);
  impl_->reload_if_changed();
  TRY_ASSIGN(std::unique_ptr<TlsEngine> engine, Engine::make(impl_->context.get(), Role::Server));
  return engine;
}

}  // namespace hearthmail::crypto
