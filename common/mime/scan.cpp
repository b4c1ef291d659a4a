#include "common/mime/scan.hpp"

#include "common/base/text.hpp"

namespace hearthmail::mime {

std::string unfold(std::string_view value) {
  const std::string_view trimmed = base::trim(value);
  std::string out;
  out.reserve(trimmed.size());
  for (const char c : trimmed) {
    if (c != '\r' && c != '\n') out += c;
  }
  return out;
}

std::size_t field_name_length(std::string_view line) {
  std::size_t name = 0;
  while (name < line.size() && line[name] > 32 && line[name] < 127 && line[name] != ':') ++name;
  std::size_t colon = name;
  while (colon < line.size() && base::is_wsp(line[colon])) ++colon;
  return colon < line.size() && line[colon] == ':' ? name : 0;
}

bool FieldCursor::take(char c) {
  if (empty() || peek() != c) return false;
  ++at_;
  return true;
}

void FieldCursor::skip_fws() {
  while (!empty() && is_fws(peek())) ++at_;
}

void FieldCursor::skip_cfws() {
  skip_fws();
  while (!empty() && peek() == '(') {
    comment();
    skip_fws();
  }
}

std::string FieldCursor::comment() {
  std::string out;
  std::size_t depth = 0;
  while (!empty()) {
    const char c = next();
    if (c == '(' && depth++ == 0) continue;
    if (c == ')' && --depth == 0) break;
    if (c == '\\' && !empty()) {
      out += next();
    } else if (c != '\r' && c != '\n') {
      out += c;
    }
  }
  return std::string(base::trim(out));
}

std::string FieldCursor::quoted_string() {
  std::string out;
  ++at_;
  while (!empty()) {
    const char c = next();
    if (c == '"') break;
    if (c == '\\' && !empty() && peek() != '\r' && peek() != '\n') {
      out += next();
    } else if (c != '\r' && c != '\n') {
      out += c;
    }
  }
  return out;
}

std::string_view FieldCursor::until(std::string_view stops) {
  const std::size_t start = at_;
  while (!empty() && !is_fws(peek()) && stops.find(peek()) == std::string_view::npos) ++at_;
  return text_.substr(start, at_ - start);
}

void FieldCursor::skip_to(char stop) {
  while (!empty() && peek() != stop) {
    if (peek() == '(') {
      comment();
    } else if (peek() == '"') {
      quoted_string();
    } else {
      ++at_;
    }
  }
}

}  // namespace hearthmail::mime
