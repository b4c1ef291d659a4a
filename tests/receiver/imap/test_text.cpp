#include <string>
#include <utility>
#include <vector>

#include "common/base/text.hpp"
#include "receiver/imap/text/date_time.hpp"
#include "receiver/imap/text/flags.hpp"
#include "receiver/imap/text/list_match.hpp"
#include "receiver/imap/text/mutf7.hpp"
#include "receiver/imap/text/output.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver::imap;

TEST_CASE("modified UTF-7 both ways, RFC 3501 5.1.3", "[text]") {
  const std::vector<std::pair<std::string, std::string>> names{
      {"", ""},
      {"INBOX", "INBOX"},
      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},  // the RFC's example
      {"&-", "&"},
      {"Tom &- Jerry", "Tom & Jerry"},
      {"&AOk-t&AOk-", "été"},
      {"Entw&APw-rfe", "Entwürfe"},
      {"&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-", "Отправленные"},
      {"&2D3eAA-", "😀"},
      {"a&2D3eANg93gE-b", "a😀😁b"},
      {"&AAk-", "\t"},
      {"a-b-&AOk--", "a-b-é-"},
  };
  for (const auto& [encoded, utf8] : names) {
    INFO(encoded);
    CHECK(text::encode_mutf7(utf8) == encoded);
    const auto decoded = text::decode_mutf7(encoded);
    REQUIRE(decoded.ok());
    CHECK(*decoded == utf8);
  }
}

TEST_CASE("modified UTF-7 that has another spelling or none is refused", "[text]") {
  const std::vector<std::string> wrong{
      "&",                    // never closed
      "&AOk",                 // never closed
      "&Jjo!",                // RFC 3501: no "-"
      "a&U,BTFw-&ZeVnLIqe-",  // RFC 3501: a null shift
      "&AGE-",                // "a" must not be encoded
      "&AGEA6Q-",             // nor at the front of others
      "&AO-",                 // half a character
      "&AOl-",                // bits left over
      "&AOkA-",               // another six bits left over
      "&2D0-",                // a lone high surrogate
      "&3gA-",                // a lone low surrogate
      "&2D3YPd4A-",           // high twice
      "&AO/k-",               // "/" is not in this base64
      "&AO k-",
      "\xc3\xa9",  // UTF-8 as it is
      "a\tb",
      std::string("a\0b", 3),
  };
  for (const std::string& name : wrong) {
    INFO(name);
    CHECK_FALSE(text::decode_mutf7(name).ok());
  }
}

TEST_CASE("every code point survives modified UTF-7", "[text]") {
  const auto utf8_of = [](char32_t c) {
    std::string out;
    const auto add = [&out](char32_t octet) { out += static_cast<char>(static_cast<unsigned char>(octet)); };
    if (c < 0x80) {
      add(c);
    } else if (c < 0x800) {
      add(0xc0 | (c >> 6U));
      add(0x80 | (c & 0x3fU));
    } else if (c < 0x10000) {
      add(0xe0 | (c >> 12U));
      add(0x80 | ((c >> 6U) & 0x3fU));
      add(0x80 | (c & 0x3fU));
    } else {
      add(0xf0 | (c >> 18U));
      add(0x80 | ((c >> 12U) & 0x3fU));
      add(0x80 | ((c >> 6U) & 0x3fU));
      add(0x80 | (c & 0x3fU));
    }
    return out;
  };
  std::size_t lost = 0;
  for (char32_t c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 61) {
    if (c >= 0xd800 && c < 0xe000) continue;
    const std::string name = "x" + utf8_of(c) + utf8_of(c) + "y";
    const auto decoded = text::decode_mutf7(text::encode_mutf7(name));
    if (!decoded.ok() || *decoded != name) ++lost;
  }
  CHECK(lost == 0);
}

TEST_CASE("LIST wildcards, RFC 9051 6.3.9", "[text]") {
  struct Row {
    const char* pattern;
    const char* name;
    bool matches;
  };
  const std::vector<Row> rows{
      {"*", "INBOX", true},
      {"*", "a/b/c", true},
      {"%", "a", true},
      {"%", "a/b", false},
      {"%/%", "a/b", true},
      {"%/%", "a/b/c", false},
      {"a/%", "a/b", true},
      {"a/%", "a", false},
      {"a/*", "a/b/c", true},
      {"a*c", "a/b/c", true},
      {"a%c", "a/b/c", false},
      {"a%c", "abc", true},
      {"", "", true},
      {"", "a", false},
      {"a", "", false},
      {"*", "", true},
      {"%", "", true},
      {"**%*", "x/y", true},
      {"*b", "ab", true},
      {"*b", "abc", false},
      {"*bc", "abbc", true},
      {"inbox", "INBOX", true},
      {"iNbO%", "INBOX", true},
      {"INBOX", "inbox", true},
      {"inbox/x", "INBOX/x", true},
      {"inbox/X", "INBOX/x", false},
      {"sent", "Sent", false},
      {"inboxes", "INBOXES", false},
      {"Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe", true},
      {"Entw%rfe", "Entw\xc3\xbcrfe", true},
      {"a.b", "axb", false},
      {"a/", "a", false},
      {"%x%y%", "axbyc", true},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " against " << row.name);
    CHECK(text::list_matches(row.pattern, row.name) == row.matches);
  }
}

TEST_CASE("a hostile pattern costs pattern times name", "[text]") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  CHECK_FALSE(text::list_matches(pattern + "b", std::string(1000, 'a')));
  CHECK(text::list_matches(pattern, std::string(1000, 'a')));
}

TEST_CASE("the reference goes before the pattern", "[text]") {
  CHECK(text::list_pattern("", "%") == "%");
  CHECK(text::list_pattern("Work/", "%") == "Work/%");
  CHECK(text::list_pattern("Work", "*") == "Work*");
  CHECK(text::list_pattern("Work/", "/Sent") == "/Sent");
}

namespace {

std::string string_of(std::string_view value, bool utf8) {
  std::string out;
  text::append_string(out, value, utf8);
  return out;
}
std::string astring_of(std::string_view value, bool utf8) {
  std::string out;
  text::append_astring(out, value, utf8);
  return out;
}
std::string mailbox_of(std::string_view value, bool utf8) {
  std::string out;
  text::append_mailbox(out, value, utf8);
  return out;
}

}  // namespace

TEST_CASE("strings are quoted where they can be and literals where not", "[text]") {
  CHECK(string_of("", false) == "\"\"");
  CHECK(string_of("a b", false) == "\"a b\"");
  CHECK(string_of("say \"hi\" \\o/", false) == "\"say \\\"hi\\\" \\\\o/\"");
  CHECK(string_of("a\r\nb", false) == "{4}\r\na\r\nb");
  CHECK(string_of("\xc3\xa9", false) == "{2}\r\n\xc3\xa9");
  CHECK(string_of("\xc3\xa9", true) == "\"\xc3\xa9\"");
  CHECK(string_of("\xe9", true) == "{1}\r\n\xe9");
  CHECK(string_of(std::string(1025, 'x'), false).substr(0, 8) == "{1025}\r\n");
  CHECK(string_of(std::string(1024, 'x'), false).front() == '"');
  CHECK(astring_of("INBOX", false) == "INBOX");
  CHECK(astring_of("a b", false) == "\"a b\"");
  CHECK(astring_of("", false) == "\"\"");
  CHECK(astring_of("NIL", false) == "\"NIL\"");
  CHECK(astring_of("a%", false) == "\"a%\"");
  CHECK(mailbox_of("Entw\xc3\xbcrfe", false) == "Entw&APw-rfe");
  CHECK(mailbox_of("Entw\xc3\xbcrfe", true) == "\"Entw\xc3\xbcrfe\"");
  CHECK(mailbox_of("Tom & Jerry", false) == "\"Tom &- Jerry\"");
  std::string nil;
  text::append_nstring(nil, std::nullopt, false);
  CHECK(nil == "NIL");
  CHECK(text::response_text("a\r\nb OK\x01 \xc3\xa9") == "a??b OK? ??");  // TEXT-CHAR of RFC 3501 §9 has 7 bits
  CHECK(text::response_text("\xff") == "?");
}

TEST_CASE("flag lists", "[text]") {
  const std::vector<std::string> keywords{"$Forwarded", "work"};
  store::mail::Flags flags;
  CHECK(text::flag_list(flags, keywords, false) == "()");
  CHECK(text::flag_list(flags, keywords, true) == "(\\Recent)");
  flags.system = store::mail::kSeen | store::mail::kAnswered;
  flags.keywords = {1};
  CHECK(text::flag_list(flags, keywords, false) == "(\\Answered \\Seen work)");
  CHECK(text::known_flags(keywords, false) == "(\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded work)");
  CHECK(text::known_flags({}, true) == "(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)");
  CHECK(text::special_use("\\drafts") == store::mail::SpecialUse::Drafts);
  CHECK(text::special_use("\\Important") == store::mail::SpecialUse::None);
  CHECK(text::special_use_name(store::mail::SpecialUse::Junk) == "\\Junk");
  CHECK(text::special_use_name(store::mail::SpecialUse::None).empty());
}

TEST_CASE("INTERNALDATE, RFC 9051 9", "[text]") {
  CHECK(text::date_time(837596665, -420) == "\"17-Jul-1996 02:44:25 -0700\"");
  CHECK(text::date_time(0, 0) == "\" 1-Jan-1970 00:00:00 +0000\"");
  CHECK(text::date_time(-1, 0) == "\"31-Dec-1969 23:59:59 +0000\"");
  CHECK(text::date_time(1795462730, 330) == "\"24-Nov-2026 01:08:50 +0530\"");
  CHECK(text::date_time(INT64_MAX / 2, 0) == "\"31-Dec-9999 23:59:59 +0000\"");
}
