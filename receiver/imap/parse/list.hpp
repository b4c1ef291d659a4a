// LIST, LSUB and STATUS: RFC 9051 §6.3.9, §6.3.11; RFC 3501 §6.3.9; RFC 5258, RFC 5819, RFC 6154, RFC 8440.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "receiver/imap/parse/metadata.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxListPatterns = 100;  // in one LIST

enum class StatusItem : std::uint8_t {
  Messages,
  Recent,
  UidNext,
  UidValidity,
  Unseen,
  Deleted,
  DeletedStorage,  // RFC 9208 §4.1.4
  Size,
  AppendLimit,
  HighestModSeq,
  MailboxId
};
std::string_view name(StatusItem item);  // "UIDNEXT"

struct StatusArgs {
  std::string mailbox;
  std::vector<StatusItem> items;  // without repeats
};

struct ListArgs {
  bool extended = false;  // LIST-EXTENDED syntax was used: selection options, several patterns or RETURN
  std::string reference;
  std::vector<std::string> patterns;  // decoded to UTF-8
  // Selection options, RFC 9051 §6.3.9.1.
  bool select_subscribed = false;
  bool select_remote = false;
  bool select_recursive_match = false;
  bool select_special_use = false;
  // Return options, RFC 9051 §6.3.9.2.
  bool return_subscribed = false;
  bool return_children = false;
  bool return_my_rights = false;  // RFC 8440 §3
  bool return_special_use = false;
  std::vector<StatusItem> return_status;  // empty: not asked
  std::vector<Entry> return_metadata;     // RFC 9590; empty: not asked
};

struct LsubArgs {
  std::string reference;
  std::string pattern;
};

base::Result<ListArgs> parse_list(Cursor& in);
base::Result<LsubArgs> parse_lsub(Cursor& in);
base::Result<StatusArgs> parse_status(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
