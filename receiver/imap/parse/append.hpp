// APPEND: RFC 9051 §6.3.12; several messages: RFC 3502. The message itself never comes here: the framer hands it out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "receiver/imap/parse/flag_list.hpp"

namespace hearthmail::receiver::imap::parse {

struct AppendOptions {
  FlagList flags;
  std::optional<DateTime> date;
};

struct AppendStart {
  std::string tag;
  std::string mailbox;  // UTF-8
  AppendOptions options;
};

// `text`: of the first AppendLiteral event: "tag APPEND mailbox [flags] [date-time] ", up to where the literal begins.
base::Result<AppendStart> parse_append(std::string_view text, bool utf8);
// `text`: of a later AppendLiteral event: " [flags] [date-time] ".
base::Result<AppendOptions> parse_append_next(std::string_view text);
// `text`: of the AppendEnd event; only blanks may be left.
base::Status parse_append_end(std::string_view text);

}  // namespace hearthmail::receiver::imap::parse
