// The commands that search: SEARCH (RFC 9051 §6.4.4, RFC 4731), SORT (RFC 5256 §3, RFC 5267 §3.1, RFC 5957), THREAD
// (RFC 5256 §3), and ESEARCH over several mailboxes (RFC 7377). Their keys are in search_key.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "receiver/imap/parse/search_key.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxSortKeys = 20;      // in one SORT; there are nine kinds
constexpr std::size_t kMaxSourceNames = 100;  // mailbox names in one ESEARCH IN (...)

// partial-range, RFC 9394 §3.1: positions in the result, from 1. "-1:-100" counts from its end.
struct PartialRange {
  std::uint32_t first = 1;  // first <= last
  std::uint32_t last = 1;
  bool from_end = false;
  std::string text;  // as the client wrote it
};
// "1:500", "-1:-100".
base::Result<PartialRange> parse_partial_range(Cursor& in);
// The positions of `range` in a result of `size`: first <= i < second, both 0 when there are none.
struct Positions {
  std::size_t first = 0;
  std::size_t last = 0;
};
Positions positions(const PartialRange& range, std::size_t size);

// RETURN (...): RFC 4731 §3.1, RFC 5182 §2, RFC 9394 §3.1.
struct SearchReturn {
  bool esearch = false;  // RETURN was given: answer with ESEARCH (RFC 9051 §7.3.4)
  bool min = false;
  bool max = false;
  bool all = false;  // set for "RETURN ()" too
  bool count = false;
  bool save = false;
  std::optional<PartialRange> partial;
  bool wants_answer() const { return min || max || all || count || partial.has_value(); }
};

struct SearchArgs : SearchReturn {
  bool uid = false;
  std::string charset;  // as written, empty when none was given
  SearchTree tree;
};
base::Result<SearchArgs> parse_search(Cursor& in, bool uid);

enum class SortField : std::uint8_t { Arrival, Cc, Date, From, Size, Subject, To, DisplayFrom, DisplayTo };
struct SortKey {
  SortField field = SortField::Arrival;
  bool reverse = false;
};
struct SortArgs : SearchArgs {
  std::vector<SortKey> keys;  // at least one
};
base::Result<SortArgs> parse_sort(Cursor& in, bool uid);

enum class ThreadAlgorithm : std::uint8_t { OrderedSubject, References };
struct ThreadArgs : SearchArgs {
  ThreadAlgorithm algorithm = ThreadAlgorithm::References;
};
base::Result<ThreadArgs> parse_thread(Cursor& in, bool uid);

// source-mbox, RFC 7377 §2.2, RFC 5465 §6.
enum class SourceKind : std::uint8_t { Selected, Inboxes, Personal, Subscribed, Subtree, SubtreeOne, Mailboxes };
struct Source {
  SourceKind kind = SourceKind::Selected;
  std::vector<std::string> names;  // UTF-8; Subtree, SubtreeOne, Mailboxes
};
struct MultiSearchArgs : SearchArgs {
  std::vector<Source> sources;  // at least one
};
base::Result<MultiSearchArgs> parse_multi_search(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
