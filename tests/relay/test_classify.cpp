// What replies mean, as a table: the refusals that providers really give.
#include "relay/smtp/classify.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using relay::Outcome;
using relay::ReplyContext;
using relay::Verdict;
using smtp::Stage;

namespace {

smtp::Reply reply(const std::string& text) {
  smtp::ReplyParser parser;
  parser.feed(text + "\r\n");
  return **parser.next();
}

struct Case {
  Stage stage;
  std::string text;
  Verdict verdict;
};

}  // namespace

TEST_CASE("what a smarthost's replies mean") {
  const std::vector<Case> cases{
      // The session.
      {Stage::Greeting, "421 4.7.0 Try again later", Verdict::RouteAway},
      {Stage::Greeting, "554 5.7.1 your address is blocked", Verdict::RouteBroken},
      {Stage::Greeting, "450 busy", Verdict::RouteAway},
      {Stage::Ehlo, "502 5.5.1 not implemented", Verdict::RouteBroken},
      {Stage::StartTls, "454 4.7.0 TLS not available", Verdict::RouteAway},
      {Stage::Auth, "535 5.7.8 authentication failed", Verdict::RouteBroken},
      {Stage::Auth, "534 5.7.9 mechanism too weak", Verdict::RouteBroken},
      {Stage::Auth, "538 5.7.11 encryption required", Verdict::RouteBroken},
      {Stage::Auth, "530 5.7.0 must issue STARTTLS", Verdict::RouteBroken},
      {Stage::Auth, "454 4.7.0 temporary authentication failure", Verdict::RouteAway},
      {Stage::Auth, "432 4.7.12 a password transition is needed", Verdict::RouteBroken},
      {Stage::Auth, "550 5.7.30 Basic authentication is not supported for Client Submission", Verdict::RouteBroken},
      {Stage::Auth, "421 4.7.0 too many login attempts", Verdict::RouteAway},
      // Quotas.
      {Stage::Mail, "432 4.3.2 Concurrent connections limit exceeded", Verdict::RouteThrottled},  // Microsoft 365
      {Stage::Mail, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", Verdict::RouteThrottled},
      {Stage::Mail, "550 5.4.5 Daily user sending limit exceeded", Verdict::RouteExhausted},  // Gmail
      {Stage::Final, "550 5.4.5 Daily sending quota exceeded", Verdict::RouteExhausted},
      {Stage::Final, "454 Throttling failure: Maximum sending rate exceeded.", Verdict::RouteThrottled},  // SES
      {Stage::Mail, "454 Throttling failure: Daily message quota exceeded.", Verdict::RouteExhausted},
      {Stage::Rcpt, "421 4.7.28 rate limit for unsolicited mail", Verdict::RouteThrottled},
      {Stage::Rcpt, "451 4.7.1 slow down", Verdict::RouteThrottled},
      // The sender.
      {Stage::Mail, "530 5.7.0 Authentication required", Verdict::RouteBroken},
      {Stage::Mail, "553 5.7.1 <anna@example.test>: Sender address rejected: not owned by user", Verdict::RouteBroken},
      {Stage::Mail, "550 5.7.1 not allowed", Verdict::RouteBroken},
      {Stage::Mail, "451 4.7.1 sender domain not ready", Verdict::RouteBroken},
      {Stage::Mail, "550 The from address does not match a verified Sender Identity",
       Verdict::RouteBroken},  // SendGrid
      {Stage::Mail, "550 5.1.7 bad address syntax", Verdict::MessagePermanent},
      {Stage::Mail, "451 4.3.0 later", Verdict::Temporary},
      {Stage::Mail, "452 4.3.1 insufficient system storage", Verdict::Temporary},
      {Stage::Mail, "552 5.3.4 message too big", Verdict::TooBig},
      {Stage::Mail, "555 5.5.4 unsupported option", Verdict::NotCarried},
      {Stage::Mail, "553 5.6.7 SMTPUTF8 required", Verdict::NotCarried},
      // Recipients.
      {Stage::Rcpt, "550 5.1.1 no such user", Verdict::RecipientPermanent},
      {Stage::Rcpt, "553 no", Verdict::RecipientPermanent},
      {Stage::Rcpt, "550 5.7.1 recipient does not take mail from strangers", Verdict::RecipientPermanent},
      {Stage::Rcpt, "554 5.7.1 <b@x.example>: Relay access denied", Verdict::RouteBroken},
      {Stage::Rcpt, "550 5.7.64 TenantAttribution; Relay Access Denied", Verdict::RouteBroken},
      {Stage::Rcpt, "530 5.7.1 authenticate first", Verdict::RouteBroken},
      // Postfix tells at RCPT what it dislikes about sender and client: no fault of the recipient.
      {Stage::Rcpt, "553 5.7.1 <anna@example.test>: Sender address rejected: not owned by user bob",
       Verdict::RouteBroken},
      {Stage::Rcpt, "554 5.7.1 <home.example[192.0.2.1]>: Client host rejected: Access denied", Verdict::RouteBroken},
      {Stage::Rcpt, "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example",
       Verdict::RouteBroken},
      {Stage::Rcpt, "550 5.7.1 <home>: Helo command rejected: need a name", Verdict::RouteBroken},
      {Stage::Rcpt, "450 4.7.1 <home.example[192.0.2.1]>: Client host rejected: greylisted", Verdict::Temporary},
      {Stage::Rcpt, "550 5.1.1 <b@x.example>: Recipient address rejected: host mx said: 550 Sender address rejected",
       Verdict::RecipientPermanent},
      {Stage::Rcpt, "450 4.2.1 The user you are trying to contact is receiving mail at a rate", Verdict::Temporary},
      {Stage::Rcpt, "452 4.5.3 too many recipients", Verdict::Temporary},  // Cloudflare: 50 per session
      {Stage::Rcpt, "452 4.2.2 mailbox over quota", Verdict::Temporary},
      {Stage::Rcpt, "552 5.2.2 mailbox full", Verdict::RecipientPermanent},
      {Stage::Rcpt, "552 too many recipients", Verdict::Temporary},  // RFC 5321 4.5.3.1.10
      {Stage::Rcpt, "450 4.7.1 greylisted", Verdict::Temporary},
      {Stage::Rcpt, "421 4.3.2 shutting down", Verdict::RouteAway},
      // The message.
      {Stage::Final, "250 2.0.0 queued as 4711", Verdict::Accepted},
      {Stage::Final, "254 suppressed", Verdict::Accepted},  // any 2xx
      {Stage::Final, "554 5.7.1 looks like spam", Verdict::MessagePermanent},
      {Stage::Final, "550 5.6.0 bad MIME", Verdict::MessagePermanent},
      {Stage::Final, "554 Message rejected: Email address is not verified. The following identities failed the check",
       Verdict::RouteBroken},  // SES
      {Stage::Final, "554 5.2.252 SendAsDenied; anna@example.test not allowed to send as bob", Verdict::RouteBroken},
      {Stage::Final, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", Verdict::RouteBroken},
      {Stage::Final, "554 Sending paused for this account", Verdict::RouteBroken},
      {Stage::Final, "552 5.3.4 too big", Verdict::TooBig},
      {Stage::Final, "552 message size exceeds fixed limit", Verdict::TooBig},
      {Stage::Final, "451 4.3.0 queue file write error", Verdict::Temporary},
      {Stage::Data, "451 4.3.0 no disk", Verdict::Temporary},
      {Stage::Data, "554 5.5.1 no valid recipients", Verdict::MessagePermanent},
      // An enhanced code may only weaken.
      {Stage::Rcpt, "550 4.1.1 not now", Verdict::Temporary},
      {Stage::Final, "554 4.6.0 not now", Verdict::Temporary},
      {Stage::Rcpt, "450 5.1.1 no such user", Verdict::Temporary},
      {Stage::Final, "450 5.7.1 spam", Verdict::Temporary},
      // Answers that do not belong there.
      {Stage::Final, "354 go on", Verdict::InDoubt},
      {Stage::Data, "250 ok", Verdict::RouteAway},
  };
  for (const Case& c : cases) {
    INFO(smtp::name(c.stage) << ": " << c.text);
    const Outcome outcome = relay::classify(c.stage, reply(c.text), {});
    CHECK(relay::name(outcome.verdict) == relay::name(c.verdict));
    CHECK(outcome.reply.find(c.text) != std::string::npos);
    CHECK_FALSE(outcome.status.empty());
  }
}

TEST_CASE("SES refuses the null reverse-path with 501: another route must carry reports") {
  ReplyContext context;
  context.null_sender = true;
  CHECK(relay::classify(Stage::Mail, reply("501 Invalid MAIL FROM address provided"), context).verdict ==
        Verdict::NotCarried);
  CHECK(relay::classify(Stage::Mail, reply("501 Invalid address provided"), {}).verdict == Verdict::MessagePermanent);
}

TEST_CASE("our own receiver's refusals are about the recipient, its absence is not") {
  ReplyContext context;
  context.lmtp = true;
  CHECK(relay::classify(Stage::Rcpt, reply("550 5.1.1 No such recipient"), context).verdict ==
        Verdict::RecipientPermanent);
  CHECK(relay::classify(Stage::Final, reply("452 4.2.2 Mailbox is full"), context).verdict == Verdict::Temporary);
  CHECK(relay::classify(Stage::Final, reply("550 5.7.1 relay access denied"), context).verdict ==
        Verdict::RecipientPermanent);
  CHECK(relay::classify(Stage::Mail, reply("451 4.3.0 Local error"), context).verdict == Verdict::RouteAway);
  CHECK(relay::classify(Stage::Final, reply("421 4.3.2 stopping"), context).verdict == Verdict::RouteAway);
}

TEST_CASE("marks: the sender's fault, a full transaction, the next route") {
  CHECK(relay::classify(Stage::Mail, reply("550 5.7.1 not allowed"), {}).about_sender);
  CHECK_FALSE(relay::classify(Stage::Auth, reply("535 5.7.8 no"), {}).about_sender);
  const Outcome full = relay::classify(Stage::Rcpt, reply("452 4.5.3 too many recipients"), {});
  CHECK(full.again_at_once);
  CHECK_FALSE(relay::tries_next_route(full));
  CHECK(relay::tries_next_route(relay::classify(Stage::Rcpt, reply("450 4.3.0 later"), {})));
  CHECK_FALSE(relay::tries_next_route(relay::classify(Stage::Final, reply("451 4.3.0 later"), {})));
  CHECK(relay::tries_next_route(relay::classify(Stage::Mail, reply("552 5.3.4 big"), {})));
  CHECK_FALSE(relay::tries_next_route(relay::classify(Stage::Rcpt, reply("550 5.1.1 no"), {})));
}

TEST_CASE("faults without a reply") {
  const auto verdict = [](Stage stage, base::Errc code) {
    return relay::classify(smtp::SessionFault{stage, std::nullopt, {code, "text"}}, {}).verdict;
  };
  CHECK(verdict(Stage::Connect, base::Errc::Unavailable) == Verdict::RouteAway);
  CHECK(verdict(Stage::Connect, base::Errc::NotFound) == Verdict::RouteAway);
  CHECK(verdict(Stage::Tls, base::Errc::Protocol) == Verdict::RouteBroken);
  CHECK(verdict(Stage::Tls, base::Errc::Timeout) == Verdict::RouteAway);
  CHECK(verdict(Stage::StartTls, base::Errc::Unsupported) == Verdict::RouteBroken);
  CHECK(verdict(Stage::Auth, base::Errc::Denied) == Verdict::RouteBroken);
  CHECK(verdict(Stage::Auth, base::Errc::Closed) == Verdict::RouteAway);
  CHECK(verdict(Stage::Rcpt, base::Errc::Closed) == Verdict::RouteAway);
  CHECK(verdict(Stage::Body, base::Errc::Closed) == Verdict::Temporary);
  CHECK(verdict(Stage::Final, base::Errc::Timeout) == Verdict::InDoubt);
}

TEST_CASE("a transaction cut after the dot: answered ones keep their answer, accepted ones are in doubt") {
  smtp::Transfer transfer;
  transfer.answers.resize(2);
  transfer.answers[0] = {Stage::Rcpt, reply("550 5.1.1 no")};
  transfer.accepted = {1};
  transfer.dot_sent = true;
  transfer.fault = smtp::SessionFault{Stage::Final, std::nullopt, {base::Errc::Closed, "gone"}};
  auto outcomes = relay::classify(transfer, {});
  CHECK(outcomes[0].verdict == Verdict::RecipientPermanent);
  CHECK(outcomes[1].verdict == Verdict::InDoubt);
  transfer.dot_sent = false;
  transfer.fault->stage = Stage::Data;
  outcomes = relay::classify(transfer, {});
  CHECK(outcomes[1].verdict == Verdict::RouteAway);
  transfer.local_fault = true;
  outcomes = relay::classify(transfer, {});
  CHECK(outcomes[1].verdict == Verdict::Temporary);
  CHECK_FALSE(relay::tries_next_route(outcomes[1]));
}
