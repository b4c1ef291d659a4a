// Hashes, HMAC, random octets: thin, checked wrappers over OpenSSL, which no other folder includes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/ids.hpp"

namespace hearthmail::crypto {

base::BlobId sha256_id(std::string_view octets);
std::string sha256(std::string_view octets);                             // 32 octets
std::string hmac_sha256(std::string_view key, std::string_view octets);  // 32 octets
std::string hmac_md5(std::string_view key, std::string_view octets);     // 16 octets; CRAM-MD5 only (RFC 2195)
std::string pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations);  // 32 octets
std::string random_octets(std::size_t count);  // from the system's CSPRNG
bool equal_constant_time(std::string_view a, std::string_view b);

// SHA-256 over pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view octets);
  base::BlobId finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearthmail::crypto
