// Search keys as a pooled tree: RFC 9051 §6.4.4, the NEW, OLD, RECENT of RFC 3501 §6.4.4, OLDER and YOUNGER of RFC 5032 §3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "receiver/imap/parse/numset.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxSearchDepth = 50;    // nesting of (), NOT, OR; limits.md
constexpr std::size_t kMaxSearchKeys = 1'000;  // in one command, limits.md

// UNANSWERED and its like are the positive key with `negated`; OLD is negated Recent, NEW is And(Recent, not Seen).
enum class SearchKey : std::uint8_t {
  All,
  And,          // children: all must match
  Or,           // two children
  Not,          // one child
  SequenceSet,  // set
  Uid,          // set
  UidAfter,     // octets: a UID, or set: "$"; RFC 9738 §3.2
  UidBefore,
  Answered,
  Deleted,
  Draft,
  Flagged,
  Seen,
  Recent,
  Keyword,  // text: the keyword
  Before,   // day
  On,
  Since,
  Older,  // octets: seconds before now, RFC 5032
  Younger,
  SentBefore,
  SentOn,
  SentSince,
  Larger,  // octets
  Smaller,
  ModSeq,       // octets: at least this mod-sequence, RFC 7162 §3.1.5
  EmailId,      // text: exactly, RFC 8474 §6
  ThreadId,     // text
  SavedBefore,  // day, RFC 8514 §4.3
  SavedOn,
  SavedSince,
  From,  // text
  To,
  Cc,
  Bcc,
  Subject,
  Header,  // field, text
  Body,    // text
  Text,    // text
};

struct SearchNode {
  SearchKey key = SearchKey::All;
  bool negated = false;                 // for simple keys only
  std::vector<std::uint32_t> children;  // indices in SearchTree::nodes, each greater than its parent's
  std::string text;                     // in the command's charset, as sent
  std::string field;                    // Header
  std::uint64_t octets = 0;  // Larger, Smaller; seconds of Older and Younger; the mod-sequence of ModSeq; a UID
  std::int64_t day = 0;      // days since 1970-01-01, of dates; once compiled, Unix seconds of Older and Younger
  NumSet set;
};

// nodes[0] is the root, an And of the keys at the top. Never empty.
struct SearchTree {
  std::vector<SearchNode> nodes;
};

// Does some key ask for mod-sequences? The answer then ends with MODSEQ (RFC 7162 §3.1.6).
bool has_modseq(const SearchTree& tree);
bool has_numbers(const SearchTree& tree);  // does some key name messages by number?

// search-key *(SP search-key): everything that is left of the command.
base::Result<SearchTree> parse_search_keys(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
