// GETQUOTA, GETQUOTAROOT, SETQUOTA: RFC 9208 §4.1.
#pragma once

#include <string>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxQuotaResources = 20;  // in one SETQUOTA

struct QuotaArgs {
  std::string root;
};

base::Result<QuotaArgs> parse_get_quota(Cursor& in);
// Its limits are checked and forgotten: nobody may set them over IMAP.
base::Result<QuotaArgs> parse_set_quota(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
