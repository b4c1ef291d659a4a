#include "receiver/imap/out.hpp"
#include "receiver/imap/reply.hpp"
#include "receiver/imap/sections.hpp"
#include "receiver/imap/table.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::receiver::imap;
using base::Errc;
using base::Error;
using base::Uid;
using parse::Verb;

TEST_CASE("errors become response codes, RFC 5530") {
  CHECK(refusal(Error{Errc::NotFound, "x"}, Verb::Select).code == "NONEXISTENT");
  CHECK(refusal(Error{Errc::NotFound, "x"}, Verb::Copy).code == "TRYCREATE");
  CHECK(refusal(Error{Errc::NotFound, "x"}, Verb::Append).code == "TRYCREATE");
  CHECK(refusal(Error{Errc::Exists, "x"}, Verb::Create).code == "ALREADYEXISTS");
  CHECK(refusal(Error{Errc::Denied, "x"}, Verb::Login).code == "AUTHENTICATIONFAILED");
  CHECK(refusal(Error{Errc::Denied, "x"}, Verb::Store).code == "NOPERM");
  CHECK(refusal(Error{Errc::OverLimit, "x"}, Verb::Append).code == "OVERQUOTA");
  CHECK(refusal(Error{Errc::OverLimit, "x"}, Verb::Store).code == "LIMIT");
  CHECK(refusal(Error{Errc::Invalid, "x"}, Verb::Create).code == "CANNOT");
  CHECK(refusal(Error{Errc::Protocol, "x"}, Verb::Fetch).word == "BAD");
  CHECK(refusal(Error{Errc::Unsupported, "x"}, Verb::Create).code == "USEATTR");
  CHECK(refusal(Error{Errc::Internal, "x"}, Verb::Fetch).code == "SERVERBUG");
}

TEST_CASE("what failed inside is not shown to the client") {
  for (const auto code : {Errc::Unavailable, Errc::Timeout, Errc::Corrupt, Errc::Internal, Errc::NotFound}) {
    const Refusal why = refusal(Error{code, "/srv/mail/data.mdb: disk"}, Verb::Fetch);
    CHECK(why.word == "NO");
    CHECK(why.text.find("/srv") == std::string::npos);
  }
}

TEST_CASE("a tagged line cannot be ended by its text") {
  std::string out;
  put_tagged(out, "a1", "NO", "CANNOT", "odd\r\n* BYE");
  CHECK(out.find("a1 NO [CANNOT] odd") == 0);
  CHECK(out.find('\n') == out.size() - 1);
}

TEST_CASE("uid sets join runs and keep the order, RFC 4315 4") {
  std::string out;
  put_uid_set(out, {Uid{1}, Uid{2}, Uid{3}, Uid{7}, Uid{5}, Uid{6}});
  CHECK(out == "1:3,7,5:6");
}

TEST_CASE("every verb has its rule, and EXPUNGE is withheld where numbers are used, RFC 9051 7.5.1") {
  for (const auto verb : {Verb::Fetch, Verb::Store, Verb::Search}) CHECK(rule_for(verb).expunge == Expunge::WithUid);
  CHECK(rule_for(Verb::Noop).expunge == Expunge::Always);
  CHECK(rule_for(Verb::Idle).expunge == Expunge::Always);
  CHECK(rule_for(Verb::Login).states == kNotAuthenticated);
  CHECK(rule_for(Verb::Fetch).states == kSelected);
}

TEST_CASE("HEADER.FIELDS keeps folded lines and ends with a blank one, RFC 9051 6.4.5.1") {
  const std::string header = "From: a\r\nSubject: b\r\n\tfolded\r\nTO : c\r\n\r\n";
  CHECK(filter_header(header, {"subject"}, false) == "Subject: b\r\n\tfolded\r\n\r\n");
  CHECK(filter_header(header, {"To"}, false) == "TO : c\r\n\r\n");
  CHECK(filter_header(header, {"SUBJECT", "From"}, true) == "TO : c\r\n\r\n");
  CHECK(filter_header("no end: x", {"no end"}, false) == "no end: x\r\n\r\n");
  CHECK(filter_header("", {"x"}, true) == "\r\n");
}

TEST_CASE("partial ranges are cut, RFC 9051 6.4.5") {
  const auto inside = cut({10, 20}, parse::Partial{5, 7});
  CHECK(inside.offset == 15);
  CHECK(inside.octets == 7);
  CHECK(cut({10, 20}, parse::Partial{15, 100}).octets == 5);
  CHECK(cut({10, 20}, parse::Partial{~0ULL, ~0ULL}).octets == 0);
  CHECK(cut({10, 20}, std::nullopt).octets == 20);
}
