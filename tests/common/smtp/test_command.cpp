#include "common/smtp/command.hpp"

#include "common/smtp/limits.hpp"
#include "common/smtp/line_buffer.hpp"
#include "common/smtp/server_reply.hpp"
#include "common/smtp/xtext.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::smtp;
using hearthmail::base::Errc;
using hearthmail::base::Error;

namespace {
constexpr ParameterSet kAll{true, true, true, true, true};
constexpr ParameterSet kNone{false, false, false, false, false};
Errc mail_error(std::string_view text) {
  const auto parsed = parse_mail_parameters(text, kAll);
  return parsed.ok() ? Errc::Internal : parsed.error().code;
}
bool rcpt_refused(std::string_view text) { return !parse_rcpt_parameters(text, kAll).ok(); }
}  // namespace

TEST_CASE("verbs in any case, arguments without the spaces around them, RFC 5321 2.4") {
  CHECK(parse_command("EHLO client.example").verb == Verb::Ehlo);
  CHECK(parse_command("mAiL FROM:<a@b>").verb == Verb::Mail);
  CHECK(parse_command("mail  FROM:<a@b>  ").argument == "FROM:<a@b>");
  CHECK(parse_command("STARTTLS").verb == Verb::StartTls);
  CHECK(parse_command("MAILX").verb == Verb::Unknown);
  CHECK(parse_command("").verb == Verb::Unknown);
  CHECK(parse_command("GET / HTTP/1.1").verb == Verb::Foreign);
  CHECK(parse_command("\x16\x03\x01").verb == Verb::Foreign);
}

TEST_CASE("MAIL parameters, RFC 1870, RFC 6152, RFC 6531, RFC 3461, RFC 4954") {
  const auto all = parse_mail_parameters(
      " SIZE=1000 body=8bitmime SMTPUTF8 RET=HDRS ENVID=QQ+3D314159 AUTH=e+3Dmc2@example.com", kAll);
  REQUIRE(all.ok());
  CHECK(all->size == 1000u);
  CHECK(all->body == Body::EightBitMime);
  CHECK(all->smtputf8);
  CHECK(all->ret == Ret::Headers);
  CHECK(all->envid == "QQ=314159");
  CHECK(all->auth == "e=mc2@example.com");
  CHECK(parse_mail_parameters("", kNone).ok());
  CHECK(parse_mail_parameters(" AUTH=<>", kAll)->auth == "<>");
  for (const auto* bad :
       {" SIZE", " SIZE=", " SIZE=x", " SIZE=-1", " SIZE=99999999999999999999999", " BODY=BINARYMIME", " BODY",
        " SMTPUTF8=1", " RET=ALL", " ENVID=+4", " ENVID=+0A", " SIZE=1 SIZE=2", " AUTH=bad", "SIZE=1", " =1"}) {
    INFO(bad);
    CHECK(mail_error(bad) == Errc::Invalid);
  }
  CHECK(mail_error(" FOO=1") == Errc::Unsupported);
  CHECK(mail_error(" NOTIFY=NEVER") == Errc::Unsupported);
  CHECK(parse_mail_parameters(" RET=FULL", kNone).error().code == Errc::Unsupported);
}

TEST_CASE("RCPT parameters, RFC 3461 4.1 and 4.2, RFC 6533 3") {
  const auto both = parse_rcpt_parameters(" NOTIFY=SUCCESS,delay ORCPT=rfc822;Bob+2Btag@Example.com", kAll);
  REQUIRE(both.ok());
  CHECK(both->notify == (kNotifySuccess | kNotifyDelay));
  CHECK(both->original == "rfc822;Bob+2Btag@Example.com");
  CHECK(parse_rcpt_parameters(" NOTIFY=NEVER", kAll)->notify == kNotifyNever);
  for (const auto* bad : {" NOTIFY", " NOTIFY=", " NOTIFY=NEVER,SUCCESS", " NOTIFY=SOMETIMES", " ORCPT=bob@x",
                          " ORCPT=rfc822;", " ORCPT=rfc822;a+0Db", " ORCPT=rfc822;a+0", " ORCPT=;x"}) {
    INFO(bad);
    CHECK(rcpt_refused(bad));
  }
  CHECK(rcpt_refused(" ORCPT=rfc822;" + std::string(kMaxOrcpt, 'a')));
  CHECK(parse_original_recipient("utf-8;j\\x{F6}rg+tag@x").ok() == false);  // "+" is no xchar
  CHECK(parse_original_recipient("utf-8;j\\x{F6}rg@x")->address == "j\xC3\xB6rg@x");
  CHECK(parse_original_recipient("UTF-8;j\xC3\xB6rg@x")->type == "utf-8");
  CHECK_FALSE(parse_original_recipient("utf-8;\\x{D800}@x").ok());
  CHECK_FALSE(parse_original_recipient("utf-8;\\x{110000}@x").ok());
  CHECK_FALSE(parse_original_recipient("utf-8;\\x{0A}@x").ok());
  CHECK_FALSE(parse_original_recipient("utf-8;\\x{F6").ok());
}

TEST_CASE("xtext goes both ways, RFC 3461 4") {
  const std::string all = [] {
    std::string out;
    for (int c = 0; c < 256; ++c) out += static_cast<char>(c);
    return out;
  }();
  CHECK(decode_xtext(encode_xtext(all)).value_or("") == all);
  CHECK(encode_xtext("a+b=c d") == "a+2Bb+3Dc+20d");
  for (const auto* bad : {"+", "+2", "+2b", "+GG", "a b", "a=b", "x+4"}) CHECK_FALSE(decode_xtext(bad).ok());
}

TEST_CASE("paths of MAIL and RCPT, RFC 5321 4.1.1.2 and 4.1.1.3") {
  std::string_view mail = "FROM:<a@b> SIZE=3";
  CHECK(take_mail_path(mail)->str() == "a@b");
  CHECK(mail == " SIZE=3");
  std::string_view spaced = "from: <>";
  CHECK(take_mail_path(spaced)->null);
  std::string_view rcpt = "TO:<>";
  CHECK_FALSE(take_rcpt_path(rcpt).ok());
  std::string_view wrong = "FOR:<a@b>";
  CHECK_FALSE(take_rcpt_path(wrong).ok());
}

TEST_CASE("BDAT, RFC 3030 2") {
  CHECK(parse_bdat("86")->octets == 86u);
  CHECK_FALSE(parse_bdat("86")->last);
  CHECK(parse_bdat("0 last")->last);
  for (const auto* bad : {"", "x", "-1", "86 FIRST", "86 LAST x", "99999999999999999999999 LAST"})
    CHECK_FALSE(parse_bdat(bad).ok());
}

TEST_CASE("AUTH, RFC 4954 4; EHLO names, RFC 5321 4.1.1.1") {
  CHECK(parse_auth("plain")->mechanism == "PLAIN");
  CHECK_FALSE(parse_auth("plain")->has_initial);
  CHECK(parse_auth("PLAIN =")->initial == "=");
  CHECK_FALSE(parse_auth("PLAIN a b").ok());
  CHECK_FALSE(parse_auth("").ok());
  CHECK(parse_hello("[IPv6:2001:db8::1]").ok());
  CHECK_FALSE(parse_hello("").ok());
  CHECK_FALSE(parse_hello("two words").ok());
  CHECK_FALSE(parse_hello("evil)\tfor <x>").ok());
  CHECK_FALSE(parse_hello(std::string(256, 'a')).ok());
}

TEST_CASE("replies: several lines, enhanced codes, nothing that ends a line early, RFC 5321 4.2.1 and RFC 2034 4") {
  CHECK(format({250, "2.1.0", "OK"}) == "250 2.1.0 OK\r\n");
  CHECK(format({250, "", "mx\nPIPELINING\nSIZE 5"}) == "250-mx\r\n250-PIPELINING\r\n250 SIZE 5\r\n");
  CHECK(format({214, "2.0.0", "a\nb"}) == "214-2.0.0 a\r\n214 2.0.0 b\r\n");
  CHECK(format({550, "5.1.1",
                "a\rb\x01"
                "c"}) == "550 5.1.1 a?b?c\r\n");
  CHECK(format({550, "5.1.1", std::string(1000, 'x')}).size() <= 512u);
}

TEST_CASE("errors become replies, temporary when in doubt") {
  CHECK(to_reply(Error{Errc::Invalid, ""}).code == 501);
  CHECK(to_reply(Error{Errc::NotFound, ""}).code == 550);
  CHECK(to_reply(Error{Errc::OverLimit, ""}).code == 452);
  CHECK(to_reply(Error{Errc::Unsupported, ""}).code == 555);
  for (const auto code : {Errc::Exists, Errc::Unavailable, Errc::Timeout, Errc::Closed, Errc::Interrupted,
                          Errc::Corrupt, Errc::Protocol, Errc::Internal}) {
    CHECK(to_reply(Error{code, "/srv/secret"}).code == 451);
    CHECK(to_reply(Error{code, "/srv/secret"}).text.find("secret") == std::string::npos);
  }
}

TEST_CASE("lines are cut the same way however they come, and an endless one is dropped") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string input = "NOOP\r\nbare\n" + std::string(kMaxCommandLine - 2, 'x') + "\r\n" +
                            std::string(kMaxCommandLine - 1, 'y') + "\r\nQUIT\r\nrest";
  LineBuffer buffer;
  std::string seen;
  for (std::size_t at = 0; at < input.size(); at += step) {
    buffer.append(std::string_view(input).substr(at, step));
    while (auto line = buffer.take_line(kMaxCommandLine)) {
      const char* kind = line->kind == InputLine::Kind::Good     ? "good "
                         : line->kind == InputLine::Kind::BareLf ? "lf "
                                                                 : "long ";
      seen += kind + std::to_string(line->text.size()) + ";";
    }
  }
  CHECK(seen == "good 4;lf 4;good 2046;long 0;good 4;");
  CHECK(buffer.view() == "rest");
}
