// Rights: what a user may do with a mailbox, RFC 4314 §2.1. A set of letters; pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::store::mail {

// Each is one bit as stored (FORMAT.md); the letter is the RFC's.
enum class Right : std::uint16_t {
  Lookup = 1,            // l: the mailbox is visible
  Read = 2,              // r: SELECT, STATUS
  KeepSeen = 4,          // s: \Seen
  Write = 8,             // w: flags other than \Seen and \Deleted
  Insert = 16,           // i: APPEND, COPY into it
  Post = 32,             // p: nothing in IMAP asks for it
  Create = 64,           // k: CREATE below it
  DeleteMailbox = 128,   // x: DELETE, RENAME
  DeleteMessages = 256,  // t: \Deleted
  Expunge = 512,         // e: EXPUNGE
  Administer = 1024,     // a: SETACL, GETACL
};

class Rights {
 public:
  constexpr Rights() = default;
  constexpr Rights(Right right) : bits_(static_cast<std::uint16_t>(right)) {}  // NOLINT: implicit by design
  constexpr Rights(std::initializer_list<Right> rights) {
    for (const Right right : rights) bits_ = static_cast<std::uint16_t>(bits_ | static_cast<std::uint16_t>(right));
  }
  static constexpr Rights of_bits(std::uint32_t bits) {
    Rights rights;
    rights.bits_ = static_cast<std::uint16_t>(bits & 0x7FFU);  // bits that no right has are ignored
    return rights;
  }
  static constexpr Rights all() { return of_bits(0x7FF); }

  constexpr std::uint16_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(Rights wanted) const { return (bits_ & wanted.bits_) == wanted.bits_; }  // all of them
  constexpr bool has_any(Rights wanted) const { return (bits_ & wanted.bits_) != 0; }
  constexpr Rights with(Rights more) const { return of_bits(static_cast<std::uint32_t>(bits_ | more.bits_)); }
  constexpr Rights without(Rights less) const { return of_bits(bits_ & ~static_cast<std::uint32_t>(less.bits_)); }
  constexpr Rights both(Rights other) const { return of_bits(static_cast<std::uint32_t>(bits_ & other.bits_)); }
  constexpr bool operator==(const Rights&) const = default;

  // "lrswipkxtea", those that are in the set in this order.
  std::string letters() const;
  // The same with the obsolete "c" (for k or x) and "d" (for t or e) that ACL and MYRIGHTS responses carry for older
  // clients: RFC 4314 §2.1.1.
  std::string letters_with_obsolete() const;

 private:
  std::uint16_t bits_ = 0;
};

// A string of right letters; "c" means k and x, "d" means t and e (RFC 4314 §2.1.1). Invalid, naming the letter that is no
// right: it is never passed over (RFC 4314 §3.1).
base::Result<Rights> parse_rights(std::string_view letters);

// mod-rights: "+" adds, "-" removes, otherwise they replace (RFC 4314 §3.1).
struct RightsChange {
  enum class Mode { Replace, Add, Remove };
  Mode mode = Mode::Replace;
  Rights rights;
  Rights applied_to(Rights before) const;
};
base::Result<RightsChange> parse_rights_change(std::string_view text);

}  // namespace hearthmail::store::mail
