#include "common/mime/preview.hpp"

#include <array>
#include <optional>
#include <utility>

#include "common/base/text.hpp"
#include "common/mime/content_fields.hpp"
#include "common/mime/decode.hpp"
#include "common/mime/summary.hpp"

namespace hearthmail::mime {

namespace {

// Index of the first part of that subtype of text that a reader sees at once.
std::optional<std::size_t> find_text(const Index& index, std::string_view subtype) {
  std::vector<bool> enclosed(index.parts.size(), false);
  for (std::size_t i = 0; i < index.parts.size(); ++i) {
    const Part& part = index.parts[i];
    const auto parent = static_cast<std::size_t>(part.parent);
    enclosed[i] = part.disposition == "attachment" ||
                  (part.parent >= 0 && (enclosed[parent] || index.parts[parent].is_message()));
    if (!enclosed[i] && part.type == "text" && part.subtype == subtype) return i;
  }
  return std::nullopt;
}

std::string decoded_text(std::string_view message, const Part& part) {
  const std::string_view body = message.substr(part.body.offset, part.body.octets).substr(0, kPreviewSource);
  const std::string octets = decode_transfer(body, part.encoding, kPreviewDecoded);
  const std::string* charset = find_parameter(part.parameters, "charset");
  return to_utf8(octets, charset == nullptr ? std::string_view("us-ascii") : std::string_view(*charset));
}

// Appends the words of `text` with one space between them, no control characters, while there is room.
void append_words(std::string& out, std::string_view text) {
  bool gap = !out.empty();
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= 32 || octet == 127) {
      gap = !out.empty();
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    out += c;
    if (out.size() > kPreviewOctets + 4) return;
  }
}

std::string plain_preview(std::string_view text, bool skip_quotes) {
  std::string out;
  while (!text.empty() && out.size() <= kPreviewOctets) {
    const std::size_t feed = text.find('\n');
    std::string_view line = text.substr(0, feed);
    text.remove_prefix(feed == std::string_view::npos ? text.size() : feed + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (skip_quotes && line == "-- ") break;  // the signature, RFC 3676 §4.3
    if (skip_quotes && !line.empty() && line[0] == '>') continue;
    append_words(out, line);
  }
  return std::string(base::trim(utf8_prefix(out, kPreviewOctets)));
}

void append_character(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

std::optional<std::uint32_t> numeric_reference(std::string_view digits) {
  std::uint32_t code = 0;
  const bool hex = !digits.empty() && base::to_lower(digits[0]) == 'x';
  if (hex) digits.remove_prefix(1);
  if (digits.empty() || digits.size() > 7) return std::nullopt;
  for (const char c : digits) {
    const char low = base::to_lower(c);
    if (base::is_digit(c)) {
      code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(c - '0');
    } else if (hex && low >= 'a' && low <= 'f') {
      code = code * 16 + static_cast<std::uint32_t>(low - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return std::nullopt;
  return code;
}

// Appends what "&...;" at the start of `html` stands for and returns its length; 0 when it is only an ampersand.
std::size_t append_reference(std::string& out, std::string_view html) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kNamed{{{"amp", "&"},
                                                                                  {"lt", "<"},
                                                                                  {"gt", ">"},
                                                                                  {"quot", "\""},
                                                                                  {"apos", "'"},
                                                                                  {"nbsp", " "},
                                                                                  {"zwnj", ""},
                                                                                  {"shy", ""},
                                                                                  {"ndash", "\xE2\x80\x93"},
                                                                                  {"mdash", "\xE2\x80\x94"},
                                                                                  {"rsquo", "\xE2\x80\x99"},
                                                                                  {"hellip", "\xE2\x80\xA6"}}};
  const std::size_t end = html.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  const std::string_view name = html.substr(1, end - 1);
  if (name[0] == '#') {
    const auto code = numeric_reference(name.substr(1));
    if (!code) return 0;
    if (*code == 0xA0) {
      out += ' ';
    } else {
      append_character(out, *code);
    }
    return end + 1;
  }
  for (const auto& [known, text] : kNamed) {
    if (name == known) {
      out += text;
      return end + 1;
    }
  }
  return 0;
}

// The name of the tag at the start of `html` ("<p ...", "</p"), lower case, with the slash.
std::string tag_name(std::string_view html) {
  std::size_t end = 1;
  while (end < html.size() && end < 12 && (base::is_alnum(html[end]) || (end == 1 && html[end] == '/'))) ++end;
  return base::lower(html.substr(1, end - 1));
}

// The offset after the next `end` (lower case) from `at` on, or the end of the text.
std::size_t after(std::string_view lower_html, std::size_t at, std::string_view end) {
  const std::size_t found = lower_html.find(end, at);
  return found == std::string_view::npos ? lower_html.size() : found + end.size();
}

}  // namespace

std::string html_text(std::string_view html) {
  const std::string lowered = base::lower(html);
  std::string out;
  std::size_t at = 0;
  while (at < html.size()) {
    if (html[at] == '&') {
      const std::size_t used = append_reference(out, html.substr(at));
      if (used == 0) out += '&';
      at += used == 0 ? 1 : used;
      continue;
    }
    if (html[at] != '<') {
      out += html[at++];
      continue;
    }
    const std::string tag = tag_name(html.substr(at));
    if (html.substr(at, 4) == "<!--") {
      at = after(lowered, at + 4, "-->");
    } else if (tag == "style" || tag == "script" || tag == "head" || tag == "title") {
      at = after(lowered, at, "</" + tag);
      at = after(lowered, at, ">");
    } else {
      at = after(lowered, at, ">");
      // Inline markup does not end a word; everything else does.
      if (tag != "b" && tag != "/b" && tag != "i" && tag != "/i" && tag != "span" && tag != "/span") out += ' ';
    }
  }
  return out;
}

std::string preview(std::string_view message, const Index& index) {
  if (const auto plain = find_text(index, "plain")) {
    std::string text = plain_preview(decoded_text(message, index.parts[*plain]), true);
    if (!text.empty()) return text;
  }
  if (const auto html = find_text(index, "html")) {
    return plain_preview(html_text(decoded_text(message, index.parts[*html])), false);
  }
  return {};
}

}  // namespace hearthmail::mime
