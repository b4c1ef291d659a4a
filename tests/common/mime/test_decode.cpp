#include "common/mime/decode.hpp"

#include <thread>
#include <vector>

#include "common/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;

TEST_CASE("Encoded words, the examples of RFC 2047 8") {
  CHECK(decode_header("=?ISO-8859-1?Q?a?=") == "a");
  CHECK(decode_header("=?ISO-8859-1?Q?a?= b") == "a b");
  CHECK(decode_header("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=") == "ab");
  CHECK(decode_header("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=") == "ab");
  CHECK(decode_header("=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=") == "ab");
  CHECK(decode_header("=?ISO-8859-1?Q?a_b?=") == "a b");
  CHECK(decode_header("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=") == "a b");
  CHECK(decode_header("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
                      " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=") ==
        "If you can read this you understand the example.");
  CHECK(decode_header("=?US-ASCII*EN?Q?Keith_Moore?=") == "Keith Moore");
}

TEST_CASE("A field that was folded with a tab reads as one with spaces, RFC 5322 2.2.3") {
  CHECK(decode_header("one\r\n\ttwo") == "one two");
  CHECK(decode_header("=?utf-8?Q?one?=\r\n\ttwo =?utf-8?Q?three?=\r\n\t=?utf-8?Q?_four?=") == "one two three four");
}

TEST_CASE("A character may be split over two encoded words") {
  CHECK(decode_header("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=") == "caf\xC3\xA9");
  CHECK(decode_header("=?utf-8?B?w6k=?= =?UTF-8?B?w6k=?=") == "\xC3\xA9\xC3\xA9");
}

TEST_CASE("What is no encoded word stays") {
  CHECK(decode_header("=?utf-8?Q?open") == "=?utf-8?Q?open");
  CHECK(decode_header("=?utf-8?X?a?=") == "=?utf-8?X?a?=");
  CHECK(decode_header("=??Q?a?=") == "=??Q?a?=");
  CHECK(decode_header("=?=?=?") == "=?=?=?");
  CHECK(decode_header(" plain \r\n text ") == "plain  text");
}

TEST_CASE("Raw 8-bit header text is UTF-8 or else Latin-1") {
  CHECK(decode_header("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(decode_header("caf\xE9") == "caf\xC3\xA9");
}

TEST_CASE("2,000 encoded words of one value are decoded") {
  std::string value;
  for (std::size_t i = 0; i <= kMaxEncodedWords; ++i) value += "=?utf-8?Q?a?= ";
  const std::string text = decode_header(value);
  CHECK(text.substr(0, kMaxEncodedWords + 1) == std::string(kMaxEncodedWords, 'a') + " ");
  CHECK(text.substr(text.size() - 13) == "=?utf-8?Q?a?=");
}

TEST_CASE("Transfer encodings, RFC 2045 6.7 and 6.8") {
  CHECK(decode_transfer("a=3Db=\r\nc=20\r\n", "quoted-printable", 100) == "a=bc \r\n");
  CHECK(decode_transfer("SGVsbG8g\r\nd29ybGQ=\r\n", "base64", 100) == "Hello world");
  CHECK(decode_transfer("SGVs!bG8", "BASE64", 100) == "Hello");
  CHECK(decode_transfer("as it is", "8bit", 100) == "as it is");
  CHECK(decode_transfer("as it is", "x-unknown", 100) == "as it is");
  CHECK(decode_transfer("begin 644 f\r\n#0V%T\r\n`\r\nend\r\n", "x-uuencode", 100) == "Cat");
}

TEST_CASE("Decoded content is cut at the caller's limit") {
  const std::string encoded = hearthmail::base::base64(std::string(100'000, 'x'));
  CHECK(decode_transfer(encoded, "base64", 1000) == std::string(1000, 'x'));
  CHECK(decode_transfer(encoded, "base64", 0).empty());
  CHECK(decode_transfer(encoded, "7bit", 10).size() == 10);
  CHECK(decode_transfer(encoded, "base64", 1'000'000).size() == 100'000);
}

TEST_CASE("Charsets become UTF-8") {
  CHECK(to_utf8("caf\xE9", "ISO-8859-1") == "caf\xC3\xA9");
  CHECK(to_utf8("\x80", "windows-1252") == "\xE2\x82\xAC");
  CHECK(to_utf8("\xA4", "iso-8859-15") == "\xE2\x82\xAC");
  CHECK(to_utf8("\x82\xA0", "Shift_JIS") == "\xE3\x81\x82");
  CHECK(to_utf8("\x1B$B$\"\x1B(B", "iso-2022-jp") == "\xE3\x81\x82");
  CHECK(to_utf8("\xC4\xE3", "gb2312") == "\xE4\xBD\xA0");
  CHECK(to_utf8("ok", "utf-8") == "ok");
}

TEST_CASE("What cannot be converted becomes U+FFFD") {
  CHECK(to_utf8("a\xFF"
                "b",
                "utf-8") ==
        "a\xEF\xBF\xBD"
        "b");
  CHECK(to_utf8("a\xC3", "utf-8") == "a\xEF\xBF\xBD");
  CHECK(to_utf8("a\x81", "windows-1252") == "a\xEF\xBF\xBD");
  CHECK(to_utf8("\x82", "Shift_JIS") == "\xEF\xBF\xBD");
  CHECK(clean_utf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(clean_utf8("\xF0\x9F\x98\x80") == "\xF0\x9F\x98\x80");
}

TEST_CASE("An unknown charset is UTF-8 if it can be, else Latin-1") {
  const auto charset = GENERATE(as<std::string>{}, "x-nowhere", "", "utf-8//TRANSLIT", "../../etc/x", "us-ascii",
                                std::string(kMaxCharsetName + 1, 'a'));
  INFO(charset);
  CHECK(to_utf8("caf\xC3\xA9", charset) == "caf\xC3\xA9");
  CHECK(to_utf8("caf\xE9", charset) == "caf\xC3\xA9");
}

TEST_CASE("A prefix of UTF-8 text ends between characters") {
  CHECK(utf8_prefix("ab", 5) == "ab");
  CHECK(utf8_prefix("a\xC3\xA9", 2) == "a");
  CHECK(utf8_prefix("a\xC3\xA9", 3) == "a\xC3\xA9");
  CHECK(utf8_prefix("\xF0\x9F\x98\x80", 3).empty());
}

TEST_CASE("Threads decode side by side") {
  std::vector<std::thread> threads;
  std::vector<std::string> results(4);
  for (std::size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&results, i] {
      for (int round = 0; round < 50; ++round) results[i] = decode_header("=?iso-8859-15?Q?=A4?= =?koi8-r?Q?=C1?=");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) CHECK(result == "\xE2\x82\xAC\xD0\xB0");
}

TEST_CASE("Base64 as it comes: padding inside, missing, too much, line noise") {
  CHECK(decode_transfer("SGk=SGk=", "base64", 100).substr(0, 2) == "Hi");
  CHECK(decode_transfer("SGk", "base64", 100) == "Hi");
  CHECK(decode_transfer("SA", "base64", 100) == "H");
  CHECK(decode_transfer("SGVs", "base64", 100) == "Hel");
  CHECK(decode_transfer("SGVsbG8=====", "base64", 100) == "Hello");
  CHECK(decode_transfer("", "base64", 100).empty());
  CHECK(decode_transfer("====", "base64", 100).empty());
  CHECK(decode_transfer("no begin line\r\n", "x-uuencode", 100).empty());
}
