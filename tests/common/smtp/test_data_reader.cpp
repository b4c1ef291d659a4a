#include "common/smtp/data_reader.hpp"

#include <vector>

#include "tests/support/catch.hpp"

using namespace hearthmail::smtp;

namespace {

struct Outcome {
  std::string message;
  std::string rest;
  bool done = false;
  bool operator==(const Outcome&) const = default;
};

// Feeds `input` in two pieces cut at `cut`.
Outcome read_split(std::string_view input, std::size_t cut) {
  DataReader reader;
  Outcome out;
  for (const auto piece : {input.substr(0, cut), input.substr(cut)}) {
    const auto used = reader.feed(piece, out.message);
    out.rest += piece.substr(used);
  }
  out.done = reader.done();
  return out;
}

// Every split gives the same result; returns it.
Outcome read(std::string_view input) {
  const auto whole = read_split(input, input.size());
  for (std::size_t cut = 0; cut < input.size(); ++cut) {
    INFO("cut at " << cut);
    CHECK(read_split(input, cut) == whole);
  }
  return whole;
}

struct Filtered {
  std::string out;
  Flaw flaw = Flaw::None;
};

Filtered filter(std::string_view input, LineEndings endings, std::uint64_t most = 1000) {
  Filtered whole;
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    MessageFilter one(endings, most);
    Filtered now;
    one.feed(input.substr(0, cut), now.out);
    one.feed(input.substr(cut), now.out);
    one.finish();
    now.flaw = one.flaw();
    CHECK(one.seen() == input.size());
    if (cut == 0) whole = now;
    INFO("cut at " << cut);
    CHECK(now.flaw == whole.flaw);
    if (now.flaw == Flaw::None) {
      CHECK(now.out == whole.out);
      CHECK(one.octets() == now.out.size());
    }
  }
  return whole;
}

}  // namespace

TEST_CASE("DATA ends at CRLF.CRLF and what follows is left, RFC 5321 4.1.1.4") {
  CHECK(read("a\r\nb\r\n.\r\nQUIT\r\n") == Outcome{"a\r\nb\r\n", "QUIT\r\n", true});
  CHECK(read(".\r\nQUIT\r\n") == Outcome{"", "QUIT\r\n", true});
  CHECK(read("a\r\n") == Outcome{"a\r\n", "", false});
  CHECK(read("a\r\n.") == Outcome{"a\r\n", "", false});
}

TEST_CASE("dots are unstuffed at the start of lines only, RFC 5321 4.5.2") {
  CHECK(read("..\r\n...\r\n.a\r\na.b\r\n.\r\n").message == ".\r\n..\r\na\r\na.b\r\n");
  CHECK(read("a\r\n..\r\n.\r\n").message == "a\r\n.\r\n");
}

TEST_CASE("no false end makes a second message out of one") {
  const std::string attack = "MAIL FROM:<evil@x>\r\nRCPT TO:<victim@y>\r\nDATA\r\nsecond\r\n";
  const std::vector<std::string> ends = {"\n.\n",
                                         "\r\n.\n",
                                         "\n.\r\n",
                                         "\r.\r\n",
                                         "\r\n.\r",
                                         "\r.\r",
                                         "\n\n.\r\n",
                                         "\r\r\n.\r\r\n",
                                         "\r\n.\r\r\n",
                                         "\r\n.\n\r\n",
                                         "\r\n. \r\n",
                                         "\r\n.\v\n",
                                         "\r\n..\r\n",
                                         std::string("\r\n\0.\r\n", 6),
                                         std::string("\r\n.\0\r\n", 6),
                                         "\n.\r",
                                         "\r\n.\n."};
  for (const auto& end : ends) {
    INFO("end " << Catch::StringMaker<std::string>::convert(end));
    const auto out = read("first" + end + attack + ".\r\nQUIT\r\n");
    CHECK(out.done);
    CHECK(out.rest == "QUIT\r\n");
    CHECK(out.message.find("MAIL FROM") != std::string::npos);
    CHECK(out.message.find("second\r\n") != std::string::npos);
  }
}

TEST_CASE("strict filter finds bare CR, bare LF, NUL; RFC 5321 2.3.8") {
  CHECK(filter("a\r\nb\r\n", LineEndings::Strict).flaw == Flaw::None);
  CHECK(filter("a\r\nb\r\n", LineEndings::Strict).out == "a\r\nb\r\n");
  CHECK(filter("a\nb", LineEndings::Strict).flaw == Flaw::BareLf);
  CHECK(filter("\n", LineEndings::Strict).flaw == Flaw::BareLf);
  CHECK(filter("a\rb", LineEndings::Strict).flaw == Flaw::BareCr);
  CHECK(filter("a\r\r\n", LineEndings::Strict).flaw == Flaw::BareCr);
  CHECK(filter("a\r", LineEndings::Strict).flaw == Flaw::BareCr);
  CHECK(filter("a\r\n\n", LineEndings::Strict).flaw == Flaw::BareLf);
  CHECK(filter(std::string_view("a\0b", 3), LineEndings::Strict).flaw == Flaw::Nul);
  CHECK(filter("\x80\xFF\x7F", LineEndings::Strict).out == "\x80\xFF\x7F");
}

TEST_CASE("submission turns a bare LF into CRLF and refuses a bare CR") {
  CHECK(filter("a\nb\r\n\n", LineEndings::Normalise).out == "a\r\nb\r\n\r\n");
  CHECK(filter("a\rb", LineEndings::Normalise).flaw == Flaw::BareCr);
  CHECK(filter("a\r\r\n", LineEndings::Normalise).flaw == Flaw::BareCr);
}

TEST_CASE("LMTP keeps the octets, only NUL is refused") {
  CHECK(filter("a\nb\rc\r\r\n\r", LineEndings::Keep).out == "a\nb\rc\r\r\n\r");
  CHECK(filter(std::string_view("\0", 1), LineEndings::Keep).flaw == Flaw::Nul);
}

TEST_CASE("the size limit holds to the octet while draining") {
  CHECK(filter("0123456789", LineEndings::Strict, 10).flaw == Flaw::None);
  CHECK(filter("0123456789a", LineEndings::Strict, 10).flaw == Flaw::TooBig);
  CHECK(filter("01234567\r\n", LineEndings::Strict, 10).flaw == Flaw::None);
  CHECK(filter("012345678\r\n", LineEndings::Strict, 10).flaw == Flaw::TooBig);
  CHECK(filter("012345678\n", LineEndings::Normalise, 10).flaw == Flaw::TooBig);
}
