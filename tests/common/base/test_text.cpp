#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/secret.hpp"
#include "common/base/text.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::base;

TEST_CASE("base64 is strict and reversible, RFC 4648 4") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(unbase64("Zm9vYg==") == "foob");
  CHECK_FALSE(unbase64("Zg=").has_value());
  CHECK_FALSE(unbase64("Zg==Zg==").has_value());
  CHECK_FALSE(unbase64("Z g=").has_value());
}

TEST_CASE("is_utf8 refuses overlong forms, surrogates and cut sequences, RFC 3629") {
  CHECK(is_utf8("gr\xC3\xBC\xC3\x9F"));
  CHECK(is_utf8("\xF0\x9F\x98\x80"));
  for (std::size_t at = 0; at < 40; ++at) {  // eight octets are looked at together
    std::string text(40, 'x');
    CHECK(is_utf8(text.substr(at)));
    text[at] = '\xFF';
    CHECK_FALSE(is_utf8(text));
    text.replace(at, 1, "\xC3\xBC");
    CHECK(is_utf8(text));
  }
  CHECK_FALSE(is_utf8("\xC0\xAF"));
  CHECK_FALSE(is_utf8("\xED\xA0\x80"));
  CHECK_FALSE(is_utf8("\xF4\x90\x80\x80"));
  CHECK_FALSE(is_utf8("\xE2\x82"));
}

TEST_CASE("numbers are whole and in range") {
  CHECK(parse_u64("18446744073709551615") == 18446744073709551615ULL);
  CHECK_FALSE(parse_u64("18446744073709551616").has_value());
  CHECK_FALSE(parse_u32("4294967296").has_value());
  CHECK_FALSE(parse_u32("").has_value());
  CHECK_FALSE(parse_u32("1 ").has_value());
}

TEST_CASE("nearest finds the name that was meant, or none") {
  CHECK(nearest("hostnmae", {"hostname", "data_dir"}) == "hostname");
  CHECK_FALSE(nearest("xyzzy", {"hostname", "data_dir"}).has_value());
}

TEST_CASE("a record decodes what was encoded, and a short one is Corrupt") {
  Encoder out;
  out.u8(7).u32(1).u64(2).varint(300).octets("abc");
  Decoder in(out.str());
  CHECK(in.u8() == 7);
  CHECK(in.u32() == 1);
  CHECK(in.u64() == 2);
  CHECK(in.varint() == 300);
  CHECK(in.octets() == "abc");
  CHECK(in.finish("test").ok());
  for (std::size_t cut = 0; cut < out.str().size(); ++cut) {
    Decoder cut_in(std::string_view(out.str()).substr(0, cut));
    cut_in.u8();
    cut_in.u32();
    cut_in.u64();
    cut_in.varint();
    cut_in.octets();
    CHECK(cut_in.finish("test").error().code == Errc::Corrupt);
  }
}

TEST_CASE("dates are written as RFC 5322 3.3 and RFC 3339 want them") {
  CHECK(rfc5322_date(1795459130) == "Mon, 23 Nov 2026 18:38:50 +0000");
  CHECK(rfc3339(1795459130) == "2026-11-23T18:38:50Z");
  CHECK(human(Seconds{12000}) == "3 h 20 min");
}

TEST_CASE("a moved-from secret holds nothing") {
  Secret a(std::string("hunter2hunter2hunter2hunter2"));
  const Secret b(std::move(a));
  CHECK(a.empty());  // NOLINT: that is the point
  CHECK(b.reveal() == "hunter2hunter2hunter2hunter2");
}

TEST_CASE("lower, upper and is_ascii, whatever the length and the place") {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
  for (std::size_t from = 0; from < 20; ++from) {
    const std::string text = all.substr(from, 200 + from);
    std::string expected = text;
    for (char& c : expected) c = to_lower(c);
    CHECK(lower(text) == expected);
    expected = text;
    for (char& c : expected) c = to_upper(c);
    CHECK(upper(text) == expected);
    CHECK(is_ascii(text.substr(0, 128 - from)));
    CHECK_FALSE(is_ascii(text.substr(0, 129 - from)));
  }
}
