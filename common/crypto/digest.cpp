#include "common/crypto/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <new>

#include "common/log/log.hpp"

namespace hearthmail::crypto {
namespace {

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Hashing and random numbers fail only when there is no memory, or no generator in the system: whoever catches it refuses one
// message and goes on; otherwise the program ends.
void require(bool worked, const char* what) {
  if (worked) return;
  log::error("cryptographic library failed", {{"operation", what}});
  throw std::bad_alloc();
}

// Looked up once: EVP_sha256() asks the library for its implementation anew for every hash.
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  require(method != nullptr, "sha256");
  return method;
}

std::string hmac(const char* digest, std::size_t size, std::string_view key, std::string_view octets) {
  std::string out(size, '\0');
  std::size_t written = 0;
  // A null key would mean "the key set before"; an empty one is a key of no octets.
  const char* const key_data = key.data() == nullptr ? "" : key.data();
  const unsigned char* const made = EVP_Q_mac(nullptr, "HMAC", nullptr, digest, nullptr, key_data, key.size(),
                                              bytes(octets), octets.size(), bytes(out), out.size(), &written);
  require(made != nullptr && written == size, digest);
  return out;
}

}  // namespace

struct Sha256::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  Impl() { restart(); }
  ~Impl() { EVP_MD_CTX_free(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  void restart() { require(context != nullptr && EVP_DigestInit_ex(context, sha256_method(), nullptr) == 1, "sha256"); }
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {}
Sha256::~Sha256() = default;

void Sha256::update(std::string_view octets) {
  require(EVP_DigestUpdate(impl_->context, octets.data(), octets.size()) == 1, "sha256");
}

base::BlobId Sha256::finish() {
  base::BlobId id;
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(impl_->context, id.octets.data(), &size) == 1 && size == id.octets.size(), "sha256");
  impl_->restart();  // the object may be used again
  return id;
}

base::BlobId sha256_id(std::string_view octets) {
  base::BlobId id;
  unsigned int size = 0;
  require(EVP_Digest(octets.data(), octets.size(), id.octets.data(), &size, sha256_method(), nullptr) == 1 &&
              size == id.octets.size(),
          "sha256");
  return id;
}

std::string sha256(std::string_view octets) {
  const base::BlobId id = sha256_id(octets);
  return std::string(id.octets.begin(), id.octets.end());
}

std::string hmac_sha256(std::string_view key, std::string_view octets) { return hmac("SHA256", 32, key, octets); }

std::string hmac_md5(std::string_view key, std::string_view octets) { return hmac("MD5", 16, key, octets); }

std::string pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  std::string out(32, '\0');
  require(PKCS5_PBKDF2_HMAC(password.data() == nullptr ? "" : password.data(), static_cast<int>(password.size()),
                            bytes(salt), static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                            static_cast<int>(out.size()), bytes(out)) == 1,
          "pbkdf2");
  return out;
}

std::string random_octets(std::size_t count) {
  std::string out(count, '\0');
  if (count > 0) require(RAND_bytes(bytes(out), static_cast<int>(count)) == 1, "random");
  return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace hearthmail::crypto
