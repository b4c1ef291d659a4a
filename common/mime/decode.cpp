#include "common/mime/decode.hpp"

#include <gmime/gmime.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.hpp"
#include "common/mime/scan.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::size_t kDecodeSlice = 16 * 1024;  // octets given to the decoder at a time

// GMime's decoders are state machines over octets; an encoding they do not know copies.
std::string decode_with(GMimeContentEncoding encoding, std::string_view body, std::size_t most) {
  GMimeEncoding state;
  g_mime_encoding_init_decode(&state, encoding);
  if (encoding == GMIME_CONTENT_ENCODING_UUENCODE) state.state |= GMIME_UUDECODE_STATE_BEGIN;
  std::string out;
  std::string piece;
  const auto step = [&](std::string_view slice) {
    piece.resize(g_mime_encoding_outlen(&state, slice.size()) + 8);
    const std::size_t count = g_mime_encoding_step(&state, slice.data(), slice.size(), piece.data());
    out.append(piece, 0, count);
  };
  while (!body.empty() && out.size() < most) {
    const std::string_view slice = body.substr(0, kDecodeSlice);
    body.remove_prefix(slice.size());
    step(slice);
  }
  if (encoding == GMIME_CONTENT_ENCODING_BASE64) step("===");  // missing padding: the last octets still come out
  if (out.size() > most) out.resize(most);
  return out;
}

// What follows the line "begin MODE NAME", or nothing.
std::string_view after_begin_line(std::string_view body) {
  std::size_t at = 0;
  while (body.substr(at, 6) != "begin ") {
    const std::size_t feed = body.find('\n', at);
    if (feed == std::string_view::npos) return {};
    at = feed + 1;
  }
  const std::size_t feed = body.find('\n', at);
  return feed == std::string_view::npos ? std::string_view() : body.substr(feed + 1);
}

struct EncodedWord {
  std::string_view charset;
  char encoding = 'Q';
  std::string_view text;
  std::size_t octets = 0;  // of the whole word
};

// "=?" charset ["*" language] "?" encoding "?" text "?=", RFC 2047 §2, RFC 2231 §5. `in` starts with "=?". A space
// inside the text is wrong, and common in Q words: it is taken up to the end of the line.
std::optional<EncodedWord> encoded_word(std::string_view in) {
  constexpr std::size_t kMaxWord = 2'048;  // RFC 2047 says 75; some mailers do not fold at all
  in = in.substr(0, kMaxWord);
  const std::size_t first = in.find('?', 2);
  if (first == std::string_view::npos || first + 2 >= in.size() || in[first + 2] != '?') return std::nullopt;
  EncodedWord word;
  word.charset = in.substr(2, first - 2);
  word.charset = word.charset.substr(0, word.charset.find('*'));
  word.encoding = base::to_upper(in[first + 1]);
  if (word.charset.empty() || (word.encoding != 'Q' && word.encoding != 'B')) return std::nullopt;
  const std::size_t start = first + 3;
  const std::size_t end = in.find("?=", start);
  if (end == std::string_view::npos) return std::nullopt;
  word.text = in.substr(start, end - start);
  word.octets = end + 2;
  if (word.charset.find(' ') != std::string_view::npos || word.text.find('?') != std::string_view::npos) {
    return std::nullopt;
  }
  return word;
}

int hex_digit(char c) {
  if (base::is_digit(c)) return c - '0';
  const char low = base::to_lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// RFC 2047 §4.2
std::string decode_q(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string decode_word(const EncodedWord& word) {
  if (word.encoding == 'Q') return decode_q(word.text);
  return decode_with(GMIME_CONTENT_ENCODING_BASE64, word.text, word.text.size());
}

// Joins neighbouring words of one charset before conversion, so that a character split over two words survives.
class HeaderDecoder {
 public:
  std::string run(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t next = std::min(text.find("=?", at), text.size());
      const auto word = next < text.size() && words_ < kMaxEncodedWords ? encoded_word(text.substr(next))
                                                                        : std::optional<EncodedWord>();
      if (!word) {
        const std::size_t end = next < text.size() ? next + 2 : next;
        literal(text.substr(at, end - at));
        at = end;
        continue;
      }
      const std::string_view between = text.substr(at, next - at);
      // White space between two encoded words is not text, RFC 2047 §6.2
      if (!open_ || between.find_first_not_of(" \t") != std::string_view::npos) literal(between);
      add(*word);
      at = next + word->octets;
    }
    flush();
    return std::move(out_);
  }

 private:
  void literal(std::string_view text) {
    if (text.empty()) return;
    flush();
    out_ += text;
  }
  void add(const EncodedWord& word) {
    ++words_;
    if (open_ && !base::iequals(charset_, word.charset)) flush();
    charset_ = word.charset;
    open_ = true;
    pending_ += decode_word(word);
  }
  void flush() {
    if (open_) out_ += to_utf8(pending_, charset_);
    pending_.clear();
    open_ = false;
  }

  std::string out_;
  std::string pending_;
  std::string_view charset_;
  std::size_t words_ = 0;
  bool open_ = false;
};

}  // namespace

std::string decode_header(std::string_view raw_value) {
  // Raw UTF-8 is legal since RFC 6532 §3.2; raw Latin-1 never was, and comes.
  std::string text = to_utf8(unfold(raw_value), "us-ascii");
  std::replace(text.begin(), text.end(), '\t', ' ');  // many fold with a tab; a reader sees one space
  if (text.find("=?") == std::string::npos) return text;
  return HeaderDecoder().run(text);
}

std::string decode_transfer(std::string_view body, std::string_view encoding, std::size_t most) {
  if (base::iequals(encoding, "base64")) return decode_with(GMIME_CONTENT_ENCODING_BASE64, body, most);
  if (base::iequals(encoding, "quoted-printable")) {
    return decode_with(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, body, most);
  }
  if (base::iequals(encoding, "x-uuencode") || base::iequals(encoding, "x-uue")) {
    return decode_with(GMIME_CONTENT_ENCODING_UUENCODE, after_begin_line(body), most);
  }
  return std::string(body.substr(0, most));
}

}  // namespace hearthmail::mime
