#include "receiver/imap/parse/fetch.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.hpp"
#include "receiver/imap/parse/message.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;
using base::Status;

namespace {

struct SimpleItem {
  std::string_view name;
  FetchKind kind;
};
// A name that is the front of another one comes after it only where take_word() could confuse them; it cannot: the next
// character of a longer name is an atom character.
constexpr std::array<SimpleItem, 15> kSimpleItems{{{"ENVELOPE", FetchKind::Envelope},
                                                   {"FLAGS", FetchKind::Flags},
                                                   {"INTERNALDATE", FetchKind::InternalDate},
                                                   {"RFC822.SIZE", FetchKind::Size},
                                                   {"UID", FetchKind::Uid},
                                                   {"BODY", FetchKind::Body},
                                                   {"BODYSTRUCTURE", FetchKind::BodyStructure},
                                                   {"RFC822", FetchKind::Rfc822},
                                                   {"RFC822.HEADER", FetchKind::Rfc822Header},
                                                   {"RFC822.TEXT", FetchKind::Rfc822Text},
                                                   {"MODSEQ", FetchKind::ModSeq},
                                                   {"EMAILID", FetchKind::EmailId},
                                                   {"THREADID", FetchKind::ThreadId},
                                                   {"SAVEDATE", FetchKind::SaveDate},
                                                   {"PREVIEW", FetchKind::Preview}}};

struct Macro {
  std::string_view name;
  std::vector<FetchKind> items;
};
// RFC 9051 §6.4.5: only alone, never in a list.
const std::array<Macro, 3> kMacros{
    {{"ALL", {FetchKind::Flags, FetchKind::InternalDate, FetchKind::Size, FetchKind::Envelope}},
     {"FAST", {FetchKind::Flags, FetchKind::InternalDate, FetchKind::Size}},
     {"FULL", {FetchKind::Flags, FetchKind::InternalDate, FetchKind::Size, FetchKind::Envelope, FetchKind::Body}}}};

FetchItem simple_item(FetchKind kind) {
  FetchItem item;
  item.kind = kind;
  item.peek = kind == FetchKind::Rfc822Header;
  if (kind == FetchKind::Rfc822Header) item.section.text = SectionText::Header;
  if (kind == FetchKind::Rfc822Text) item.section.text = SectionText::Text;
  return item;
}

// header-list = "(" header-fld-name *(SP header-fld-name) ")"
Status header_list(Cursor& in, Section& section) {
  TRY(in.space());
  TRY(in.expect('(', "a list of header field names"));
  do {
    if (section.fields.size() >= kMaxSectionFields) return in.error("at most 1000 header field names");
    TRY_ASSIGN(std::string name, in.astring());
    section.fields.push_back(std::move(name));
  } while (in.peek() == ' ' && in.space().ok());
  return in.expect(')', "\")\" after the header field names");
}

// section-text = section-msgtext / "MIME"
Status section_text(Cursor& in, Section& section) {
  if (in.take_word("HEADER")) {
    section.text = SectionText::Header;
  } else if (in.take_word("TEXT")) {
    section.text = SectionText::Text;
  } else if (!section.part.empty() && in.take_word("MIME")) {
    section.text = SectionText::Mime;
  } else if (in.take_word("HEADER.FIELDS")) {
    section.text = SectionText::HeaderFields;
    return header_list(in, section);
  } else if (in.take_word("HEADER.FIELDS.NOT")) {
    section.text = SectionText::HeaderFieldsNot;
    return header_list(in, section);
  } else {
    return in.error(section.part.empty() ? "HEADER, HEADER.FIELDS, TEXT or a part number"
                                         : "HEADER, HEADER.FIELDS, TEXT, MIME or a part number");
  }
  return base::ok();
}

// section = "[" [section-spec] "]"; "[" is consumed already.
Result<Section> parse_section(Cursor& in) {
  Section section;
  if (in.take(']')) return section;
  bool more = base::is_digit(in.peek());
  bool named = !more;
  while (more) {
    if (section.part.size() >= kMaxSectionDepth) return in.error("at most 128 part numbers");
    TRY_ASSIGN(const std::uint32_t number, in.nz_number());
    section.part.push_back(number);
    const bool dot = in.take('.');
    more = dot && base::is_digit(in.peek());
    named = dot && !more;
  }
  if (named) TRY(section_text(in, section));
  TRY(in.expect(']', "\"]\" after the section"));
  return section;
}

// partial = "<" number64 "." nz-number64 ">"
Result<std::optional<Partial>> parse_partial(Cursor& in) {
  if (!in.take('<')) return std::optional<Partial>();
  Partial partial;
  TRY_ASSIGN(partial.first, in.number64());
  TRY(in.expect('.', "\".\" in the partial"));
  TRY_ASSIGN(partial.count, in.number64());
  if (partial.count == 0) return in.error("a count above 0 in the partial");
  TRY(in.expect('>', "\">\" after the partial"));
  return std::optional<Partial>(partial);
}

// section-binary = "[" [section-part] "]", RFC 3516 §7; "[" is consumed already.
Result<FetchItem> parse_binary(Cursor& in, FetchItem item) {
  TRY_ASSIGN(item.section, parse_section(in));
  if (item.section.text != SectionText::All) return in.error("a part number alone in BINARY");
  if (item.kind == FetchKind::Binary) {
    TRY_ASSIGN(item.partial, parse_partial(in));
  }
  return item;
}

Result<FetchItem> parse_item(Cursor& in) {
  FetchItem item;
  item.peek = in.take_prefix("BINARY.PEEK[");
  if (item.peek || in.take_prefix("BINARY[")) {
    item.kind = FetchKind::Binary;
    return parse_binary(in, std::move(item));
  }
  if (in.take_prefix("BINARY.SIZE[")) {
    item.kind = FetchKind::BinarySize;
    return parse_binary(in, std::move(item));
  }
  item.peek = in.take_prefix("BODY.PEEK[");
  if (item.peek || in.take_prefix("BODY[")) {
    item.kind = FetchKind::Section;
    TRY_ASSIGN(item.section, parse_section(in));
    TRY_ASSIGN(item.partial, parse_partial(in));
    return item;
  }
  for (const SimpleItem& simple : kSimpleItems) {
    if (!in.take_word(simple.name)) continue;
    if (simple.kind == FetchKind::Preview) in.take_prefix(" (LAZY)");  // it is always at hand
    return simple_item(simple.kind);
  }
  return in.error("a FETCH item that is supported");
}

void add_item(std::vector<FetchItem>& items, FetchItem item) {
  const auto same = [&item](const FetchItem& other) {
    return other.kind == item.kind && item.kind != FetchKind::Section && !item.decodes();
  };
  if (std::none_of(items.begin(), items.end(), same)) items.push_back(std::move(item));
}

}  // namespace

std::string Section::path() const {
  std::string out;
  for (const std::uint32_t number : part) {
    if (!out.empty()) out += '.';
    out += std::to_string(number);
  }
  return out;
}

bool FetchItem::wants_octets() const {
  return kind == FetchKind::Section || kind == FetchKind::Binary || kind == FetchKind::Rfc822 ||
         kind == FetchKind::Rfc822Header || kind == FetchKind::Rfc822Text;
}

bool FetchItem::sets_seen() const { return wants_octets() && !peek; }

std::string FetchItem::response_name() const {
  for (const SimpleItem& simple : kSimpleItems) {
    if (simple.kind == kind) return std::string(simple.name);
  }
  std::string out = kind == FetchKind::BinarySize ? "BINARY.SIZE[" : kind == FetchKind::Binary ? "BINARY[" : "BODY[";
  out += section.path();
  if (section.text != SectionText::All && !section.part.empty()) out += '.';
  switch (section.text) {
    case SectionText::All: break;
    case SectionText::Header: out += "HEADER"; break;
    case SectionText::HeaderFields: out += "HEADER.FIELDS ("; break;
    case SectionText::HeaderFieldsNot: out += "HEADER.FIELDS.NOT ("; break;
    case SectionText::Text: out += "TEXT"; break;
    case SectionText::Mime: out += "MIME"; break;
  }
  for (std::size_t i = 0; i < section.fields.size(); ++i) {
    if (i > 0) out += ' ';
    text::append_astring(out, section.fields[i], false);
  }
  if (!section.fields.empty()) out += ')';
  out += ']';
  if (partial.has_value()) out += '<' + std::to_string(partial->first) + '>';
  return out;
}

namespace {

// A macro, one item or a list of items.
Status parse_items(Cursor& in, FetchArgs& args) {
  for (const Macro& macro : kMacros) {
    if (!in.take_word(macro.name)) continue;
    for (const FetchKind kind : macro.items) args.items.push_back(simple_item(kind));
    return base::ok();
  }
  const bool list = in.take('(');
  do {
    if (args.items.size() >= kMaxFetchItems) return in.error("at most 1000 FETCH items");
    TRY_ASSIGN(FetchItem item, parse_item(in));
    add_item(args.items, std::move(item));
  } while (list && in.peek() == ' ' && in.space().ok());
  if (list) TRY(in.expect(')', "\")\" after the FETCH items"));
  return base::ok();
}

// fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")", RFC 4466 §2.4
Status parse_modifiers(Cursor& in, FetchArgs& args) {
  TRY(in.expect('(', "FETCH modifiers"));
  do {
    if (in.take_word("CHANGEDSINCE")) {
      TRY(in.space());
      TRY_ASSIGN(args.changed_since, in.mod_sequence());
      add_item(args.items, simple_item(FetchKind::ModSeq));
    } else if (in.take_word("VANISHED")) {
      args.vanished = true;
    } else if (args.uid && !args.page.has_value() && in.take_word("PARTIAL")) {  // UID FETCH only, RFC 9394 §3.4
      TRY(in.space());
      TRY_ASSIGN(args.page, parse_partial_range(in));
    } else {
      return in.error("a FETCH modifier that is supported");
    }
  } while (in.peek() == ' ' && in.space().ok());
  TRY(in.expect(')', "\")\" after the FETCH modifiers"));
  // RFC 7162 §3.2.6: anything else is the client's error.
  if (args.vanished && (!args.uid || !args.changed_since)) return in.error("VANISHED in UID FETCH with CHANGEDSINCE");
  return base::ok();
}

}  // namespace

Result<std::vector<FetchItem>> parse_fetch_items(Cursor& in) {
  FetchArgs args;
  TRY(parse_items(in, args));
  return std::move(args.items);
}

Result<Section> parse_section_spec(std::string_view text) {
  const std::string closed = std::string(text) + "]";
  Cursor in(closed);
  TRY_ASSIGN(Section section, parse_section(in));
  TRY(in.end());
  return section;
}

Result<FetchArgs> parse_fetch(Cursor& in, bool uid) {
  FetchArgs args;
  args.uid = uid;
  TRY(in.space());
  TRY_ASSIGN(args.set, parse_sequence_set(in));
  TRY(in.space());
  TRY(parse_items(in, args));
  if (in.peek() == ' ' && in.space().ok() && !in.at_end()) TRY(parse_modifiers(in, args));
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
