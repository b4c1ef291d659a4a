#include "receiver/imap/text/flags.hpp"

#include <array>

#include "common/base/text.hpp"
#include "receiver/imap/parse/flag_list.hpp"

namespace hearthmail::receiver::imap::text {

namespace mail = store::mail;
using mail::SpecialUse;

static_assert(int{parse::kSeen} == int{mail::kSeen} && int{parse::kAnswered} == int{mail::kAnswered} &&
                  int{parse::kFlagged} == int{mail::kFlagged} && int{parse::kDeleted} == int{mail::kDeleted} &&
                  int{parse::kDraft} == int{mail::kDraft},
              "the grammar's flag bits are those of the store");

namespace {

struct NamedFlag {
  std::string_view name;
  std::uint8_t bit;
};
constexpr std::array<NamedFlag, 5> kSystemFlags{{{"\\Answered", mail::kAnswered},
                                                 {"\\Flagged", mail::kFlagged},
                                                 {"\\Deleted", mail::kDeleted},
                                                 {"\\Seen", mail::kSeen},
                                                 {"\\Draft", mail::kDraft}}};

struct NamedUse {
  std::string_view name;
  SpecialUse use;
};
constexpr std::array<NamedUse, 7> kSpecialUses{{{"\\All", SpecialUse::All},
                                                {"\\Archive", SpecialUse::Archive},
                                                {"\\Drafts", SpecialUse::Drafts},
                                                {"\\Flagged", SpecialUse::Flagged},
                                                {"\\Junk", SpecialUse::Junk},
                                                {"\\Sent", SpecialUse::Sent},
                                                {"\\Trash", SpecialUse::Trash}}};

void add_word(std::string& list, std::string_view word) {
  if (list.size() > 1) list += ' ';
  list += word;
}

}  // namespace

std::string flag_list(const mail::Flags& flags, std::span<const std::string> keywords, bool recent) {
  std::string out = "(";
  for (const NamedFlag& flag : kSystemFlags) {
    if ((flags.system & flag.bit) != 0) add_word(out, flag.name);
  }
  if (recent) add_word(out, "\\Recent");
  for (const mail::KeywordId id : flags.keywords) {
    if (id < keywords.size()) add_word(out, keywords[id]);
  }
  return out += ')';
}

std::string known_flags(std::span<const std::string> keywords, bool new_ones) {
  std::string out = "(";
  for (const NamedFlag& flag : kSystemFlags) add_word(out, flag.name);
  for (const std::string& keyword : keywords) add_word(out, keyword);
  if (new_ones) add_word(out, "\\*");
  return out += ')';
}

SpecialUse special_use(std::string_view attribute) {
  for (const NamedUse& named : kSpecialUses) {
    if (base::iequals(named.name, attribute)) return named.use;
  }
  return SpecialUse::None;
}

std::string_view special_use_name(SpecialUse use) {
  for (const NamedUse& named : kSpecialUses) {
    if (named.use == use) return named.name;
  }
  return {};
}

}  // namespace hearthmail::receiver::imap::text
