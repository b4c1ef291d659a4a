#include "receiver/imap/out.hpp"

#include <array>
#include <charconv>

namespace hearthmail::receiver::imap {

void put_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

void put_uid_set(std::string& out, const std::vector<base::Uid>& uids) {
  for (std::size_t first = 0; first < uids.size();) {
    std::size_t last = first;
    while (last + 1 < uids.size() && uids[last + 1].value == uids[last].value + 1) ++last;
    if (first > 0) out += ',';
    put_number(out, uids[first].value);
    if (last > first) {
      out += ':';
      put_number(out, uids[last].value);
    }
    first = last + 1;
  }
}

void put_flags(std::string& out, const store::mail::Flags& flags, const std::vector<std::string>& keywords,
               bool recent) {
  struct Name {
    std::uint8_t bit;
    std::string_view text;
  };
  static constexpr std::array<Name, 5> kNames{{{store::mail::kAnswered, "\\Answered"},
                                               {store::mail::kFlagged, "\\Flagged"},
                                               {store::mail::kDeleted, "\\Deleted"},
                                               {store::mail::kSeen, "\\Seen"},
                                               {store::mail::kDraft, "\\Draft"}}};
  out += '(';
  const std::size_t start = out.size();
  const auto put = [&](std::string_view text) {
    if (out.size() > start) out += ' ';
    out += text;
  };
  for (const auto& [bit, text] : kNames) {
    if ((flags.system & bit) != 0) put(text);
  }
  for (const auto id : flags.keywords) {
    if (id < keywords.size()) put(keywords[id]);
  }
  if (recent) put("\\Recent");
  out += ')';
}

}  // namespace hearthmail::receiver::imap
