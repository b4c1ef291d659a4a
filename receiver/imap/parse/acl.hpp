// Commands about access lists: SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS: RFC 4314 §3, §7. MYRIGHTS and GETACL have
// MailboxArgs.
#pragma once

#include <string>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxIdentifier = 1000;  // octets; an address with a dash before it has at most 1 + 64 + 1 + 255

// SETACL; without `rights` DELETEACL, LISTRIGHTS.
struct AclArgs {
  std::string mailbox;
  std::string identifier;  // UTF-8, not empty
  std::string rights;      // mod-rights as written: "+lr"; which letters there are the handler knows
};

base::Result<AclArgs> parse_set_acl(Cursor& in);
base::Result<AclArgs> parse_acl_identifier(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
