// APPEND: RFC 9051 §6.3.12; several messages: RFC 3502; CATENATE: RFC 4469 §5; UTF8 data: RFC 6855 §4; REPLACE: RFC 8508
// §3. The message itself never comes here: the framer hands it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/flag_list.hpp"

namespace hearthmail::receiver::imap::parse {

struct AppendOptions {
  FlagList flags;
  std::optional<DateTime> date;
  bool utf8 = false;      // "UTF8 (" stands before the message, so ")" comes after it
  bool catenate = false;  // "CATENATE (" stands before its parts, so ")" comes after them
};

// What stands between two literals, in order.
struct AppendStep {
  enum class Kind : std::uint8_t {
    Message,  // a message begins: options
    Url,      // CATENATE: a part that is elsewhere: url
    Close,    // CATENATE: ")", the message is whole
  };
  Kind kind = Kind::Message;
  AppendOptions options;
  std::string url;
};
using AppendSteps = std::vector<AppendStep>;

// The message that REPLACE replaces.
struct Replaced {
  bool uid = false;
  std::uint32_t number = 0;  // a UID or a message number; 0 stands for "*"
};

struct AppendStart {
  std::string tag;
  std::optional<Replaced> replaced;  // REPLACE
  std::string mailbox;               // UTF-8
  AppendSteps steps;
};

// `text`: of the first AppendLiteral event: "tag APPEND mailbox [flags] [date-time] ", up to where the literal begins; or,
// without `literal`, the whole command: all of its parts are elsewhere (CATENATE).
base::Result<AppendStart> parse_append(std::string_view text, bool utf8, bool literal = true);
// `text`: of a later AppendLiteral event: " [flags] [date-time] ".
// `before`: the options of the message that began last; catenate: its list is still open.
base::Result<AppendSteps> parse_append_next(std::string_view text, const AppendOptions& before, bool utf8);
// `text`: of the AppendEnd event, what follows the last literal.
base::Result<AppendSteps> parse_append_end(std::string_view text, const AppendOptions& last, bool utf8);

}  // namespace hearthmail::receiver::imap::parse
