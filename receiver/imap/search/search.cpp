#include "receiver/imap/search/search.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/text.hpp"
#include "common/mime/decode.hpp"
#include "common/mime/fold.hpp"
#include "receiver/imap/parse/flag_list.hpp"
#include "receiver/imap/search/message_text.hpp"

namespace hearthmail::receiver::imap::search {

using base::Errc;
using base::Error;
using base::Result;
using parse::SearchKey;
using parse::SearchNode;
using parse::SearchTree;

namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

// What a key costs: flags and numbers come from the message's record, the rest from further and further away.
enum class Cost : std::uint8_t { Record, Summary, Header, Body };

Cost own_cost(SearchKey key) {
  switch (key) {
    case SearchKey::All:
    case SearchKey::And:
    case SearchKey::Or:
    case SearchKey::Not:
    case SearchKey::SequenceSet:
    case SearchKey::Uid:
    case SearchKey::UidAfter:
    case SearchKey::UidBefore:
    case SearchKey::Answered:
    case SearchKey::Deleted:
    case SearchKey::Draft:
    case SearchKey::Flagged:
    case SearchKey::Seen:
    case SearchKey::Recent:
    case SearchKey::Keyword:
    case SearchKey::Before:
    case SearchKey::On:
    case SearchKey::Since:
    case SearchKey::Older:
    case SearchKey::Younger:
    case SearchKey::Larger:
    case SearchKey::Smaller:
    case SearchKey::ModSeq:
    case SearchKey::EmailId:
    case SearchKey::ThreadId:
    case SearchKey::SavedBefore:
    case SearchKey::SavedOn:
    case SearchKey::SavedSince: return Cost::Record;
    case SearchKey::SentBefore:
    case SearchKey::SentOn:
    case SearchKey::SentSince:
    case SearchKey::From:
    case SearchKey::To:
    case SearchKey::Cc:
    case SearchKey::Bcc:
    case SearchKey::Subject: return Cost::Summary;
    case SearchKey::Header: return Cost::Header;
    case SearchKey::Body:
    case SearchKey::Text: return Cost::Body;
  }
  return Cost::Body;
}

bool is_utf8_name(std::string_view charset) {
  return charset.empty() || base::iequals(charset, "UTF-8") || base::iequals(charset, "US-ASCII");
}

// A key's text as it is compared: UTF-8, folded.
Result<std::string> prepare_text(const std::string& text, std::string_view charset) {
  if (!is_utf8_name(charset)) return mime::fold_case(mime::to_utf8(text, charset));
  const bool ascii_only = base::iequals(charset, "US-ASCII");
  if (ascii_only ? !base::is_ascii(text) : !base::is_utf8(text)) {
    return Error{Errc::Invalid, "Search text is not in its charset"};
  }
  return mime::fold_case(text);
}

std::int64_t day_of(std::int64_t seconds) { return seconds / kSecondsPerDay - (seconds % kSecondsPerDay < 0 ? 1 : 0); }

// RFC 9051 §6.4.4: the internal date "disregarding time and timezone", so the day in its own zone.
std::int64_t internal_day(const SearchSubject& subject) {
  return day_of(subject.internal_date() + std::int64_t{subject.zone_minutes()} * 60);
}

bool has_flag(const SearchSubject& subject, parse::FlagBit bit) { return (subject.system_flags() & bit) != 0; }

// Keys that the message's record answers.
bool matches_record(const SearchNode& node, const SearchSubject& subject) {
  switch (node.key) {
    case SearchKey::SequenceSet: return node.set.contains(subject.sequence());
    case SearchKey::Uid: return node.set.contains(subject.uid());
    case SearchKey::Answered: return has_flag(subject, parse::kAnswered);
    case SearchKey::Deleted: return has_flag(subject, parse::kDeleted);
    case SearchKey::Draft: return has_flag(subject, parse::kDraft);
    case SearchKey::Flagged: return has_flag(subject, parse::kFlagged);
    case SearchKey::Seen: return has_flag(subject, parse::kSeen);
    case SearchKey::Recent: return subject.recent();
    case SearchKey::Keyword: return subject.has_keyword(node.text);
    case SearchKey::Before: return internal_day(subject) < node.day;
    case SearchKey::On: return internal_day(subject) == node.day;
    case SearchKey::Since: return internal_day(subject) >= node.day;
    case SearchKey::Older: return subject.internal_date() <= node.day;
    case SearchKey::Younger: return subject.internal_date() >= node.day;
    case SearchKey::Larger: return subject.octets() > node.octets;
    case SearchKey::Smaller: return subject.octets() < node.octets;
    case SearchKey::ModSeq: return subject.modseq() >= node.octets;
    case SearchKey::EmailId: return subject.email_id() == node.text;
    case SearchKey::ThreadId: return false;  // no message has one
    case SearchKey::SavedBefore: return day_of(subject.save_date()) < node.day;
    case SearchKey::SavedOn: return day_of(subject.save_date()) == node.day;
    case SearchKey::SavedSince: return day_of(subject.save_date()) >= node.day;
    default: return true;  // All
  }
}

struct SummaryField {
  std::string_view name;
  const std::string& text;
};
SummaryField field_of(SearchKey key, const mime::Summary& summary) {
  switch (key) {
    case SearchKey::From: return {"From", summary.from};
    case SearchKey::To: return {"To", summary.to};
    case SearchKey::Cc: return {"Cc", summary.cc};
    case SearchKey::Bcc: return {"Bcc", summary.bcc};
    default: return {"Subject", summary.subject};
  }
}

// An empty text asks whether there is such a field at all, as HEADER does (RFC 9051 §6.4.4) and as Dovecot reads it.
bool field_contains(SummaryField field, const mime::Summary& summary, const std::string& folded) {
  if (!folded.empty()) return contains_folded(field.text, folded);
  return std::any_of(summary.fields.begin(), summary.fields.end(),
                     [&](const mime::Field& present) { return base::iequals(present.name, field.name); });
}

// Keys that the summary answers. A message without a readable Date: is on no day (RFC 9051 leaves it open).
bool matches_summary(const SearchNode& node, const mime::Summary& summary) {
  switch (node.key) {
    case SearchKey::SentBefore: return summary.sent.has_value() && summary.sent_day < node.day;
    case SearchKey::SentOn: return summary.sent.has_value() && summary.sent_day == node.day;
    case SearchKey::SentSince: return summary.sent.has_value() && summary.sent_day >= node.day;
    default: return field_contains(field_of(node.key, summary), summary, node.text);
  }
}

// UIDAFTER and UIDBEFORE as sets. RFC 9738 §3.2 thinks of one UID; after "$" is after, before it before all that it names.
parse::NumSet beyond(const SearchNode& node, const parse::NumSet& saved) {
  constexpr std::uint32_t kLargest = std::numeric_limits<std::uint32_t>::max();
  const bool after = node.key == SearchKey::UidAfter;
  auto uid = static_cast<std::uint32_t>(node.octets);
  if (node.set.is_saved_result()) {
    if (saved.empty()) return {};
    uid = after ? saved.ranges().back().last : saved.ranges().front().first;
  }
  parse::NumSet set;
  if (after && uid < kLargest) set.push_back({uid + 1, kLargest});
  if (!after && uid > 1) set.push_back({1, uid - 1});
  return set;
}

// Puts numbers in the place of "*", "$" and "now".
void resolve(SearchNode& node, const Context& context) {
  if (node.key == SearchKey::UidAfter || node.key == SearchKey::UidBefore) {
    node.set = beyond(node, context.saved_result);
    node.key = SearchKey::Uid;
  } else if (node.set.is_saved_result()) {
    node.key = SearchKey::Uid;
    node.set = context.saved_result;
  } else if (node.key == SearchKey::SequenceSet) {
    node.set = node.set.resolved(context.largest_sequence);
  } else if (node.key == SearchKey::Uid) {
    node.set = node.set.resolved(context.largest_uid);
  } else if (node.key == SearchKey::Older || node.key == SearchKey::Younger) {
    node.day = context.now - static_cast<std::int64_t>(node.octets);  // from here on a time
  }
}

}  // namespace

Result<Matcher> Matcher::compile(const SearchTree& tree, std::string_view charset, const Context& context) {
  if (!is_utf8_name(charset) && !mime::is_known_charset(charset))
    return Error{Errc::Unsupported, "Charset is not known"};
  Matcher matcher;
  matcher.tree_ = tree;
  std::vector<Cost> cost(tree.nodes.size(), Cost::Record);
  // Children stand behind their parents, so that backwards every child is done before its parent.
  for (std::size_t i = tree.nodes.size(); i-- > 0;) {
    SearchNode& node = matcher.tree_.nodes[i];
    cost[i] = own_cost(node.key);
    for (const std::uint32_t child : node.children) cost[i] = std::max(cost[i], cost[child]);
    std::stable_sort(node.children.begin(), node.children.end(),
                     [&cost](std::uint32_t a, std::uint32_t b) { return cost[a] < cost[b]; });
    resolve(node, context);
    if (node.children.empty() && own_cost(node.key) != Cost::Record) {
      TRY_ASSIGN(node.text, prepare_text(node.text, charset));
    }
  }
  matcher.needs_summary_ = cost[0] != Cost::Record;
  matcher.needs_body_ = cost[0] == Cost::Body;
  return matcher;
}

std::vector<Matcher::Bound> Matcher::bounds() const {
  std::vector<Bound> bounds;
  std::vector<std::uint32_t> open{0};
  while (!open.empty()) {
    const SearchNode& node = tree_.nodes[open.back()];
    open.pop_back();
    if (node.key == SearchKey::And) open.insert(open.end(), node.children.begin(), node.children.end());
    const bool by_uid = node.key == SearchKey::Uid;
    if (by_uid || node.key == SearchKey::SequenceSet) bounds.push_back({by_uid, &node.set});
  }
  return bounds;
}

Result<bool> Matcher::matches(SearchSubject& subject) const { return eval(0, subject, 0); }

Result<bool> Matcher::eval(std::uint32_t index, SearchSubject& subject, std::size_t depth) const {
  const SearchNode& node = tree_.nodes[index];
  if (depth > parse::kMaxSearchDepth) return Error{Errc::OverLimit, "search keys nested too deep"};
  if (node.key == SearchKey::And || node.key == SearchKey::Or || node.key == SearchKey::Not) {
    const bool stop_at = node.key == SearchKey::Or;
    for (const std::uint32_t child : node.children) {
      TRY_ASSIGN(const bool matched, eval(child, subject, depth + 1));
      if (node.key == SearchKey::Not) return !matched;
      if (matched == stop_at) return stop_at;
    }
    return !stop_at;
  }
  TRY_ASSIGN(const bool matched, eval_leaf(node, subject));
  return matched != node.negated;
}

Result<bool> Matcher::eval_leaf(const SearchNode& node, SearchSubject& subject) {
  const Cost cost = own_cost(node.key);
  if (cost == Cost::Record) return matches_record(node, subject);
  if (cost == Cost::Summary) {
    // Without a text to look for: is there such a field at all?
    TRY_ASSIGN(const mime::Summary* texts, node.text.empty() ? subject.summary() : subject.compared());
    return matches_summary(node, *texts);
  }
  TRY_ASSIGN(const mime::Summary* summary, subject.summary());
  if (node.key == SearchKey::Header) return header_contains(subject, *summary, node.field, node.text);
  if (node.key == SearchKey::Text) {
    TRY_ASSIGN(const bool in_header, any_header_contains(subject, *summary, node.text));
    if (in_header) return true;
  }
  return body_contains(subject, *summary, node.text);
}

}  // namespace hearthmail::receiver::imap::search
