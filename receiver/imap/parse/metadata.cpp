#include "receiver/imap/parse/metadata.hpp"

#include <algorithm>
#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

// "/" separates parts, none of which is empty; no wildcards, no controls, ASCII only: RFC 5464 §3.1.
bool is_well_formed(std::string_view name) {
  if (name.size() < 2 || name.front() != '/' || name.back() == '/') return false;
  if (name.find("//") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~' && c != '*' && c != '%'; });
}

Result<Entry> parse_entry(Cursor& in) {
  TRY_ASSIGN(const std::string raw, in.astring());
  const std::string name = base::lower(raw);
  if (name.size() > kMaxEntryName || !is_well_formed(name)) return in.error("a well-formed entry name before this");
  for (const bool shared : {false, true}) {
    const std::string_view root = shared ? "/shared" : "/private";
    if (!name.starts_with(root)) continue;
    const std::string rest = name.substr(root.size());
    if (rest.empty() || rest.front() == '/') return Entry{shared, rest};
  }
  return in.error("an entry name that begins with /private/ or /shared/ before this");
}

// getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")", RFC 5464 §5
Status parse_options(Cursor& in, GetMetadataArgs& args) {
  TRY(in.expect('(', "GETMETADATA options"));
  do {
    if (in.take_word("MAXSIZE")) {
      TRY(in.space());
      TRY_ASSIGN(args.max_size, in.number64());
    } else if (in.take_word("DEPTH")) {
      TRY(in.space());
      if (in.take_word("0")) args.depth = Depth::Zero;
      else if (in.take_word("1")) args.depth = Depth::One;
      else if (in.take_word("infinity")) args.depth = Depth::Infinity;
      else return in.error("0, 1 or infinity");
    } else {
      return in.error("MAXSIZE or DEPTH");
    }
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the options"));
  return in.space();
}

bool begins_options(const Cursor& in) {
  const std::string word = base::lower(in.rest().substr(0, 6));
  return word.starts_with("(maxsi") || word.starts_with("(depth");
}

}  // namespace

Result<std::vector<Entry>> parse_entries(Cursor& in) {
  std::vector<Entry> entries;
  const bool several = in.take('(');
  do {
    if (entries.size() >= kMaxEntries) return in.error("at most 100 entries");
    TRY_ASSIGN(Entry entry, parse_entry(in));
    entries.push_back(std::move(entry));
  } while (several && in.peek() == ' ' && in.space().ok());
  if (several) TRY(in.expect(')', "\")\" after the entries"));
  return entries;
}

// getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries, RFC 5464 §5; its examples have the options
// behind the mailbox, and so have clients.
Result<GetMetadataArgs> parse_get_metadata(Cursor& in) {
  GetMetadataArgs args;
  TRY(in.space());
  if (in.peek() == '(') TRY(parse_options(in, args));
  TRY_ASSIGN(args.mailbox, in.mailbox());
  TRY(in.space());
  if (begins_options(in)) TRY(parse_options(in, args));
  TRY_ASSIGN(args.entries, parse_entries(in));
  for (const Entry& entry : args.entries) {
    if (entry.name.empty() && args.depth == Depth::Zero) return in.error("an entry below /private or /shared");
  }
  return args;
}

// setmetadata = "SETMETADATA" SP mailbox SP entry-values, RFC 5464 §5
Result<SetMetadataArgs> parse_set_metadata(Cursor& in) {
  SetMetadataArgs args;
  TRY(in.space());
  TRY_ASSIGN(args.mailbox, in.mailbox());
  TRY(in.space());
  TRY(in.expect('(', "entries with their values"));
  do {
    if (args.changes.size() >= kMaxEntries) return in.error("at most 100 entries");
    SetMetadataArgs::Change change;
    TRY_ASSIGN(change.entry, parse_entry(in));
    if (change.entry.name.empty()) return in.error("an entry below /private or /shared");
    TRY(in.space());
    if (!in.take_word("NIL")) {
      TRY_ASSIGN(change.value, in.string());
    }
    args.changes.push_back(std::move(change));
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the entries"));
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
