#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/base/text.hpp"
#include "common/mime/decode.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// The converter that this thread used last: a message usually stays with one charset.
struct Converter {
  std::string charset;
  iconv_t handle = reinterpret_cast<iconv_t>(-1);

  Converter() = default;
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() { close(); }
  bool valid() const { return handle != reinterpret_cast<iconv_t>(-1); }
  void close() {
    if (valid()) iconv_close(handle);
    handle = reinterpret_cast<iconv_t>(-1);
  }
  bool open(const std::string& name) {
    if (valid() && name == charset) {
      iconv(handle, nullptr, nullptr, nullptr, nullptr);
      return true;
    }
    close();
    charset = name;
    handle = iconv_open("UTF-8", name.c_str());
    return valid();
  }
};

// iconv takes suffixes ("//TRANSLIT") and, in some builds, paths: a name is letters, digits and a few marks.
bool is_charset_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxCharsetName && std::all_of(name.begin(), name.end(), [](char c) {
    return base::is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '+';
  });
}

std::string from_latin1(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() * 2);
  for (const char c : octets) {
    const auto value = static_cast<unsigned char>(c);
    if (value < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | (value >> 6));
      out += static_cast<char>(0x80 | (value & 0x3F));
    }
  }
  return out;
}

std::string guess(std::string_view octets) { return base::is_utf8(octets) ? std::string(octets) : from_latin1(octets); }

std::string convert(iconv_t handle, std::string_view octets) {
  std::string out;
  std::string source(octets);  // iconv wants a mutable pointer
  char* in = source.data();
  std::size_t left = source.size();
  std::array<char, 4096> buffer{};
  while (left > 0) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t done = iconv(handle, &in, &left, &to, &room);
    const int reason = errno;
    out.append(buffer.data(), buffer.size() - room);
    if (done != static_cast<std::size_t>(-1) || reason == E2BIG) continue;
    out += kReplacement;
    ++in;  // EILSEQ or EINVAL: one octet that says nothing
    --left;
  }
  char* to = buffer.data();
  std::size_t room = buffer.size();
  iconv(handle, nullptr, nullptr, &to, &room);
  out.append(buffer.data(), buffer.size() - room);
  return out;
}

// The length of the well-formed character at the start of `text`, or 0. RFC 3629 §4
std::size_t utf8_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  return first >= 0xC2 && first <= 0xF4 && text.size() >= length && base::is_utf8(text.substr(0, length)) ? length : 0;
}

}  // namespace

std::string clean_utf8(std::string_view text) {
  if (base::is_utf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += kReplacement;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

std::string to_utf8(std::string_view octets, std::string_view charset) {
  const std::string name = base::lower(charset);
  if (name == "utf-8" || name == "utf8") return clean_utf8(octets);
  if (name == "us-ascii" || name == "ascii" || !is_charset_name(name)) return guess(octets);
  if (name == "iso-8859-1") return from_latin1(octets);
  thread_local Converter converter;
  if (!converter.open(name)) return guess(octets);
  return clean_utf8(convert(converter.handle, octets));
}

}  // namespace hearthmail::mime
