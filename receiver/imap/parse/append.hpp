// APPEND: RFC 9051 §6.3.12; several messages: RFC 3502; UTF8 data: RFC 6855 §4; REPLACE: RFC 8508 §3. The
// message itself never comes here: the framer hands it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "receiver/imap/parse/flag_list.hpp"

namespace hearthmail::receiver::imap::parse {

struct AppendOptions {
  FlagList flags;
  std::optional<DateTime> date;
  bool utf8 = false;  // "UTF8 (" stands before the message, so ")" comes after it
};

// The message that REPLACE replaces.
struct Replaced {
  bool uid = false;
  std::uint32_t number = 0;  // a UID or a message number; 0 stands for "*"
};

struct AppendStart {
  std::string tag;
  std::optional<Replaced> replaced;  // REPLACE
  std::string mailbox;               // UTF-8
  AppendOptions options;
};

// `text`: of the first AppendLiteral event: "tag APPEND mailbox [flags] [date-time] ", up to where the literal begins.
base::Result<AppendStart> parse_append(std::string_view text, bool utf8);
// `text`: of a later AppendLiteral event: " [flags] [date-time] ".
base::Result<AppendOptions> parse_append_next(std::string_view text, const AppendOptions& before, bool utf8);
// `text`: of the AppendEnd event; only blanks may be left. `last`: the options of the last message.
base::Status parse_append_end(std::string_view text, const AppendOptions& last);

}  // namespace hearthmail::receiver::imap::parse
