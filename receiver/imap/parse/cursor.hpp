// Cursor: reads one whole command as the framer gave it. Its methods are names of RFC 9051 §9's ABNF; each consumes or
// explains: an error is Invalid with a text for the client that says what was expected and where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::receiver::imap::parse {

class Cursor {
 public:
  // `utf8`: quoted strings may hold UTF-8 and mailbox names are UTF-8 (IMAP4rev2 or UTF8=ACCEPT was enabled, RFC 9051
  // §5.1); otherwise names are in modified UTF-7.
  explicit Cursor(std::string_view text, bool utf8 = false) : text_(text), utf8_(utf8) {}

  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  std::string_view rest() const { return text_.substr(at_); }
  std::size_t position() const { return at_; }
  bool utf8() const { return utf8_; }

  bool take(char c);                          // consumes `c` when it is next
  bool take_word(std::string_view word);      // ASCII case-insensitive; only when no atom character follows
  bool take_prefix(std::string_view prefix);  // ASCII case-insensitive, whatever follows
  base::Status expect(char c, std::string_view what);
  base::Status space();  // SP; further blanks are taken too (lenient)
  base::Status end();    // nothing may be left; blanks at the end are taken (lenient)

  base::Result<std::string> tag();
  base::Result<std::string> atom();
  base::Result<std::string> astring();  // 1*ASTRING-CHAR / string
  base::Result<std::string> string();   // quoted / literal
  base::Result<std::string> quoted();
  base::Result<std::string> literal();
  base::Result<std::string> nstring_or_empty();  // NIL gives ""
  base::Result<std::uint32_t> number();
  base::Result<std::uint32_t> nz_number();
  base::Result<std::uint64_t> number64();
  base::Result<std::uint64_t> mod_sequence();  // below 2^63, 0 included; RFC 7162 §7
  base::Result<std::string> mailbox();         // decoded to UTF-8 in NFC; any spelling of INBOX gives "INBOX"
  base::Result<std::string> list_mailbox();    // decoded pattern; "*" and "%" stay
  base::Result<std::string> flag_word();       // ["\"] atom

  // How the client wrote the last mailbox(), decoded, when that is not in NFC; empty otherwise (RFC 9051 §5.1).
  const std::string& supplied() const { return supplied_; }

  // From now on errors do not repeat what the client wrote: a password follows.
  void hide() { hidden_ = true; }
  // "Expected <what> at octet 12, before \"FOO\"".
  base::Error error(std::string_view what) const;

 private:
  std::string_view take_while(bool (*allowed)(char));
  base::Result<std::string> decode_name(std::string raw);

  std::string_view text_;
  std::size_t at_ = 0;
  bool utf8_;
  bool hidden_ = false;
  std::string supplied_;
};

bool is_atom_char(char c);     // ATOM-CHAR
bool is_astring_char(char c);  // ATOM-CHAR / resp-specials

}  // namespace hearthmail::receiver::imap::parse
