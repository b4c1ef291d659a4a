#include "receiver/imap/parse/search_key.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.hpp"
#include "receiver/imap/parse/flag_list.hpp"
#include "receiver/imap/parse/message.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

enum class Takes : std::uint8_t { Nothing, Text, Keyword, Date, Octets, Seconds, Field, Uids, Uid, ModSeq };

struct NamedKey {
  std::string_view name;
  SearchKey key;
  bool negated;
  Takes takes;
};
// RFC 9051 §6.4.4; OLD and RECENT RFC 3501 §6.4.4; OLDER and YOUNGER RFC 5032 §3. NEW, NOT, OR and "(" are made of these.
constexpr std::array<NamedKey, 43> kKeys{{
    {"ALL", SearchKey::All, false, Takes::Nothing},
    {"ANSWERED", SearchKey::Answered, false, Takes::Nothing},
    {"DELETED", SearchKey::Deleted, false, Takes::Nothing},
    {"DRAFT", SearchKey::Draft, false, Takes::Nothing},
    {"FLAGGED", SearchKey::Flagged, false, Takes::Nothing},
    {"SEEN", SearchKey::Seen, false, Takes::Nothing},
    {"RECENT", SearchKey::Recent, false, Takes::Nothing},
    {"UNANSWERED", SearchKey::Answered, true, Takes::Nothing},
    {"UNDELETED", SearchKey::Deleted, true, Takes::Nothing},
    {"UNDRAFT", SearchKey::Draft, true, Takes::Nothing},
    {"UNFLAGGED", SearchKey::Flagged, true, Takes::Nothing},
    {"UNSEEN", SearchKey::Seen, true, Takes::Nothing},
    {"OLD", SearchKey::Recent, true, Takes::Nothing},
    {"KEYWORD", SearchKey::Keyword, false, Takes::Keyword},
    {"UNKEYWORD", SearchKey::Keyword, true, Takes::Keyword},
    {"BEFORE", SearchKey::Before, false, Takes::Date},
    {"ON", SearchKey::On, false, Takes::Date},
    {"SINCE", SearchKey::Since, false, Takes::Date},
    {"OLDER", SearchKey::Older, false, Takes::Seconds},
    {"YOUNGER", SearchKey::Younger, false, Takes::Seconds},
    {"SENTBEFORE", SearchKey::SentBefore, false, Takes::Date},
    {"SENTON", SearchKey::SentOn, false, Takes::Date},
    {"SENTSINCE", SearchKey::SentSince, false, Takes::Date},
    {"LARGER", SearchKey::Larger, false, Takes::Octets},
    {"SMALLER", SearchKey::Smaller, false, Takes::Octets},
    {"FROM", SearchKey::From, false, Takes::Text},
    {"TO", SearchKey::To, false, Takes::Text},
    {"CC", SearchKey::Cc, false, Takes::Text},
    {"BCC", SearchKey::Bcc, false, Takes::Text},
    {"SUBJECT", SearchKey::Subject, false, Takes::Text},
    {"BODY", SearchKey::Body, false, Takes::Text},
    {"TEXT", SearchKey::Text, false, Takes::Text},
    {"HEADER", SearchKey::Header, false, Takes::Field},
    {"UID", SearchKey::Uid, false, Takes::Uids},
    {"UIDAFTER", SearchKey::UidAfter, false, Takes::Uid},  // RFC 9738 §3.2
    {"UIDBEFORE", SearchKey::UidBefore, false, Takes::Uid},
    {"MODSEQ", SearchKey::ModSeq, false, Takes::ModSeq},
    {"EMAILID", SearchKey::EmailId, false, Takes::Keyword},
    {"THREADID", SearchKey::ThreadId, false, Takes::Keyword},
    {"SAVEDBEFORE", SearchKey::SavedBefore, false, Takes::Date},
    {"SAVEDON", SearchKey::SavedOn, false, Takes::Date},
    {"SAVEDSINCE", SearchKey::SavedSince, false, Takes::Date},
    {"SAVEDATESUPPORTED", SearchKey::All, false, Takes::Nothing},
}};

// [SP entry-name SP entry-type-req]: a flag's own mod-sequence; we have one for all of a message, RFC 7162 §3.1.5 lets us
// use it.
Status parse_modseq_entry(Cursor& in) {
  if (in.peek() != '"') return base::ok();
  TRY(in.quoted());
  TRY(in.space());
  if (!in.take_word("ALL") && !in.take_word("PRIV") && !in.take_word("SHARED")) return in.error("all, priv or shared");
  return in.space();
}

Status parse_argument(Cursor& in, Takes takes, SearchNode& node) {
  if (takes != Takes::Nothing) TRY(in.space());
  switch (takes) {
    case Takes::Nothing: break;
    case Takes::Text: {
      TRY_ASSIGN(node.text, in.astring());
      break;
    }
    case Takes::Keyword: {
      TRY_ASSIGN(node.text, in.atom());
      break;
    }
    case Takes::Date: {
      TRY_ASSIGN(node.day, parse_date(in));
      break;
    }
    case Takes::Octets: {
      TRY_ASSIGN(node.octets, in.number64());
      break;
    }
    case Takes::Seconds: {
      TRY_ASSIGN(node.octets, in.nz_number());  // interval = nz-number, RFC 5032 §4
      break;
    }
    case Takes::Field: {
      TRY_ASSIGN(node.field, in.astring());
      TRY(in.space());
      TRY_ASSIGN(node.text, in.astring());
      break;
    }
    case Takes::ModSeq: {
      TRY(parse_modseq_entry(in));
      TRY_ASSIGN(node.octets, in.mod_sequence());
      break;
    }
    case Takes::Uid: {
      if (in.take('$')) {
        node.set = NumSet::saved_result();
      } else {
        TRY_ASSIGN(node.octets, in.nz_number());
      }
      break;
    }
    case Takes::Uids: {
      TRY_ASSIGN(node.set, parse_sequence_set(in));
      break;
    }
  }
  return base::ok();
}

// Builds the tree without recursion: the stack holds the nodes that still take children.
class TreeParser {
 public:
  explicit TreeParser(Cursor& in) : in_(in) {}

  Result<SearchTree> run() {
    tree_.nodes.emplace_back();
    tree_.nodes[0].key = SearchKey::And;
    open_.push_back(0);
    while (!open_.empty()) {
      TRY_ASSIGN(const bool complete, parse_key());
      if (complete) TRY(after_key());
    }
    return std::move(tree_);
  }

 private:
  SearchNode& top() { return tree_.nodes[open_.back()]; }

  Result<std::uint32_t> add(SearchNode node) {
    if (tree_.nodes.size() > kMaxSearchKeys) return in_.error("at most 1000 search keys");
    const auto index = static_cast<std::uint32_t>(tree_.nodes.size());
    top().children.push_back(index);
    tree_.nodes.push_back(std::move(node));
    return index;
  }

  Status open(SearchKey key) {
    if (open_.size() >= kMaxSearchDepth) return in_.error("at most 50 levels of search keys");
    SearchNode node;
    node.key = key;
    TRY_ASSIGN(const std::uint32_t index, add(std::move(node)));
    open_.push_back(index);
    return base::ok();
  }

  // One key or the beginning of one; true when it is complete.
  Result<bool> parse_key() {
    if (in_.take('(')) {
      TRY(open(SearchKey::And));
      return false;
    }
    const bool negation = in_.take_word("NOT");
    if (negation || in_.take_word("OR")) {
      TRY(open(negation ? SearchKey::Not : SearchKey::Or));
      TRY(in_.space());
      return false;
    }
    TRY(parse_leaf());
    return true;
  }

  Status parse_leaf() {
    SearchNode node;
    if (base::is_digit(in_.peek()) || in_.peek() == '*' || in_.peek() == '$') {
      node.key = SearchKey::SequenceSet;
      TRY_ASSIGN(node.set, parse_sequence_set(in_));
      TRY(add(std::move(node)));
      return base::ok();
    }
    if (in_.take_word("NEW")) return add_new();
    for (const NamedKey& named : kKeys) {
      if (!in_.take_word(named.name)) continue;
      node.key = named.key;
      node.negated = named.negated;
      TRY(parse_argument(in_, named.takes, node));
      TRY(add(std::move(node)));
      return base::ok();
    }
    return in_.error("a search key that is supported");
  }

  // RFC 3501 §6.4.4: NEW is "(RECENT UNSEEN)".
  Status add_new() {
    TRY(open(SearchKey::And));
    SearchNode recent;
    recent.key = SearchKey::Recent;
    SearchNode unseen;
    unseen.key = SearchKey::Seen;
    unseen.negated = true;
    TRY(add(std::move(recent)));
    TRY(add(std::move(unseen)));
    open_.pop_back();
    return base::ok();
  }

  // Closes what is complete; then either another key follows or everything is closed.
  Status after_key() {
    for (;;) {
      while (!open_.empty() && is_full(top())) open_.pop_back();
      const bool inner_list = open_.size() > 1 && top().key == SearchKey::And;
      if (!inner_list || !in_.take(')')) break;
      open_.pop_back();
    }
    if (open_.size() == 1 && only_blanks_left()) {
      open_.pop_back();
      return base::ok();
    }
    return in_.space();
  }

  static bool is_full(const SearchNode& node) {
    return (node.key == SearchKey::Not && node.children.size() == 1) ||
           (node.key == SearchKey::Or && node.children.size() == 2);
  }
  bool only_blanks_left() const { return in_.rest().find_first_not_of(' ') == std::string_view::npos; }

  Cursor& in_;
  SearchTree tree_;
  std::vector<std::uint32_t> open_;
};

}  // namespace

bool has_modseq(const SearchTree& tree) {
  return std::any_of(tree.nodes.begin(), tree.nodes.end(),
                     [](const SearchNode& node) { return node.key == SearchKey::ModSeq; });
}

Result<SearchTree> parse_search_keys(Cursor& in) { return TreeParser(in).run(); }

bool has_numbers(const SearchTree& tree) {
  return std::any_of(tree.nodes.begin(), tree.nodes.end(),
                     [](const SearchNode& node) { return node.key == SearchKey::SequenceSet; });
}

}  // namespace hearthmail::receiver::imap::parse
