#include "store/mail/rights.hpp"

#include <array>

namespace hearthmail::store::mail {

using base::Errc;
using base::Error;
using base::Result;

namespace {

struct Letter {
  char letter;
  Right right;
};
// In the order of RFC 4314 §2.1.
constexpr std::array<Letter, 11> kLetters{{{'l', Right::Lookup},
                                           {'r', Right::Read},
                                           {'s', Right::KeepSeen},
                                           {'w', Right::Write},
                                           {'i', Right::Insert},
                                           {'p', Right::Post},
                                           {'k', Right::Create},
                                           {'x', Right::DeleteMailbox},
                                           {'t', Right::DeleteMessages},
                                           {'e', Right::Expunge},
                                           {'a', Right::Administer}}};

// RFC 4314 §2.1.1, the first of its two groups: "create" is k and x, "delete" is e and t.
constexpr Rights kObsoleteCreate{Right::Create, Right::DeleteMailbox};
constexpr Rights kObsoleteDelete{Right::DeleteMessages, Right::Expunge};

Result<Rights> right_of(char c) {
  for (const Letter& known : kLetters) {
    if (known.letter == c) return Rights(known.right);
  }
  if (c == 'c') return kObsoleteCreate;
  if (c == 'd') return kObsoleteDelete;
  if (c >= 'A' && c <= 'Z') return Error{Errc::Invalid, "Upper-case rights are not allowed"};  // RFC 4314 §2
  if (c < 'a' || c > 'z') return Error{Errc::Invalid, "A right is a lower-case letter"};
  return Error{Errc::Invalid, std::string("The right \"") + c + "\" is not supported"};
}

}  // namespace

std::string Rights::letters() const {
  std::string text;
  for (const Letter& known : kLetters) {
    if (has(known.right)) text += known.letter;
  }
  return text;
}

std::string Rights::letters_with_obsolete() const {
  std::string text = letters();
  if (has_any(kObsoleteCreate)) text += 'c';
  if (has_any(kObsoleteDelete)) text += 'd';
  return text;
}

Result<Rights> parse_rights(std::string_view letters) {
  Rights rights;
  for (const char c : letters) {
    TRY_ASSIGN(const Rights right, right_of(c));
    rights = rights.with(right);
  }
  return rights;
}

Rights RightsChange::applied_to(Rights before) const {
  switch (mode) {
    case Mode::Replace: return rights;
    case Mode::Add: return before.with(rights);
    case Mode::Remove: return before.without(rights);
  }
  return before;
}

Result<RightsChange> parse_rights_change(std::string_view text) {
  RightsChange change;
  if (!text.empty() && text.front() == '+') change.mode = RightsChange::Mode::Add;
  if (!text.empty() && text.front() == '-') change.mode = RightsChange::Mode::Remove;
  if (change.mode != RightsChange::Mode::Replace) text.remove_prefix(1);
  TRY_ASSIGN(change.rights, parse_rights(text));
  return change;
}

}  // namespace hearthmail::store::mail
