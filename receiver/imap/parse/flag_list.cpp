#include "receiver/imap/parse/flag_list.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

struct NamedFlag {
  std::string_view name;
  FlagBit bit;
};
constexpr std::array<NamedFlag, 5> kSystemFlags{{{"\\Answered", kAnswered},
                                                 {"\\Flagged", kFlagged},
                                                 {"\\Deleted", kDeleted},
                                                 {"\\Seen", kSeen},
                                                 {"\\Draft", kDraft}}};

Status add_flag(Cursor& in, FlagList& list) {
  const Cursor before = in;
  TRY_ASSIGN(std::string word, in.flag_word());
  if (word.front() != '\\') {
    const auto same = [&word](const std::string& known) { return base::iequals(known, word); };
    if (std::any_of(list.keywords.begin(), list.keywords.end(), same)) return base::ok();
    if (list.keywords.size() >= kMaxFlags) return before.error("at most 1000 flags");
    list.keywords.push_back(std::move(word));
    return base::ok();
  }
  for (const NamedFlag& flag : kSystemFlags) {
    if (!base::iequals(flag.name, word)) continue;
    list.system = static_cast<std::uint8_t>(list.system | flag.bit);
    return base::ok();
  }
  // \Recent is the server's alone: RFC 3501 §2.3.2; other "\" names are not ours: RFC 9051 §2.3.2.
  return before.error("a flag that clients may set");
}

}  // namespace

Result<FlagList> parse_flag_list(Cursor& in) {
  FlagList list;
  TRY(in.expect('(', "a parenthesised flag list"));
  if (in.take(')')) return list;
  do {
    TRY(add_flag(in, list));
  } while (in.peek() == ' ' && in.space().ok() && in.peek() != ')');
  TRY(in.expect(')', "\")\" after the flags"));
  return list;
}

Result<FlagList> parse_store_flags(Cursor& in) {
  if (in.peek() == '(') return parse_flag_list(in);
  FlagList list;
  do {
    TRY(add_flag(in, list));
  } while (in.peek() == ' ' && in.space().ok() && !in.at_end());
  return list;
}

}  // namespace hearthmail::receiver::imap::parse
