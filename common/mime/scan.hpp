// Scanning of header text: folds, comments, quoted strings. Pure, iterative, linear in what it is given.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearthmail::mime {

constexpr bool is_fws(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// A field's value without its folds: line ends go, the white space after them stays, both ends are trimmed. RFC 5322 §2.2.3
std::string unfold(std::string_view value);

// The length of the field name at the start of `line` if a colon follows it (white space before the colon is
// obsolete, RFC 5322 §4.5), otherwise 0.
std::size_t field_name_length(std::string_view line);

// Reads a structured field from left to right. Every method consumes what it returns; nothing fails: what is not
// terminated ends with the field.
class FieldCursor {
 public:
  explicit FieldCursor(std::string_view text) : text_(text) {}
  bool empty() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }
  char next() { return text_[at_++]; }
  bool take(char c);
  void skip_fws();
  void skip_cfws();             // white space and comments, RFC 5322 §3.2.2
  std::string comment();        // at '(': its text without the outer brackets, quoted pairs resolved
  std::string quoted_string();  // at '"': its text without quotes, quoted pairs resolved, folds removed
  std::string_view until(std::string_view stops);  // the run of octets before any of `stops` or white space
  void skip_to(char stop);                         // to the next `stop` outside comments and quoted strings

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace hearthmail::mime
