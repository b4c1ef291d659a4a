// Editing of header fields on the octets of a message.
#include <optional>

#include "common/base/text.hpp"
#include "common/mime/compose.hpp"
#include "common/mime/scan.hpp"

namespace hearthmail::mime {

namespace {

struct RawField {
  std::string_view name;
  std::size_t begin = 0;
  std::size_t end = 0;  // after its last line
};

// Walks the fields of a header in order. Ends like index_message(): at the blank line, or before a line that is no field
// unless the line after it is one.
class HeaderWalker {
 public:
  explicit HeaderWalker(std::string_view message) : message_(message) {}

  std::optional<RawField> next() {
    while (at_ < message_.size()) {
      const std::string_view line = line_at(at_);
      const std::string_view text = without_end(line);
      if (text.empty()) {
        blank_ = line.size();
        return std::nullopt;
      }
      const std::size_t name = field_name_length(text);
      if (name == 0 || base::is_wsp(text[0])) {
        if (field_name_length(without_end(line_at(at_ + line.size()))) == 0) return std::nullopt;
        at_ += line.size();
        continue;
      }
      RawField field{text.substr(0, name), at_, at_ + line.size()};
      while (field.end < message_.size() && base::is_wsp(message_[field.end]) &&
             !without_end(line_at(field.end)).empty()) {
        field.end += line_at(field.end).size();
      }
      at_ = field.end;
      return field;
    }
    return std::nullopt;
  }

  // After next() gave nothing: where the fields end, and the octets of the blank line that follows (0: none).
  std::size_t end() const { return at_; }
  std::size_t blank() const { return blank_; }

 private:
  std::string_view line_at(std::size_t begin) const {
    if (begin >= message_.size()) return {};
    const std::size_t feed = message_.find('\n', begin);
    return message_.substr(begin, feed == std::string_view::npos ? feed : feed + 1 - begin);
  }
  static std::string_view without_end(std::string_view line) {
    if (!line.empty() && line.back() == '\n') {
      line.remove_suffix(1);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    }
    return line;
  }

  std::string_view message_;
  std::size_t at_ = 0;
  std::size_t blank_ = 0;
};

struct HeaderEnd {
  std::size_t end = 0;
  std::size_t blank = 0;
};

HeaderEnd find_end(std::string_view message) {
  HeaderWalker walker(message);
  while (walker.next()) {
  }
  return {walker.end(), walker.blank()};
}

std::string field_line(std::string_view name, std::string_view value) {
  std::string line(name);
  line += ": ";
  line += value;
  line += "\r\n";
  return line;
}

}  // namespace

std::string_view header_of(std::string_view message) {
  const HeaderEnd header = find_end(message);
  return message.substr(0, header.end + header.blank);
}

bool has_field(std::string_view message, std::string_view name) {
  HeaderWalker walker(message);
  while (const auto field = walker.next()) {
    if (base::iequals(field->name, name)) return true;
  }
  return false;
}

std::string remove_field(std::string_view message, std::string_view name) {
  std::string out;
  out.reserve(message.size());
  std::size_t kept = 0;
  HeaderWalker walker(message);
  while (const auto field = walker.next()) {
    if (!base::iequals(field->name, name)) continue;
    out += message.substr(kept, field->begin - kept);
    kept = field->end;
  }
  out += message.substr(kept);
  return out;
}

std::string prepend_field(std::string_view message, std::string_view name, std::string_view value) {
  const HeaderEnd header = find_end(message);
  std::string out = field_line(name, value);
  out.reserve(out.size() + message.size() + 2);
  if (header.end == 0 && header.blank == 0) out += "\r\n";
  out += message;
  return out;
}

std::string insert_field(std::string_view message, std::string_view name, std::string_view value) {
  const HeaderEnd header = find_end(message);
  const std::string line = field_line(name, value);
  std::string out;
  out.reserve(message.size() + line.size() + 4);
  out += message.substr(0, header.end);
  if (header.end > 0 && message[header.end - 1] != '\n') out += "\r\n";
  out += line;
  if (header.blank == 0) out += "\r\n";
  out += message.substr(header.end);
  return out;
}

}  // namespace hearthmail::mime
