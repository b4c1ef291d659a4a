#include "common/auth/password.hpp"

#include <argon2.h>

#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"

namespace hearthmail::auth {

namespace {

// As in a PHC string: RFC 4648 §4 without padding.
std::string unpadded(std::string_view octets) {
  std::string text = base::base64(octets);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace

// RFC 9106 §3.1: the salt is random and new for every hash.
std::string hash_password(std::string_view password) {
  const std::string salt = crypto::random_octets(kArgonSalt);
  const std::size_t room =
      argon2_encodedlen(kArgonPasses, kArgonMemory, kArgonLanes, kArgonSalt, kArgonHash, Argon2_id);
  std::string encoded(room, '\0');
  const int code = argon2id_hash_encoded(kArgonPasses, kArgonMemory, kArgonLanes, password.data(), password.size(),
                                         salt.data(), salt.size(), kArgonHash, encoded.data(), encoded.size());
  if (code != ARGON2_OK) return {};
  encoded.resize(encoded.find('\0'));  // argon2_encodedlen counts the terminator
  return encoded;
}

std::string unmatched_hash() {
  return "$argon2id$v=" + std::to_string(ARGON2_VERSION_NUMBER) + "$m=" + std::to_string(kArgonMemory) +
         ",t=" + std::to_string(kArgonPasses) + ",p=" + std::to_string(kArgonLanes) + "$" +
         unpadded(crypto::random_octets(kArgonSalt)) + "$" + unpadded(crypto::random_octets(kArgonHash));
}

bool verify_password(std::string_view encoded, std::string_view password) {
  if (password.size() > kMaxPassword || !encoded.starts_with("$argon2id$")) return false;
  const std::string terminated(encoded);
  return argon2id_verify(terminated.c_str(), password.data(), password.size()) == ARGON2_OK;
}

}  // namespace hearthmail::auth
