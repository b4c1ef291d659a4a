// Encoded words, transfer encodings, charsets and HTML.
#include "common/base/text.hpp"
#include "common/mime/compose.hpp"
#include "common/mime/decode.hpp"
#include "common/mime/preview.hpp"
#include "tests/fuzz/target.hpp"

namespace hearthmail::fuzz {

namespace {

constexpr std::size_t kMost = 4096;  // octets asked of decode_transfer

const std::vector<std::string>& charsets() {
  static const std::vector<std::string> all{
      "utf-8",  "us-ascii", "iso-8859-1", "windows-1252", "iso-2022-jp", "shift_jis", "euc-kr", "gb18030", "big5",
      "koi8-r", "utf-16",   "utf-7",      "iso-2022-kr",  "x-nonsense",  "utf-32",    "hz",     ""};
  return all;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {"=?ISO-8859-1?Q?a?= b =?utf-8*en?B?w6k=?=",
          "=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=",
          "a=3Db=\r\nc=20\r\n",
          "SGVsbG8g\r\nd29ybGQ=\r\n",
          "begin 644 f\r\n#0V%T\r\n`\r\nend\r\n",
          "\x1B$B$\"\x1B(B",
          "\xF0\x9F\x98\x80",
          "<p>a &amp; b<style>x</style><!-- c --></p>",
          "+AOk-"};
}

std::vector<std::string> fuzz_dictionary() {
  return {"=?",           "?=",   "?Q?",           "?B?", "=?utf-8?Q?", "=?x?b?", "_",      "=",       "=\r\n",
          "==",           "\r\n", "begin 644 x\n", "end", "`",          "\x1B$B", "\x1B(B", "\x0E",    "&#x",
          "&#",           ";",    "&amp;",         "<",   ">",          "<!--",   "-->",    "<style>", "</style>",
          "\xEF\xBF\xBD", "\xC3", "\xED\xA0\x80",  "~{",  "+/v9-"};
}

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using namespace hearthmail;
  const std::string_view text = fuzz::as_text(octets, count);
  FUZZ_CHECK(base::is_utf8(mime::decode_header(text)));
  for (const char* encoding : {"base64", "quoted-printable", "x-uuencode", "8bit"}) {
    FUZZ_CHECK(mime::decode_transfer(text, encoding, fuzz::kMost).size() <= fuzz::kMost);
  }
  const auto& charsets = fuzz::charsets();
  const std::string& charset = charsets[count == 0 ? 0 : octets[0] % charsets.size()];
  const std::string converted = mime::to_utf8(text, charset);
  FUZZ_CHECK(base::is_utf8(converted) && converted.size() <= 8 * count + 8);
  const std::string clean = mime::clean_utf8(text);
  FUZZ_CHECK(base::is_utf8(clean) && mime::clean_utf8(clean) == clean);
  FUZZ_CHECK(base::is_utf8(mime::html_text(clean)));
  FUZZ_CHECK(mime::decode_header(mime::encode_header_text(clean)) == clean ||
             base::trim(clean).size() != clean.size() || mime::encode_header_text(clean) == clean);
  return 0;
}
