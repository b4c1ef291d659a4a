#include "common/mime/addresses.hpp"

#include <utility>

#include "common/mime/scan.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::string_view kSpecials = "()<>,;:@\"";

class AddressParser {
 public:
  explicit AddressParser(std::string_view value) : in_(value) {}

  std::vector<ListedAddress> run() {
    while (!in_.empty() && mailboxes_ < kMaxAddresses) step();
    finish_mailbox();
    end_group();
    return std::move(out_);
  }

 private:
  void step() {
    switch (in_.peek()) {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        in_.skip_fws();
        gap_ = true;
        return;
      case '(':
        comment_ = in_.comment();
        gap_ = true;
        return;
      case '"': add_word(in_.quoted_string()); return;
      case '<': angle_address(); return;
      case '@': at_domain(); return;
      case ',':
        in_.next();
        finish_mailbox();
        return;
      case ';':
        in_.next();
        finish_mailbox();
        end_group();
        return;
      case ':':
        in_.next();
        start_group();
        return;
      case '>':
      case ')': in_.next(); return;
      default: add_word(in_.until(kSpecials)); return;
    }
  }

  // A word of a phrase or of a local part: which one shows later.
  void add_word(std::string_view word) {
    if (gap_ && !phrase_.empty()) phrase_ += ' ';
    phrase_ += word;
    spec_ += word;
    gap_ = false;
    any_ = true;
  }

  // addr-spec without brackets: what was read so far is the local part.
  void at_domain() {
    in_.next();
    std::string domain = read_domain();
    if (!has_address_) {
      address_.local = spec_;
      address_.domain = domain;
      has_address_ = true;
      any_ = true;
    }
    phrase_ += '@';
    phrase_ += domain;
    gap_ = true;
  }

  // Words with white space or comments around the dots only (obs-domain); a comment may be the name.
  std::string read_domain() {
    std::string domain;
    while (true) {
      skip_comments();
      if (!domain.empty() && domain.back() != '.' && (in_.empty() || in_.peek() != '.')) return domain;
      if (!in_.empty() && in_.peek() == '[') {
        domain += read_literal();
        continue;
      }
      const std::string_view word = in_.until(kSpecials);
      if (word.empty()) return domain;
      domain += word;
    }
  }

  std::string read_literal() {
    std::string literal;
    while (!in_.empty()) {
      const char c = in_.next();
      if (!is_fws(c)) literal += c;
      if (c == ']') break;
    }
    return literal;
  }

  void skip_comments() {
    in_.skip_fws();
    while (!in_.empty() && in_.peek() == '(') {
      comment_ = in_.comment();
      in_.skip_fws();
    }
  }

  // "<" [route] addr-spec ">". What was read so far is the display name, even if it looks like an address.
  void angle_address() {
    in_.next();
    address_ = ListedAddress{};
    skip_comments();
    if (!in_.empty() && in_.peek() == '@') read_route();
    std::string* target = &address_.local;
    bool at = false;
    while (!in_.empty() && in_.peek() != '>' && in_.peek() != ',' && in_.peek() != ';') {
      const char c = in_.peek();
      if (is_fws(c) || c == '(') {
        skip_comments();
      } else if (c == '"') {
        *target += in_.quoted_string();
      } else if (c == '@') {
        in_.next();
        if (at) address_.local += '@' + std::exchange(address_.domain, {});
        at = true;
        target = &address_.domain;
      } else if (c == '[' && at) {
        *target += read_literal();
      } else {
        *target += in_.next();
      }
    }
    in_.take('>');
    has_address_ = true;
    in_angle_ = true;
    any_ = any_ || !address_.local.empty() || !address_.domain.empty();
  }

  // "@a,@b:", RFC 5322 §4.4
  void read_route() {
    while (!in_.empty() && in_.peek() != '>') {
      const char c = in_.next();
      if (c == ':') return;
      if (!is_fws(c)) address_.route += c;
    }
  }

  void finish_mailbox() {
    if (any_) {
      if (!has_address_) address_.local = phrase_;
      address_.kind = ListedAddress::Kind::Mailbox;
      if (in_angle_) address_.name = phrase_;
      if (address_.name.empty()) address_.name = comment_;
      out_.push_back(std::move(address_));
      ++mailboxes_;
    }
    reset();
  }

  void start_group() {
    if (!in_group_) {
      ListedAddress group;
      group.kind = ListedAddress::Kind::GroupStart;
      group.name = phrase_;
      out_.push_back(std::move(group));
      in_group_ = true;
    }
    reset();
  }

  void end_group() {
    if (!in_group_) return;
    ListedAddress group;
    group.kind = ListedAddress::Kind::GroupEnd;
    out_.push_back(std::move(group));
    in_group_ = false;
  }

  void reset() {
    address_ = ListedAddress{};
    phrase_.clear();
    spec_.clear();
    comment_.clear();
    gap_ = any_ = has_address_ = in_angle_ = false;
  }

  FieldCursor in_;
  std::vector<ListedAddress> out_;
  std::size_t mailboxes_ = 0;
  ListedAddress address_;
  std::string phrase_;        // words with the gaps between them
  std::string spec_;          // the same words without gaps
  std::string comment_;       // the last one
  bool gap_ = false;          // white space came before the next word
  bool any_ = false;          // something was read since the last separator
  bool has_address_ = false;  // address_ holds local part and domain
  bool in_angle_ = false;     // it stood in angle brackets
  bool in_group_ = false;
};

}  // namespace

std::vector<ListedAddress> parse_address_list(std::string_view value) { return AddressParser(value).run(); }

}  // namespace hearthmail::mime
