#include "receiver/imap/parse/acl.hpp"

#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;

// SP mailbox SP identifier
Result<AclArgs> parse_acl_identifier(Cursor& in) {
  AclArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.mailbox, in.mailbox());
  TRY(in.space());
  TRY_ASSIGN(args.identifier, in.astring());
  if (args.identifier.empty() || args.identifier == "-") return in.error("an identifier that is not empty");
  if (args.identifier.size() > kMaxIdentifier) return in.error("an identifier of at most 1000 octets");
  if (!base::is_utf8(args.identifier)) return in.error("an identifier in UTF-8");
  return args;
}

// setacl = "SETACL" SP mailbox SP identifier SP mod-rights
Result<AclArgs> parse_set_acl(Cursor& in) {
  TRY_ASSIGN(AclArgs args, parse_acl_identifier(in));
  TRY(in.space());
  TRY_ASSIGN(args.rights, in.astring());
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
