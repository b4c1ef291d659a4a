#include "common/mime/spliced.hpp"

#include "common/base/bytes.hpp"
#include "common/mime/known_words.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::mime;

namespace {

std::string back(std::string_view spliced, std::string_view source) {
  std::string out = "what was there before";
  REQUIRE(unsplice(spliced, source, out));
  return out;
}

bool makes_sense(const base::Encoder& spliced, std::string_view source) {
  std::string out;
  return unsplice(spliced.str(), source, out);
}

}  // namespace

TEST_CASE("a spliced text comes back, whatever it shares with its source and with itself") {
  const std::string source = "From: Anna Abel <anna.abel@home.example>\r\nSubject: on the way\r\n";
  const std::string same = GENERATE(as<std::string>(), "", "x", "Anna", "Anna Abel", "Anna Abel Anna Abel Anna Abel",
                                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the way\r\nFrom: the way\r\n",
                                    "((\"Anna Abel\" NIL \"anna.abel\" \"home.example\")) ((\"Anna Abel\" NIL");
  CHECK(back(splice(same, source), source) == same);
  CHECK(back(splice(same, ""), "") == same);
  CHECK(back(splice(source, source), source) == source);
  CHECK(splice(source, source).size() <= 5);
  CHECK(splice("the same words, the same words, the same words", "").size() < 30);
}

TEST_CASE("texts of every length over two letters come back") {
  std::uint32_t state = 1;
  for (std::size_t octets = 0; octets < 300; ++octets) {
    std::string text, source;
    for (std::size_t i = 0; i < octets; ++i) {
      state = state * 1664525 + 1013904223;
      (i % 3 == 0 ? source : text) += static_cast<char>('a' + (state >> 31));
    }
    REQUIRE(back(splice(text, source), source) == text);
  }
}

TEST_CASE("pieces that make no sense are refused, and so is a text that would be too long") {
  const std::string source = "source";
  CHECK(makes_sense(base::Encoder().varint(4).varint(4 * 2 + 1).varint(2), source));
  CHECK_FALSE(makes_sense(base::Encoder().varint(4).varint(4 * 2 + 1).varint(3), source));  // over the source's end
  CHECK_FALSE(makes_sense(base::Encoder().varint(4).varint(4 * 2 + 1).varint(6), source));  // of a text not yet begun
  CHECK_FALSE(makes_sense(base::Encoder().varint(4).varint(5 * 2 + 1).varint(0), source));  // more than announced
  CHECK_FALSE(makes_sense(base::Encoder().varint(4).varint(0), source));                    // a piece of nothing
  CHECK_FALSE(makes_sense(base::Encoder().varint(4).varint(3 * 2).raw("abc"), source));     // less than announced
  CHECK_FALSE(makes_sense(base::Encoder().varint(4).varint(4 * 2).raw("abc"), source));     // cut
  CHECK_FALSE(makes_sense(base::Encoder().varint(4).varint(~std::uint64_t{0}).varint(~std::uint64_t{0}), source));
  base::Encoder bomb;  // each piece doubles what is there
  bomb.varint(kMostSpliced + 1).varint(2).raw("a");
  for (std::uint64_t octets = 1; octets <= kMostSpliced; octets *= 2) bomb.varint(octets * 2 + 1).varint(0);
  CHECK_FALSE(makes_sense(bomb, ""));
}

TEST_CASE("known words keep their numbers") {
  CHECK(number_of_word("") == 1);
  CHECK(number_of_word("text/plain") == 7);
  CHECK(number_of_word("Received") == 29);
  CHECK(number_of_word("Disposition-Notification-To") == 90);
  CHECK(number_of_word("received") == 0);
  for (unsigned number = 1; number <= kMostKnownWords; ++number) {
    const auto one = static_cast<std::uint8_t>(number);
    if (is_known_word(one)) CHECK(number_of_word(known_word(one)) == one);
    else CHECK(known_word(one).empty());
  }
  CHECK_FALSE(is_known_word(0));
  CHECK_FALSE(is_known_word(91));
}
