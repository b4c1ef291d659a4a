// Commands about messages: STORE, COPY, MOVE, EXPUNGE: RFC 9051 §6.4.3, §6.4.6 to §6.4.9; RFC 4315.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "receiver/imap/parse/flag_list.hpp"
#include "receiver/imap/parse/numset.hpp"

namespace hearthmail::receiver::imap::parse {

enum class StoreMode : std::uint8_t { Replace, Add, Remove };

struct StoreArgs {
  bool uid = false;
  NumSet set;
  std::optional<std::uint64_t> unchanged_since;  // RFC 7162 §3.1.3
  StoreMode mode = StoreMode::Replace;
  bool silent = false;
  FlagList flags;
};
struct CopyArgs {
  bool uid = false;
  NumSet set;
  std::string mailbox;  // UTF-8
};
struct ExpungeArgs {
  std::optional<NumSet> uids;  // UID EXPUNGE, RFC 4315 §2.1
};

// sequence-set, RFC 9051 §9, with "$" of RFC 5182 alone. Invalid beyond kMaxRanges.
base::Result<NumSet> parse_sequence_set(Cursor& in);
base::Result<StoreArgs> parse_store(Cursor& in, bool uid);
base::Result<CopyArgs> parse_copy(Cursor& in, bool uid);  // MOVE too
base::Result<ExpungeArgs> parse_expunge(Cursor& in, bool uid);

}  // namespace hearthmail::receiver::imap::parse
