#include <algorithm>

#include "common/smtp/data_writer.hpp"
#include "common/smtp/dialog.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using smtp::Capabilities;
using smtp::Dialog;
using smtp::OutgoingEnvelope;
using smtp::Reply;
using smtp::Stage;
using Do = smtp::Dialog::Do;

namespace {

Reply reply(const std::string& text) {
  smtp::ReplyParser parser;
  parser.feed(text + "\r\n");
  return **parser.next();
}

OutgoingEnvelope to(std::vector<std::string> addresses) {
  OutgoingEnvelope envelope;
  envelope.reverse_path = "anna@example.test";
  envelope.octets = 123;
  for (std::string& address : addresses) envelope.recipients.push_back({std::move(address), "", ""});
  return envelope;
}

Capabilities pipelining() {
  Capabilities peer;
  peer.pipelining = true;
  return peer;
}

// Writes what the dialog wants to write, then gives it one reply.
std::string exchange(Dialog& dialog, const std::string& answer) {
  std::string written = dialog.next() == Do::Write ? dialog.take_output() : "";
  dialog.answered(reply(answer));
  return written;
}

}  // namespace

TEST_CASE("EHLO's reply becomes capabilities, RFC 5321 4.1.1.1") {
  const auto peer = smtp::parse_capabilities(reply(
      "250-mx.example.net greets\r\n250-pipelining\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-SIZE 1000000\r\n"
      "250-AUTH PLAIN login\r\n250-AUTH=CRAM-MD5\r\n250-STARTTLS\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n"
      "250 LIMITS RCPTMAX=20 MAILMAX=7 RCPTDOMAINMAX=3 NEW=x"));
  CHECK(peer.pipelining);
  CHECK(peer.eight_bit);
  CHECK(peer.smtputf8);
  CHECK(peer.dsn);
  CHECK(peer.max_octets == 1'000'000);
  CHECK(peer.auth == std::vector<std::string>{"PLAIN", "LOGIN", "CRAM-MD5"});
  CHECK(peer.starttls);
  CHECK(peer.chunking);
  CHECK(peer.rcpt_max == 20);  // RFC 9422
  CHECK(peer.mail_max == 7);
  CHECK(peer.rcpt_domain_max == 3);
  // The first line is the peer's name, not an extension.
  CHECK_FALSE(smtp::parse_capabilities(reply("250 PIPELINING")).pipelining);
}

TEST_CASE("without PIPELINING one command waits for the other") {
  Dialog dialog({}, to({"b@x.example", "c@x.example"}), false);
  CHECK(exchange(dialog, "250 ok") == "MAIL FROM:<anna@example.test>\r\n");
  CHECK(exchange(dialog, "550 5.1.1 no such user") == "RCPT TO:<b@x.example>\r\n");
  CHECK(exchange(dialog, "250 ok") == "RCPT TO:<c@x.example>\r\n");
  CHECK(exchange(dialog, "354 go") == "DATA\r\n");
  REQUIRE(dialog.next() == Do::Body);
  dialog.body_sent();
  CHECK(dialog.dot_sent());
  dialog.answered(reply("250 2.0.0 queued"));
  REQUIRE(dialog.next() == Do::Finished);
  CHECK(dialog.in_step());
  CHECK(dialog.answers()[0].stage == Stage::Rcpt);
  CHECK(dialog.answers()[0].reply->enhanced == "5.1.1");
  CHECK(dialog.answers()[1].stage == Stage::Final);
  CHECK(dialog.answers()[1].reply->positive());
  CHECK(dialog.accepted() == std::vector<std::size_t>{1});
}

TEST_CASE("with PIPELINING the envelope is one write, RFC 2920 3.1") {
  Dialog dialog(pipelining(), to({"b@x.example", "c@x.example"}), false);
  CHECK(exchange(dialog, "250 ok") ==
        "MAIL FROM:<anna@example.test>\r\nRCPT TO:<b@x.example>\r\nRCPT TO:<c@x.example>\r\nDATA\r\n");
  exchange(dialog, "250 ok");
  exchange(dialog, "452 4.5.3 too many recipients");
  exchange(dialog, "354 go");
  REQUIRE(dialog.next() == Do::Body);  // what was accepted is sent
  dialog.body_sent();
  dialog.answered(reply("250 ok"));
  CHECK(dialog.answers()[0].reply->positive());
  CHECK(dialog.answers()[1].reply->code == 452);
  CHECK(dialog.in_step());
}

TEST_CASE("a 354 for nobody is answered with a lone dot, RFC 2920 3.1") {
  Dialog dialog(pipelining(), to({"b@x.example"}), false);
  exchange(dialog, "250 ok");
  exchange(dialog, "550 no");
  exchange(dialog, "354 go");
  REQUIRE(dialog.next() == Do::Write);
  CHECK(dialog.take_output() == ".\r\n");
  REQUIRE(dialog.next() == Do::Read);
  CHECK_FALSE(dialog.dot_sent());
  dialog.answered(reply("250 queued for nobody"));
  CHECK(dialog.next() == Do::Finished);
  CHECK(dialog.in_step());
  CHECK(dialog.answers()[0].stage == Stage::Rcpt);
  CHECK(dialog.answers()[0].reply->code == 550);
}

TEST_CASE("no recipient accepted and DATA refused") {
  Dialog dialog(pipelining(), to({"b@x.example"}), false);
  exchange(dialog, "250 ok");
  exchange(dialog, "450 4.2.0 later");
  exchange(dialog, "503 5.5.1 no recipients");
  CHECK(dialog.next() == Do::Finished);
  CHECK(dialog.in_step());
  CHECK(dialog.answers()[0].reply->code == 450);
}

TEST_CASE("without PIPELINING DATA is not sent when nobody was accepted") {
  Dialog dialog({}, to({"b@x.example"}), false);
  exchange(dialog, "250 ok");
  exchange(dialog, "550 no");
  CHECK(dialog.next() == Do::Finished);
}

TEST_CASE("a refused MAIL is the answer to every recipient") {
  const bool pipelined = GENERATE(false, true);
  Dialog dialog(pipelined ? pipelining() : Capabilities{}, to({"b@x.example", "c@x.example"}), false);
  exchange(dialog, "550 5.7.1 sender not allowed");
  if (pipelined) {
    exchange(dialog, "503 need MAIL");
    exchange(dialog, "503 need MAIL");
    exchange(dialog, "503 need MAIL");
  }
  REQUIRE(dialog.next() == Do::Finished);
  for (const auto& answer : dialog.answers()) {
    CHECK(answer.stage == Stage::Mail);
    CHECK(answer.reply->code == 550);
  }
}

TEST_CASE("a 421 ends the transaction for all who have no answer, RFC 5321 3.8") {
  Dialog dialog(pipelining(), to({"b@x.example", "c@x.example"}), false);
  exchange(dialog, "250 ok");
  exchange(dialog, "550 no");
  exchange(dialog, "421 4.3.2 shutting down");
  REQUIRE(dialog.next() == Do::Finished);
  CHECK_FALSE(dialog.in_step());
  CHECK(dialog.answers()[0].reply->code == 550);
  CHECK(dialog.answers()[1].reply->code == 421);
}

TEST_CASE("LMTP answers for each accepted recipient, RFC 2033 4.2") {
  Dialog dialog(pipelining(), to({"b@x.example", "c@x.example", "d@x.example"}), true);
  exchange(dialog, "250 ok");
  exchange(dialog, "250 ok");
  exchange(dialog, "550 5.1.1 unknown");
  exchange(dialog, "250 ok");
  exchange(dialog, "354 go");
  REQUIRE(dialog.next() == Do::Body);
  dialog.body_sent();
  dialog.answered(reply("250 2.0.0 stored"));
  REQUIRE(dialog.next() == Do::Read);
  dialog.answered(reply("452 4.2.2 full"));
  REQUIRE(dialog.next() == Do::Finished);
  CHECK(dialog.answers()[0].reply->code == 250);
  CHECK(dialog.answers()[1].reply->code == 550);
  CHECK(dialog.answers()[2].reply->code == 452);
}

TEST_CASE("parameters go only to a peer that offers them, RFC 3461 4, RFC 6152, RFC 6531, RFC 1870") {
  OutgoingEnvelope envelope = to({"b@x.example"});
  envelope.eight_bit = true;
  envelope.smtputf8 = true;
  envelope.ret = "HDRS";
  envelope.envid = "id+1 2";
  envelope.recipients[0].notify = "SUCCESS,FAILURE";
  envelope.recipients[0].original = "rfc822;b+2Btag@x.example";
  Capabilities peer;
  CHECK(Dialog(peer, envelope, false).take_output() == "MAIL FROM:<anna@example.test>\r\n");
  peer.pipelining = peer.eight_bit = peer.smtputf8 = peer.dsn = peer.size = true;
  CHECK(Dialog(peer, envelope, false).take_output() ==
        "MAIL FROM:<anna@example.test> SIZE=123 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id+2B1+202\r\n"
        "RCPT TO:<b@x.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Btag@x.example\r\nDATA\r\n");
  // What is not xtext becomes it: nothing that a submitter wrote can end the line.
  envelope.recipients[0].original = "rfc822;b c\r\nDATA";
  CHECK(Dialog(peer, envelope, false).take_output().find("ORCPT=rfc822;b+20c+0D+0ADATA\r\n") != std::string::npos);
  envelope.recipients[0].original = "no type";
  CHECK(Dialog(peer, envelope, false).take_output().find("ORCPT") == std::string::npos);
}

TEST_CASE("a delivery is named to our own receiver only: by LMTP, where it is offered") {
  OutgoingEnvelope envelope = to({"b@x.example"});
  envelope.delivery_id = std::string("\x00\x01\xFE", 3) + std::string(13, 'a');
  const Capabilities offered = smtp::parse_capabilities(reply("250-mx.test\r\n250 XDELIVERYID"));
  REQUIRE(offered.delivery_id);
  CHECK(Dialog(offered, envelope, true).take_output() ==
        "MAIL FROM:<anna@example.test> XDELIVERYID=0001fe61616161616161616161616161\r\n");
  CHECK(Dialog(offered, envelope, false).take_output() == "MAIL FROM:<anna@example.test>\r\n");
  CHECK(Dialog(Capabilities{}, envelope, true).take_output() == "MAIL FROM:<anna@example.test>\r\n");
  envelope.delivery_id.clear();
  CHECK(Dialog(offered, envelope, true).take_output() == "MAIL FROM:<anna@example.test>\r\n");
}

TEST_CASE("a long recipient list goes out in groups of 100 commands") {
  std::vector<std::string> addresses(150, "b@x.example");
  Dialog dialog(pipelining(), to(addresses), false);
  std::string first = dialog.take_output();
  CHECK(std::count(first.begin(), first.end(), '\n') == 100);
  for (int i = 0; i < 100; ++i) dialog.answered(reply("250 ok"));
  REQUIRE(dialog.next() == Do::Write);
  std::string second = dialog.take_output();
  CHECK(std::count(second.begin(), second.end(), '\n') == 52);
}

TEST_CASE("the data writer doubles dots and ends every line in CRLF, RFC 5321 4.5.2 and 2.3.8") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const auto wire = [step](const std::string& message) {
    smtp::DataWriter writer;
    std::string out;
    for (std::size_t at = 0; at < message.size(); at += step) {
      out += writer.encode(std::string_view(message).substr(at, step));
    }
    return out + writer.finish();
  };
  CHECK(wire("a\r\n") == "a\r\n");
  CHECK(wire("a") == "a\r\n");
  CHECK(wire("").empty());
  CHECK(wire(".\r\n..\r\n.a\r\nb.\r\n") == "..\r\n...\r\n..a\r\nb.\r\n");
  CHECK(wire("\r\n\r\n") == "\r\n\r\n");
  // Smuggling: neither a lone LF nor a lone CR reaches the peer.
  CHECK(wire("a\n.\nb") == "a\r\n..\r\nb\r\n");
  CHECK(wire("a\r.\rb\r") == "a\r\n..\r\nb\r\n");
  CHECK(wire("a\r\r\n.\r\n") == "a\r\n\r\n..\r\n");
}

TEST_CASE("an address never becomes a second command") {
  const std::string control = GENERATE("\r\n", "\n", "\r", "\x01", "\x7f") + std::string("RCPT TO:<evil@x.example>");
  SECTION("a recipient") {
    Dialog dialog(pipelining(), to({"b@x.example", "c@x.example>" + control}), false);
    const std::string written = dialog.take_output();
    CHECK(written == "MAIL FROM:<anna@example.test>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n");
    for (const char* answer : {"250 ok", "250 ok", "354 go"}) dialog.answered(reply(answer));
    CHECK(dialog.accepted() == std::vector<std::size_t>{0});
    dialog.body_sent();
    dialog.answered(reply("250 2.0.0 queued"));
    CHECK(dialog.answers()[0].reply->code == 250);
    CHECK(dialog.answers()[1].reply->code == 501);
    CHECK(dialog.in_step());
  }
  SECTION("the only recipient, or the parameter of one") {
    OutgoingEnvelope envelope = to({"c@x.example>" + control});
    Dialog dialog({}, std::move(envelope), false);
    CHECK(dialog.next() == Do::Finished);
    CHECK(dialog.answers()[0].stage == Stage::Rcpt);
    Capabilities peer;
    peer.dsn = true;
    OutgoingEnvelope other = to({"c@x.example"});
    other.recipients[0].original = "rfc822" + control + ";c@x.example";
    CHECK(Dialog(peer, std::move(other), false).next() == Do::Finished);
  }
  SECTION("the sender") {
    OutgoingEnvelope envelope = to({"b@x.example"});
    envelope.reverse_path += control;
    Dialog dialog(pipelining(), std::move(envelope), false);
    CHECK(dialog.next() == Do::Finished);
    CHECK(dialog.take_output().empty());
    CHECK(dialog.answers()[0].stage == Stage::Mail);
    CHECK(dialog.answers()[0].reply->permanent());
  }
}

TEST_CASE("RSET goes in front of MAIL, in one group with it when the peer offers PIPELINING, RFC 2920 3.1") {
  Dialog grouped(pipelining(), to({"b@x.example"}), false, true);
  CHECK(grouped.stale());  // until the peer has answered
  CHECK(grouped.take_output().starts_with("RSET\r\nMAIL FROM:"));
  Reply reply;
  reply.code = 250;
  grouped.answered(reply);
  CHECK_FALSE(grouped.stale());
  Dialog single({}, to({"b@x.example"}), false, true);
  CHECK(single.take_output() == "RSET\r\n");
  single.answered(reply);
  CHECK(single.take_output().starts_with("MAIL FROM:"));
  Dialog refused(pipelining(), to({"b@x.example"}), false, true);
  refused.take_output();
  reply.code = 502;
  refused.answered(reply);
  CHECK(refused.stale());
  CHECK(refused.next() == Do::Finished);
  CHECK_FALSE(refused.in_step());
}
