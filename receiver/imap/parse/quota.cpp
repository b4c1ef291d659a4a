#include "receiver/imap/parse/quota.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;

// getquota = "GETQUOTA" SP quota-root-name, RFC 9208 §7
Result<QuotaArgs> parse_get_quota(Cursor& in) {
  QuotaArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.root, in.astring());
  return args;
}

// setquota = "SETQUOTA" SP quota-root-name SP setquota-list, RFC 9208 §7
Result<QuotaArgs> parse_set_quota(Cursor& in) {
  TRY_ASSIGN(QuotaArgs args, parse_get_quota(in));
  TRY(in.space());
  TRY(in.expect('(', "a list of resource limits"));
  if (in.take(')')) return args;
  std::size_t resources = 0;
  do {
    if (++resources > kMaxQuotaResources) return in.error("at most 20 resources");
    TRY(in.atom());
    TRY(in.space());
    TRY(in.number64());
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the resource limits"));
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
