#include "receiver/imap/parse/search.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

// search-return-opt, without what may stand only once beside it.
Status parse_return_option(Cursor& in, SearchReturn& want) {
  if (in.take_word("MIN")) {
    want.min = true;
  } else if (in.take_word("MAX")) {
    want.max = true;
  } else if (in.take_word("ALL")) {
    want.all = true;
  } else if (in.take_word("COUNT")) {
    want.count = true;
  } else if (in.take_word("SAVE")) {
    want.save = true;
  } else if (!want.partial.has_value() && in.take_word("PARTIAL")) {
    TRY(in.space());
    TRY_ASSIGN(want.partial, parse_partial_range(in));
  } else {
    return in.error("MIN, MAX, ALL, COUNT, SAVE or one PARTIAL");
  }
  return base::ok();
}

// search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
Status parse_return(Cursor& in, SearchReturn& want) {
  want.esearch = true;
  TRY(in.space());
  TRY(in.expect('(', "a list of RETURN options"));
  if (!in.take(')')) {
    do {
      TRY(parse_return_option(in, want));
    } while (in.peek() == ' ' && in.space().ok());
    TRY(in.expect(')', "\")\" after the RETURN options"));
  }
  // RFC 9394 §3.1: PARTIAL and ALL exclude each other.
  if (want.partial.has_value() && want.all) return in.error("PARTIAL or ALL, not both");
  // RFC 9051 §6.4.4: "()" means ALL.
  if (!want.wants_answer() && !want.save) want.all = true;
  return in.space();
}

// What SORT and THREAD take after their criteria: SP charset SP search-key *(SP search-key), RFC 5256 §5.
Status parse_charset_and_keys(Cursor& in, SearchArgs& args) {
  TRY(in.space());
  TRY_ASSIGN(args.charset, in.astring());
  TRY(in.space());
  TRY_ASSIGN(args.tree, parse_search_keys(in));
  return base::ok();
}

// [SP "CHARSET" SP charset] and the keys of SEARCH and ESEARCH.
Status parse_program(Cursor& in, SearchArgs& args) {
  if (in.take_word("CHARSET")) {
    TRY(in.space());
    TRY_ASSIGN(args.charset, in.astring());
    TRY(in.space());
  }
  TRY_ASSIGN(args.tree, parse_search_keys(in));
  return base::ok();
}

struct NamedField {
  std::string_view name;
  SortField field;
};
constexpr std::array<NamedField, 9> kSortFields{{{"ARRIVAL", SortField::Arrival},
                                                 {"CC", SortField::Cc},
                                                 {"DATE", SortField::Date},
                                                 {"FROM", SortField::From},
                                                 {"SIZE", SortField::Size},
                                                 {"SUBJECT", SortField::Subject},
                                                 {"TO", SortField::To},
                                                 {"DISPLAYFROM", SortField::DisplayFrom},
                                                 {"DISPLAYTO", SortField::DisplayTo}}};

// sort-criterion = ["REVERSE" SP] sort-key
Result<SortKey> parse_sort_key(Cursor& in) {
  SortKey key;
  key.reverse = in.take_word("REVERSE");
  if (key.reverse) TRY(in.space());
  for (const NamedField& named : kSortFields) {
    if (!in.take_word(named.name)) continue;
    key.field = named.field;
    return key;
  }
  return in.error("a sort key");
}

// one-or-more-mailbox = mailbox / ("(" mailbox *(SP mailbox) ")"), RFC 5465 §8
Status parse_source_names(Cursor& in, Source& source) {
  TRY(in.space());
  const bool list = in.take('(');
  do {
    if (source.names.size() >= kMaxSourceNames) return in.error("at most 100 mailbox names");
    TRY_ASSIGN(std::string name, in.mailbox());
    source.names.push_back(std::move(name));
  } while (list && in.peek() == ' ' && in.space().ok());
  return list ? in.expect(')', "\")\" after the mailbox names") : base::ok();
}

Result<Source> parse_source(Cursor& in) {
  Source source;
  if (in.take_word("SELECTED")) return source;
  if (in.take_word("INBOXES")) {
    source.kind = SourceKind::Inboxes;
  } else if (in.take_word("PERSONAL")) {
    source.kind = SourceKind::Personal;
  } else if (in.take_word("SUBSCRIBED")) {
    source.kind = SourceKind::Subscribed;
  } else if (in.take_word("SUBTREE")) {
    source.kind = SourceKind::Subtree;
  } else if (in.take_word("SUBTREE-ONE")) {
    source.kind = SourceKind::SubtreeOne;
  } else if (in.take_word("MAILBOXES")) {
    source.kind = SourceKind::Mailboxes;
  } else {
    return in.error("SELECTED, INBOXES, PERSONAL, SUBSCRIBED, SUBTREE, SUBTREE-ONE or MAILBOXES");
  }
  if (source.kind >= SourceKind::Subtree) TRY(parse_source_names(in, source));
  return source;
}

// "IN" SP "(" source-mbox *(SP source-mbox) [SP "(" scope-options ")"] ")", RFC 7377 §4; no scope option is defined.
Status parse_sources(Cursor& in, MultiSearchArgs& args) {
  TRY(in.space());
  TRY(in.expect('(', "a list of sources"));
  do {
    if (args.sources.size() >= kMaxSourceNames) return in.error("at most 100 sources");
    TRY_ASSIGN(Source source, parse_source(in));
    args.sources.push_back(std::move(source));
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the sources"));
  return in.space();
}

}  // namespace

Result<PartialRange> parse_partial_range(Cursor& in) {
  const std::string_view before = in.rest();
  PartialRange range;
  range.from_end = in.take('-');
  TRY_ASSIGN(range.first, in.nz_number());
  TRY(in.expect(':', "\":\" in the range"));
  if (range.from_end) TRY(in.expect('-', "\"-\" before the second number too"));
  TRY_ASSIGN(range.last, in.nz_number());
  range.text = before.substr(0, before.size() - in.rest().size());
  if (range.first > range.last) std::swap(range.first, range.last);  // "500:400 is the same as 400:500"
  return range;
}

Positions positions(const PartialRange& range, std::size_t size) {
  if (range.first > size) return {};
  const std::size_t last = std::min<std::size_t>(range.last, size);
  if (!range.from_end) return {range.first - 1, last};
  return {size - last, size - range.first + 1};
}

Result<SearchArgs> parse_search(Cursor& in, bool uid) {
  SearchArgs args;
  args.uid = uid;
  TRY(in.space());
  if (in.take_word("RETURN")) TRY(parse_return(in, args));
  TRY(parse_program(in, args));
  return args;
}

Result<SortArgs> parse_sort(Cursor& in, bool uid) {
  SortArgs args;
  args.uid = uid;
  TRY(in.space());
  if (in.take_word("RETURN")) TRY(parse_return(in, args));
  TRY(in.expect('(', "a list of sort keys"));
  do {
    if (args.keys.size() >= kMaxSortKeys) return in.error("at most 20 sort keys");
    TRY_ASSIGN(const SortKey key, parse_sort_key(in));
    args.keys.push_back(key);
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the sort keys"));
  TRY(parse_charset_and_keys(in, args));
  return args;
}

Result<ThreadArgs> parse_thread(Cursor& in, bool uid) {
  ThreadArgs args;
  args.uid = uid;
  TRY(in.space());
  if (in.take_word("ORDEREDSUBJECT")) {
    args.algorithm = ThreadAlgorithm::OrderedSubject;
  } else if (!in.take_word("REFERENCES")) {
    return in.error("ORDEREDSUBJECT or REFERENCES");
  }
  TRY(parse_charset_and_keys(in, args));
  return args;
}

Result<MultiSearchArgs> parse_multi_search(Cursor& in) {
  MultiSearchArgs args;
  args.uid = true;
  args.esearch = true;
  TRY(in.space());
  if (in.take_word("IN")) TRY(parse_sources(in, args));
  if (args.sources.empty()) args.sources.emplace_back();  // RFC 7377 §2.1: the selected mailbox
  args.all = !in.take_word("RETURN");
  if (!args.all) TRY(parse_return(in, args));
  TRY(parse_program(in, args));
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
