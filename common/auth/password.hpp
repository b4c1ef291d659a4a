// Password hashes: argon2id in its PHC text form, "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearthmail::auth {

// RFC 9106 §4 leaves the choice to the memory at hand; these cost 35-46 ms of one core (limits.md, measured).
constexpr std::uint32_t kArgonMemory = 19 * 1024;  // KiB
constexpr std::uint32_t kArgonPasses = 2;
constexpr std::uint32_t kArgonLanes = 1;
constexpr std::size_t kArgonSalt = 16;  // octets, RFC 9106 §3.1
constexpr std::size_t kArgonHash = 32;  // octets
// A password beyond this is never right: it would only be work for the hash. Ours.
constexpr std::size_t kMaxPassword = 1024;  // octets

// A new hash with a random salt. Empty when the library has no memory: then no login matches it.
std::string hash_password(std::string_view password);

// A text like that of hash_password() whose salt and hash are random: no password is behind it, and to verify one against it
// takes as long. Made at once, without computing a hash.
std::string unmatched_hash();

// True when `password` is the one behind `encoded`. False for every other text, also for one that is no argon2id hash.
// Takes as long as the hash: call it in a worker pool, never on a loop.
bool verify_password(std::string_view encoded, std::string_view password);

}  // namespace hearthmail::auth
