// What a SEARCH, SORT or ESEARCH found, and how it is answered: ESEARCH of RFC 4731 §3.1 and RFC 9051 §7.3.4, with PARTIAL
// (RFC 9394 §3.1) and the mailbox of RFC 7377 §2.1; and which of it "$" keeps (RFC 5182 §2.4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "receiver/imap/parse/search.hpp"

namespace hearthmail::receiver::imap::search {

// The mod-sequences of what was found, for a search that asked for them (RFC 7162 §3.1.5).
class ModSeqs {
 public:
  explicit ModSeqs(const parse::SearchTree& tree) : wanted_(parse::has_modseq(tree)) {}
  void note(std::uint32_t number, std::uint64_t modseq) {
    if (wanted_) of_[number] = modseq;
  }
  // Of the messages that the answer names, RFC 7162 §3.1.10: only MIN, MAX and PARTIAL name single ones. 0: none to tell.
  std::uint64_t answered(const parse::SearchReturn& want, std::span<const std::uint32_t> found) const;

 private:
  bool wanted_;
  std::unordered_map<std::uint32_t, std::uint64_t> of_;  // by the number that found() has
};
// Appends " (MODSEQ 5)", as SEARCH and SORT end (RFC 7162 §3.1.6); nothing for 0.
void put_modseq(std::string& out, std::uint64_t modseq);

struct EsearchHead {
  std::string_view tag;
  bool uid = false;
  std::string_view mailbox;  // UTF-8; empty: the selected one, which is not named
  std::uint32_t uid_validity = 0;
  std::uint64_t modseq = 0;  // 0: not told
  bool utf8 = false;         // the client reads UTF-8 names
};

// Appends the whole ESEARCH response. `found`: message numbers or UIDs in the order of the result.
void put_esearch(std::string& out, const EsearchHead& head, const parse::SearchReturn& want,
                 std::span<const std::uint32_t> found);
// The part of `found` that SAVE keeps, in the order of the result.
std::vector<std::uint32_t> kept_by_save(const parse::SearchReturn& want, std::span<const std::uint32_t> found);

}  // namespace hearthmail::receiver::imap::search
