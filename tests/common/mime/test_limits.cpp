// Every limit of the index, each reached and passed, and that the work stays linear.
#include "common/mime/addresses.hpp"
#include "common/mime/index.hpp"
#include "common/mime/structure.hpp"
#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::mime::test::at;
using hearthmail::mime::test::crlf;

namespace {

// Octets looked at per octet of the message, whatever it holds.
constexpr std::uint64_t kWorkFactor = 8;

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

// `depth` multiparts inside each other, boundaries "b0", "b1", ...
std::string nested(std::size_t depth) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) {
    const std::string boundary = "b" + std::to_string(i);
    out += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
  }
  return out + "\r\nleaf\r\n";
}

void check_linear(const std::string& message) {
  const Index index = index_message(message);
  CHECK(index.work <= kWorkFactor * message.size() + 1000);
}

}  // namespace

TEST_CASE("The limits are those that were agreed") {
  CHECK(kMaxHeaderField == 64 * 1024);
  CHECK(kMaxHeaderParsed == 1024 * 1024);
  CHECK(kMaxHeaderLines == 1'000);
  CHECK(kMaxDepth == 100);
  CHECK(kMaxParts == 10'000);
  CHECK(kMaxParameters == 128);
  CHECK(kMaxBoundary == 2'048);
}

TEST_CASE("A field longer than 64 KiB is kept whole, its value is read up to the limit") {
  const std::string message = "Subject: " + std::string(kMaxHeaderField, 'x') + "\r\nTo: a@b\r\n\r\nbody";
  const Index index = index_message(message);
  REQUIRE(index.parts[0].fields.size() == 2);
  const Field& field = index.parts[0].fields[0];
  CHECK(field.raw.octets == 9 + kMaxHeaderField + 2);
  CHECK(field.value.offset + field.value.octets == kMaxHeaderField);
  CHECK(index.clipped);
  const std::string fits = "Subject: " + std::string(kMaxHeaderField - 11, 'x') + "\r\n\r\n";
  CHECK_FALSE(index_message(fits).clipped);
}

TEST_CASE("Fields after 1 MiB of header are stored, not parsed") {
  const std::string line = "X: " + std::string(60'000, 'x') + "\r\n";
  const std::size_t count = kMaxHeaderParsed / line.size() + 2;
  const std::string message = repeat(line, count) + "Content-Type: text/html\r\n\r\nbody";
  const Index index = index_message(message);
  CHECK(index.clipped);
  CHECK(index.parts[0].fields.size() == kMaxHeaderParsed / line.size() + 1);
  CHECK(index.parts[0].subtype == "plain");
  CHECK(at(message, index.parts[0].body) == "body");
}

TEST_CASE("Fields after 1,000 lines are stored, not parsed") {
  const std::string full = repeat("X: y\r\n", kMaxHeaderLines);
  CHECK(index_message(full + "\r\nbody").parts[0].fields.size() == kMaxHeaderLines);
  CHECK_FALSE(index_message(full + "\r\nbody").clipped);
  const std::string message = full + "Content-Type: text/html\r\n\r\nbody";
  const Index index = index_message(message);
  CHECK(index.parts[0].fields.size() == kMaxHeaderLines);
  CHECK(index.parts[0].subtype == "plain");
  CHECK(index.clipped);
  CHECK(at(message, index.parts[0].body) == "body");
}

TEST_CASE("Folds of a field that is not parsed any more still belong to the header") {
  const std::string message = repeat("X: y\r\n", kMaxHeaderLines) + "To: a@b,\r\n c@d,\r\n e@f\r\n\r\nbody";
  const Index index = index_message(message);
  CHECK(at(message, index.parts[0].body) == "body");
}

TEST_CASE("Parts deeper than 100 are leaves") {
  const Index fits = index_message(nested(kMaxDepth - 1));
  CHECK(fits.parts.size() == kMaxDepth);
  CHECK_FALSE(fits.clipped);
  const Index over = index_message(nested(kMaxDepth + 20));
  CHECK(over.parts.size() == kMaxDepth);
  CHECK(over.clipped);
  const Index messages = index_message(repeat("Content-Type: message/rfc822\r\n\r\n", 500) + "end");
  CHECK(messages.parts.size() == kMaxDepth);
  CHECK(messages.clipped);
}

TEST_CASE("What follows part 10,000 belongs to it") {
  const std::string head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  const Index fits = index_message(head + repeat("--b\r\n\r\nx\r\n", kMaxParts - 1));
  CHECK(fits.parts.size() == kMaxParts);
  CHECK_FALSE(fits.clipped);
  const std::string message = head + repeat("--b\r\n\r\nx\r\n", kMaxParts + 2);
  const Index over = index_message(message);
  CHECK(over.parts.size() == kMaxParts);
  CHECK(over.clipped);
  CHECK(at(message, over.parts.back().body) == "x\r\n" + repeat("--b\r\n\r\nx\r\n", 3));
}

TEST_CASE("128 parameters of one field, 20,000 of one message") {
  std::string type = "Content-Type: text/plain";
  for (std::size_t i = 0; i < kMaxParameters; ++i) type += "; p" + std::to_string(i) + "=v";
  const Index fits = index_message(type + "\r\n\r\n");
  CHECK(fits.parts[0].parameters.size() == kMaxParameters);
  CHECK_FALSE(fits.clipped);
  const Index over = index_message(type + "; one=more\r\n\r\n");
  CHECK(over.parts[0].parameters.size() == kMaxParameters);
  CHECK(over.clipped);

  const std::string many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
                           repeat("--b\r\n" + type + "\r\n\r\n", kMaxAllParameters / kMaxParameters + 5);
  const Index all = index_message(many);
  std::size_t total = 0;
  for (const Part& part : all.parts) total += part.parameters.size();
  CHECK(total == kMaxAllParameters);
  CHECK(all.clipped);
}

TEST_CASE("A boundary of more than 2,048 octets does not split") {
  for (const std::size_t length : {kMaxBoundary, kMaxBoundary + 1}) {
    const std::string boundary(length, 'b');
    const Index index = index_message("Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
                                      "\r\n\r\nx\r\n--" + boundary + "--\r\n");
    CHECK(index.parts.size() == (length == kMaxBoundary ? 2 : 1));
    CHECK(index.clipped == (length != kMaxBoundary));
  }
}

TEST_CASE("50,000 fields of one message are kept") {
  const std::string part = "--b\r\n" + repeat("X: y\r\n", kMaxHeaderLines - 1) + "Content-Type: text/html\r\n\r\n";
  const Index index = index_message("Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
                                    repeat(part, kMaxFields / kMaxHeaderLines + 1));
  std::size_t total = 0;
  for (const Part& p : index.parts) total += p.fields.size();
  CHECK(total == kMaxFields);
  CHECK(index.clipped);
  CHECK(index.parts.back().subtype == "html");
}

TEST_CASE("1,000 parameters of one message are converted from other charsets") {
  std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  const std::size_t parts = kMaxConversions / 100 + 1;
  for (std::size_t p = 0; p < parts; ++p) {
    message += "--b\r\nContent-Type: a/b";
    for (std::size_t i = 0; i < 100; ++i) message += "; p" + std::to_string(i) + "*=iso-8859-15''%A4";
    message += "\r\n\r\n";
  }
  const Index index = index_message(message);
  CHECK(index.clipped);
  CHECK(index.parts[parts - 1].parameters[99].value == "\xE2\x82\xAC");
  CHECK(index.parts[parts].parameters[0].value == "\xEF\xBF\xBD");
}

TEST_CASE("1,000 addresses of one list") {
  CHECK(parse_address_list(repeat("a@b,", kMaxAddresses)).size() == kMaxAddresses);
  CHECK(parse_address_list(repeat("a@b,", kMaxAddresses + 1)).size() == kMaxAddresses);
}

TEST_CASE("The structure of a message with endless header values stays near 1 MiB") {
  std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 60; ++i) {
    message += "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: " + std::string(40'000, 's') + "\r\n\r\nx\r\n";
  }
  const std::string text = body_structure(message, index_message(message), true);
  CHECK(text.size() > kMaxStructureExtras / 2);
  CHECK(text.size() < kMaxStructureExtras + 64 * 1024);
  CHECK(text.find("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)") != std::string::npos);
}

TEST_CASE("The work of indexing is linear in the message, whatever it holds") {
  const std::string deep = nested(kMaxDepth - 1);
  SECTION("delimiters of every open boundary, inside out and outside in") {
    std::string message = deep;
    for (std::size_t i = 0; i < 10'000; ++i) message += "--b" + std::to_string(i % 98) + "x\r\n";
    check_linear(message);
  }
  SECTION("a megabyte of lines of dashes") {
    check_linear(deep + repeat("-", 1 << 20) + "\r\n" + repeat("--\r\n", 1 << 18) + repeat("----\r\n", 1 << 17));
  }
  SECTION("long boundaries that differ at their ends") {
    std::string message;
    std::string lines;
    for (int i = 100; i < 190; ++i) {
      const std::string boundary = std::string(2000, 'b') + std::to_string(i);
      message += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
      lines += "--" + std::string(2000, 'b') + std::to_string(i + 200) + "\r\n";
    }
    check_linear(message + "\r\n" + repeat(lines, 10));
  }
  SECTION("lines without a colon in the header") {
    check_linear(repeat("junk\r\nX: y\r\n", 100'000));
    check_linear(repeat("junk", 100'000) + "\r\n" + repeat("x", 1 << 20) + "\r\n: \r\n");
  }
  SECTION("one field of many folds") { check_linear("To: a@b\r\n" + repeat(" ,\r\n", 1 << 18) + "\r\n"); }
  SECTION("10,000 empty parts under 98 levels") { check_linear(deep + repeat("--b98\r\n", 12'000)); }
  SECTION("messages in messages") { check_linear(repeat("Content-Type: message/rfc822\r\n\r\n", 50'000)); }
}

TEST_CASE("The work of a large ordinary message is one look at its lines") {
  const std::string message = "To: a@b\r\n\r\n" + repeat(std::string(76, 'x') + "\r\n", 100'000);
  CHECK(index_message(message).work <= message.size() + 100);
}

TEST_CASE("Fields full of comments and quotes end where the field ends") {
  const std::string open = repeat("(", 60'000);
  CHECK(index_message("Content-Type: " + open + "\r\n\r\n").parts[0].subtype == "plain");
  CHECK(index_message("Content-Type: text/html; a=" + repeat("\"\\", 30'000) + "\r\n\r\n").parts[0].subtype == "html");
  CHECK(parse_address_list(repeat("a:", 30'000)).size() == 2);
  CHECK(parse_address_list(repeat("<", 60'000)).size() <= 1);
  CHECK(parse_address_list(open).empty());
}
