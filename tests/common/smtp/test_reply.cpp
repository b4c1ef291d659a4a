#include "common/smtp/reply.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using smtp::Reply;
using smtp::ReplyParser;

namespace {

// Feeds `octets` in pieces and returns every reply, or stops at the first error.
base::Result<std::vector<Reply>> parse(const std::string& octets, std::size_t step) {
  ReplyParser parser;
  std::vector<Reply> replies;
  for (std::size_t at = 0; at < octets.size(); at += step) {
    parser.feed(std::string_view(octets).substr(at, step));
    while (true) {
      auto reply = parser.next();
      if (!reply.ok()) return reply.error();
      if (!reply->has_value()) break;
      replies.push_back(**reply);
    }
  }
  return replies;
}

}  // namespace

TEST_CASE("replies are cut out of any packing, RFC 5321 4.2") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const auto replies =
      parse("220 mx.example.net ESMTP\r\n250-mx.example.net\r\n250-SIZE 1000\r\n250 DSN\r\n354\r\n250\n", step);
  REQUIRE(replies.ok());
  REQUIRE(replies->size() == 4);
  CHECK((*replies)[0].code == 220);
  CHECK((*replies)[0].lines == std::vector<std::string>{"mx.example.net ESMTP"});
  CHECK((*replies)[1].lines == std::vector<std::string>{"mx.example.net", "SIZE 1000", "DSN"});
  CHECK((*replies)[2].intermediate());
  CHECK((*replies)[3].positive());
}

TEST_CASE("a reply in one line repeats its enhanced code once, RFC 2034") {
  const auto replies = parse("550-5.1.1 No such user\r\n550-5.1.1 here\r\n550 5.1.1 really\x01\r\n", 3);
  REQUIRE(replies.ok());
  REQUIRE(replies->size() == 1);
  CHECK((*replies)[0].enhanced == "5.1.1");
  CHECK((*replies)[0].str() == "550 5.1.1 No such user here really\\x01");
}

TEST_CASE("enhanced codes, RFC 3463 2") {
  CHECK(smtp::enhanced_code("5.1.1 no") == "5.1.1");
  CHECK(smtp::enhanced_code("4.7.500") == "4.7.500");
  CHECK(smtp::enhanced_code("2.0.0 queued as 1") == "2.0.0");
  CHECK(smtp::enhanced_code("3.1.1 no").empty());
  CHECK(smtp::enhanced_code("5.1 no").empty());
  CHECK(smtp::enhanced_code("5.1.1111 no").empty());
  CHECK(smtp::enhanced_code("5.1.1x").empty());
  CHECK(smtp::enhanced_code("5.").empty());
}

TEST_CASE("what is not a reply ends the session") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  CHECK(parse("hello\r\n", step).error().code == base::Errc::Protocol);
  CHECK(parse("199 early\r\n", step).error().code == base::Errc::Protocol);
  CHECK(parse("2500 ok\r\n", step).error().code == base::Errc::Protocol);
  CHECK(parse("250-one\r\n550 two\r\n", step).error().code == base::Errc::Protocol);
}

TEST_CASE("a reply line may have 8,192 octets, a reply 512 lines") {
  CHECK(smtp::kMaxReplyLine == 8'192);
  CHECK(smtp::kMaxReplyLines == 512);
  const std::string longest = "250 " + std::string(smtp::kMaxReplyLine - 6, 'x') + "\r\n";
  CHECK(parse(longest, 4096).ok());
  CHECK(parse("250 " + std::string(smtp::kMaxReplyLine - 5, 'x') + "\r\n", 4096).error().code == base::Errc::OverLimit);
  CHECK(parse(std::string(smtp::kMaxReplyLine + 1, '2'), 4096).error().code == base::Errc::OverLimit);
  std::string many;
  for (std::size_t i = 0; i < smtp::kMaxReplyLines; ++i) many += "250-x\r\n";
  CHECK(parse(many, 4096).ok());
  CHECK(parse(many + "250 x\r\n", 4096).error().code == base::Errc::OverLimit);
}

TEST_CASE("the summary of a reply is bounded") {
  const auto replies = parse("550 " + std::string(5000, 'y') + "\r\n", 4096);
  REQUIRE(replies.ok());
  CHECK((*replies)[0].str().size() <= smtp::kMaxReplySummary + 8);
}
