#include "tests/fuzz/imap_list.hpp"

#include "common/base/text.hpp"

namespace hearthmail::fuzz {

namespace {

class ListReader {
 public:
  explicit ListReader(std::string_view text) : text_(text) {}

  std::size_t run() {
    if (!take('(')) return 0;
    depth_ = 1;
    while (depth_ > 0) {
      if (!item()) return 0;
    }
    return at_ == text_.size() ? elements_ : 0;
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // One element, bracket or space. Spaces stand alone, between elements.
  bool item() {
    if (at_ >= text_.size()) return false;
    if (take(' ')) {
      if (!after_element_) return false;
      after_element_ = false;
      return at_ < text_.size() && text_[at_] != ')' && text_[at_] != ' ';
    }
    if (take(')')) {
      if (!after_element_) return false;  // "()" is nowhere allowed in these answers
      --depth_;
      return true;
    }
    const bool list = text_[at_] == '(';
    if (after_element_ && !(list && text_[at_ - 1] == ')')) return false;
    if (depth_ == 1) ++elements_;
    if (take('(')) {
      ++depth_;
      after_element_ = false;
      return true;
    }
    after_element_ = true;
    if (take('"')) return quoted();
    if (take('{')) return literal();
    return atom();
  }

  bool quoted() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\r' || c == '\n' || c == '\0' || (static_cast<unsigned char>(c) & 0x80) != 0) return false;
      if (c == '\\') {
        if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\\')) return false;
        ++at_;
      }
    }
    return false;
  }

  bool literal() {
    const std::size_t end = text_.find("}\r\n", at_);
    if (end == std::string_view::npos) return false;
    const auto octets = base::parse_u64(text_.substr(at_, end - at_));
    at_ = end + 3;
    if (!octets || *octets > text_.size() - at_) return false;
    if (text_.substr(at_, *octets).find('\0') != std::string_view::npos) return false;
    at_ += *octets;
    return true;
  }

  // NIL or a number
  bool atom() {
    const std::size_t start = at_;
    while (at_ < text_.size() && base::is_alnum(text_[at_])) ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    return word == "NIL" || base::parse_u64(word).has_value();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t elements_ = 0;
  bool after_element_ = false;
};

}  // namespace

std::size_t list_elements(std::string_view text) { return ListReader(text).run(); }

}  // namespace hearthmail::fuzz
