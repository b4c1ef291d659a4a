// SMTP and LMTP sessions that end in mailboxes: real accounts, a real mail store, a scripted stream.

#include "common/mime/summary.hpp"
#include "common/smtp/limits.hpp"
#include "common/smtp/server_session.hpp"
#include "common/smtp/trace.hpp"
#include "receiver/delivery/local_policy.hpp"
#include "receiver/delivery/steps.hpp"
#include "receiver/lmtp/lmtp.hpp"
#include "receiver/smtp/smtp.hpp"
#include "store/mail/deliveries.hpp"
#include "store/mail/tables.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/recorder.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temp_directory.hpp"

using namespace hearthmail;
namespace delivery = hearthmail::receiver::delivery;
namespace accounts = hearthmail::store::accounts;
namespace mail = hearthmail::store::mail;
using hearthmail::store::lmdb::ReadTxn;
using hearthmail::store::lmdb::WriteTxn;

namespace {

constexpr base::UnixTime kNow = 1'795'495'130;
const std::string kBye = "221 2.0.0 Bye\r\n";
const std::string kGo = "354 End with <CR><LF>.<CR><LF>\r\n";

// x.test: anna, berta, alias both@; y.test: catch-all to berta; z.test: one account that is not postmaster.
struct Fixture {
  test::TempDirectory directory;
  base::ManualClock clock{kNow};
  net::Workers workers{1, 100};
  std::unique_ptr<accounts::Store> people = std::move(accounts::Store::open(directory.path("accounts"))).value();
  std::unique_ptr<mail::Store> boxes = std::move(mail::Store::open(directory.path("mail"))).value();
  delivery::Delivery local{
      delivery::Services{workers, *boxes, *people, clock, "mx.test", directory.path("spool"), 4'000'000}};
  base::AccountId anna;
  base::AccountId berta;
  base::AccountId zoe;
  std::size_t step = 4096;
  bool tls = false;

  Fixture() {
    const auto made = people->env().write([this](WriteTxn& txn) -> base::Status {
      for (const auto* domain : {"x.test", "y.test", "z.test"}) TRY(accounts::add_domain(txn, domain));
      TRY_ASSIGN(anna, accounts::add_account(txn, "anna@x.test", "", kNow));
      TRY_ASSIGN(berta, accounts::add_account(txn, "berta@x.test", "", kNow));
      TRY_ASSIGN(zoe, accounts::add_account(txn, "zoe@z.test", "", kNow));
      TRY(accounts::set_alias(txn, "both@x.test", {"anna@x.test", "berta@x.test"}));
      return accounts::set_catch_all(txn, "y.test", "berta@x.test");
    });
    REQUIRE(made.ok());
  }

  std::string talk(const std::string& input, bool lmtp) {
    std::string output;
    auto owned = std::make_unique<test::Recorder>(input, step, output);
    if (tls) owned->set_tls_active();
    std::unique_ptr<net::Stream> stream = std::move(owned);
    delivery::LocalPolicy policy(local, lmtp ? receiver::lmtp::lmtp_options() : receiver::smtp::smtp_options(),
                                 lmtp ? delivery::Answers::PerRecipient : delivery::Answers::One);
    test::run_task(smtp::serve(std::move(stream), policy, clock));
    return output;
  }
  std::string by_smtp(const std::string& input) {
    return cut(talk("EHLO c.example\r\n" + input, false), "250 HELP\r\n");
  }
  std::string by_lmtp(const std::string& input) {
    return cut(talk("LHLO relay.test\r\n" + input, true), "250 LIMITS RCPTMAX=1000\r\n");
  }
  static std::string cut(const std::string& out, const std::string& mark) {
    const auto at = out.find(mark);
    return at == std::string::npos ? "no greeting: " + out : out.substr(at + mark.size());
  }
  // The octets of every message in the account's INBOX.
  std::vector<std::string> inbox(base::AccountId account) {
    std::vector<std::string> out;
    const auto read = boxes->env().read([&](const ReadTxn& txn) -> base::Status {
      if (!mail::has_account(txn, account)) return base::ok();
      TRY_ASSIGN(const auto box, mail::find_mailbox(txn, account, "INBOX"));
      TRY_ASSIGN(const auto uids, mail::list_uids(txn, box.id));
      for (const auto uid : uids) {
        TRY_ASSIGN(const auto message, mail::find_message(txn, box.id, uid));
        TRY_ASSIGN(auto body, mail::read_body(txn, message->blob, 0, message->octets));
        out.push_back(std::move(body));
      }
      return base::ok();
    });
    REQUIRE(read.ok());
    return out;
  }
};

// "Stored as <id>" without the id.
std::string without_id(std::string text) {
  const std::string mark = "Stored as ";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + mark.size())) {
    text.erase(at + mark.size(), 16);
  }
  return text;
}

const std::string kMessage = "Subject: odd\t spacing \r\nX-8bit: caf\xE9\r\n\r\nbody \xFF\r\n";

}  // namespace

TEST_CASE_METHOD(Fixture, "a message from port 25 is in the INBOX byte for byte below its trace fields, RFC 5321 4.4") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  tls = true;
  CHECK(without_id(by_smtp("MAIL FROM:<a@far.example>\r\nRCPT TO:<anna+tag@x.test>\r\nDATA\r\n" + kMessage +
                           ".\r\nQUIT\r\n")) ==
        "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n" + kGo + "250 2.0.0 Stored as \r\n" + kBye);
  const auto got = inbox(anna);
  REQUIRE(got.size() == 1);
  REQUIRE(got[0].size() > kMessage.size());
  const auto trace = got[0].substr(0, got[0].size() - kMessage.size());
  CHECK(got[0].substr(trace.size()) == kMessage);
  CHECK(trace.find(
            "Return-Path: <a@far.example>\r\nReceived: from c.example ([192.0.2.1])\r\n\tby mx.test (Hearthmail)\r\n"
            "\twith ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n\tid ") == 0);
  CHECK(trace.find("\r\n\tfor <anna+tag@x.test>;\r\n\t" + base::rfc5322_date(kNow)) != std::string::npos);
  CHECK(inbox(berta).empty());
}

TEST_CASE_METHOD(Fixture, "one transaction: each account once, the same octets for all, no recipient named") {
  CHECK(without_id(by_smtp(
            "MAIL FROM:<>\r\nRCPT TO:<both@x.test>\r\nRCPT TO:<anna@x.test>\r\nRCPT TO:<any@y.test>\r\nDATA\r\n" +
            kMessage + ".\r\n")) ==
        "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n250 2.1.5 Recipient OK\r\n250 2.1.5 Recipient OK\r\n" + kGo +
            "250 2.0.0 Stored as \r\n");
  REQUIRE(inbox(anna).size() == 1);
  CHECK(inbox(anna) == inbox(berta));
  CHECK(inbox(anna)[0].find("Return-Path: <>\r\n") == 0);
  CHECK(inbox(anna)[0].find("for <") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "unknown users and foreign domains are refused at RCPT, nothing is relayed") {
  step = GENERATE(std::size_t{1}, 4096u);
  CHECK(by_smtp("MAIL FROM:<a@b>\r\nRCPT TO:<ghost@x.test>\r\nRCPT TO:<a@far.example>\r\nRCPT TO:<anna@[127.0.0.1]>\r\n"
                "RCPT TO:<@x.test:a@far.example>\r\nRCPT TO:<\"a@x.test\"@far.example>\r\nRCPT "
                "TO:<a%far.example@x.test>\r\nDATA\r\n") ==
        "250 2.1.0 Sender OK\r\n550 5.1.1 No such user here\r\n554 5.7.1 Relay access denied\r\n554 5.7.1 Relay access "
        "denied\r\n"
        "554 5.7.1 Relay access denied\r\n554 5.7.1 Relay access denied\r\n550 5.1.1 No such user here\r\n554 5.5.1 No "
        "valid recipients\r\n");
}

TEST_CASE_METHOD(Fixture, "postmaster is always accepted, RFC 5321 4.5.1") {
  by_smtp("MAIL FROM:<>\r\nRCPT TO:<Postmaster@z.test>\r\nDATA\r\nto z\r\n.\r\n");
  CHECK(inbox(zoe).size() == 1);  // the domain's first account
  by_smtp("MAIL FROM:<>\r\nRCPT TO:<postmaster@y.test>\r\nDATA\r\nto y\r\n.\r\n");
  CHECK(inbox(berta).size() == 1);  // the catch-all
  by_smtp("MAIL FROM:<>\r\nRCPT TO:<POSTMASTER>\r\nDATA\r\nto none\r\n.\r\n");
  CHECK(inbox(anna).size() == 1);  // the first domain's first account
  const auto made = people->env().write(
      [](WriteTxn& txn) { return accounts::set_alias(txn, "postmaster@x.test", {"berta@x.test"}); });
  REQUIRE(made.ok());
  by_smtp("MAIL FROM:<>\r\nRCPT TO:<postmaster@x.test>\r\nDATA\r\nto x\r\n.\r\n");
  CHECK(inbox(berta).size() == 2);
}

TEST_CASE_METHOD(Fixture, "a loop of more than 50 hops ends, RFC 5321 6.3") {
  std::string hops;
  for (std::size_t i = 0; i < smtp::kMaxHops; ++i) hops += "Received: from a by b; Mon, 23 Nov 2026 10:00:00 +0100\r\n";
  const std::string to_anna = "MAIL FROM:<a@b>\r\nRCPT TO:<anna@x.test>\r\nDATA\r\n";
  CHECK(by_smtp(to_anna + hops + "\r\nx\r\n.\r\n").find("554 5.4.6 Too many hops") !=
        std::string::npos);  // ours is one more
  CHECK(inbox(anna).empty());
  hops.erase(0, hops.find('\n') + 1);
  CHECK(by_smtp(to_anna + hops + "\r\nx\r\n.\r\n").find("250 2.0.0 Stored") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "port 25 refuses bare line ends, LMTP keeps them and answers per recipient, RFC 2033") {
  step = GENERATE(std::size_t{1}, 4096u);
  CHECK(by_smtp("MAIL FROM:<a@b>\r\nRCPT TO:<anna@x.test>\r\nDATA\r\na\nb\r\n.\r\n")
            .find("550 5.6.0 Message has a bare LF") != std::string::npos);
  CHECK(
      without_id(by_lmtp("MAIL FROM:<>\r\nRCPT TO:<anna@x.test>\r\nRCPT TO:<ghost@x.test>\r\nRCPT TO:<berta@x.test>\r\n"
                         "DATA\r\na\nb\r\n.\r\nQUIT\r\n")) ==
      "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n550 5.1.1 No such user here\r\n250 2.1.5 Recipient OK\r\n" +
          kGo + "250 2.0.0 Stored as \r\n250 2.0.0 Stored as \r\n" + kBye);
  REQUIRE(inbox(anna).size() == 1);
  CHECK(inbox(anna)[0].find("\ta\nb\r\n") == std::string::npos);
  CHECK(inbox(anna)[0].find("\r\na\nb\r\n") != std::string::npos);
  CHECK(inbox(anna)[0].find("\twith LMTP\r\n") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a delivery that is offered again makes no second copy and is answered 250") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string id = "000102030405060708090a0b0c0d0eFF";
  const auto offer = [&](const std::string& name, const std::string& to) {
    const auto out = by_lmtp("MAIL FROM:<a@b> XDELIVERYID=" + name + "\r\nRCPT TO:<" + to + ">\r\nDATA\r\n" + kMessage +
                             ".\r\nQUIT\r\n");
    return without_id(out) ==
           "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n" + kGo + "250 2.0.0 Stored as \r\n" + kBye;
  };
  CHECK(offer(id, "anna@x.test"));
  CHECK(offer(id, "anna@x.test"));
  CHECK(inbox(anna).size() == 1);
  // An alias of which one account has it: only the other gets it. In capitals it is the same id.
  CHECK(offer("000102030405060708090A0B0C0D0EFF", "both@x.test"));
  CHECK(inbox(anna).size() == 1);
  CHECK(inbox(berta).size() == 1);
  // Another delivery of the same octets is another mail.
  CHECK(offer("100102030405060708090a0b0c0d0eff", "anna@x.test"));
  CHECK(inbox(anna).size() == 2);
  // Without a name nothing is known again.
  const std::string plain = "MAIL FROM:<a@b>\r\nRCPT TO:<anna@x.test>\r\nDATA\r\n" + kMessage + ".\r\n";
  by_lmtp(plain + plain);
  CHECK(inbox(anna).size() == 4);
}

TEST_CASE_METHOD(Fixture, "a delivery's name is 32 hexadecimal digits, and only LMTP offers it") {
  for (const std::string bad : {"", "=", "=00", "=000102030405060708090a0b0c0d0e0g",
                                "=+00102030405060708090a0b0c0d0e0f", "=000102030405060708090a0b0c0d0e0f00"}) {
    INFO(bad);
    CHECK(by_lmtp("MAIL FROM:<a@b> XDELIVERYID" + bad + "\r\n").starts_with("501 "));
  }
  CHECK(talk("LHLO relay.test\r\n", true).find("XDELIVERYID\r\n") != std::string::npos);
  CHECK(talk("EHLO c.example\r\n", false).find("XDELIVERYID") == std::string::npos);
  CHECK(by_smtp("MAIL FROM:<a@b> XDELIVERYID=000102030405060708090a0b0c0d0e0f\r\n").starts_with("555 "));
}

TEST_CASE_METHOD(Fixture, "what could not be appended is not taken for delivered") {
  const std::string id(base::kDeliveryIdOctets, 'd');
  // A transaction that is rolled back notes nothing.
  const auto body = store::mail::prepare_body(kMessage, "summary");
  const auto failed = boxes->env().write([&](WriteTxn& txn) -> base::Status {
    TRY(delivery::append_to_inboxes(txn, {anna}, body, kNow, false, id));
    return base::Error{base::Errc::Unavailable, "the disk is full"};
  });
  REQUIRE_FALSE(failed.ok());
  const auto noted = boxes->env().read([&](const ReadTxn& txn) { return mail::was_delivered(txn, id, anna); });
  REQUIRE(noted.ok());
  CHECK_FALSE(*noted);
  // No UID is left: that stays with the account, the transaction commits, and still nothing is noted for it.
  const auto full = boxes->env().write([&](WriteTxn& txn) -> base::Result<delivery::PerAccount> {
    TRY(mail::ensure_account(txn, berta));
    TRY_ASSIGN(const auto inbox, mail::find_mailbox(txn, berta, "INBOX"));
    TRY_ASSIGN(auto record, mail::load_record(txn, inbox.id));
    record.uid_next = 0xFFFFFFFF;
    TRY(mail::save_record(txn, record));
    return delivery::append_to_inboxes(txn, {anna, berta}, body, kNow, false, id);
  });
  REQUIRE(full.ok());
  CHECK(full->at(anna).ok());
  CHECK(full->at(berta).error().code == base::Errc::OverLimit);
  const auto after = boxes->env().read([&](const ReadTxn& txn) -> base::Result<std::pair<bool, bool>> {
    TRY_ASSIGN(const bool first, mail::was_delivered(txn, id, anna));
    TRY_ASSIGN(const bool second, mail::was_delivered(txn, id, berta));
    return std::pair{first, second};
  });
  REQUIRE(after.ok());
  CHECK(*after == std::pair{true, false});
}

TEST_CASE_METHOD(Fixture, "BDAT over LMTP, and a message larger than the spool's memory") {
  const std::string body(2 * smtp::kSpoolMemory, 'x');
  const std::string message = "Subject: big\r\n\r\n" + body + "\r\n";
  const auto out = by_lmtp("MAIL FROM:<a@b>\r\nRCPT TO:<anna@x.test>\r\nBDAT " + std::to_string(message.size()) +
                           " LAST\r\n" + message);
  CHECK(without_id(out) == "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n250 2.0.0 Stored as \r\n");
  REQUIRE(inbox(anna).size() == 1);
  CHECK(inbox(anna)[0].find(message) != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "LMTP takes what submission could just accept, with what was put in front of it") {
  CHECK(by_smtp("MAIL FROM:<> SIZE=4000001\r\n") == "552 5.3.4 Message is too big\r\n");
  CHECK(by_lmtp("MAIL FROM:<> SIZE=4000001\r\n") == "250 2.1.0 Sender OK\r\n");
}

TEST_CASE_METHOD(Fixture, "the summary is stored with the message") {
  by_smtp("MAIL FROM:<a@b>\r\nRCPT TO:<anna@x.test>\r\nDATA\r\nSubject: hello\r\nMessage-ID: <1@b>\r\n\r\nx\r\n.\r\n");
  const auto subject = boxes->env().read([&](const ReadTxn& txn) -> base::Result<std::string> {
    TRY_ASSIGN(const auto box, mail::find_mailbox(txn, anna, "INBOX"));
    TRY_ASSIGN(const auto message, mail::find_message(txn, box.id, base::Uid{1}));
    TRY_ASSIGN(const auto stored, mail::read_summary(txn, message->blob));
    TRY_ASSIGN(const auto text, mime::summary_text(stored, mime::SummaryText::Subject));
    return std::string(text);
  });
  CHECK(subject.value_or("none") == "hello");
}

TEST_CASE_METHOD(Fixture, "an account removed after RCPT: temporary for SMTP, that recipient only for LMTP") {
  // The policy is asked by hand, so that the removal falls between RCPT and the last octet.
  smtp::ServerOptions options = receiver::smtp::smtp_options();
  smtp::ClientInfo client;
  smtp::Transaction transaction;
  for (const auto* local_part : {"anna", "zoe"}) {
    smtp::Recipient recipient;
    recipient.address = {local_part, std::string(local_part) == "anna" ? "x.test" : "z.test", false};
    REQUIRE(local.check_recipient(recipient).positive());
    transaction.recipients.push_back(recipient);
  }
  REQUIRE(people->env().write([](WriteTxn& txn) { return accounts::remove_account(txn, "zoe@z.test"); }).ok());
  smtp::Spool spool(directory.path("spool"));
  REQUIRE(spool.write("Subject: x\r\n\r\n").ok());
  const auto one = test::run_task(local.deliver(options, client, transaction, spool, delivery::Answers::One));
  REQUIRE(one.size() == 1);
  CHECK(one[0].code == 451);
  CHECK(inbox(anna).empty());
  const auto each = test::run_task(local.deliver(options, client, transaction, spool, delivery::Answers::PerRecipient));
  REQUIRE(each.size() == 2);
  CHECK(each[0].code == 250);
  CHECK(each[1].code == 550);
  CHECK(inbox(anna).size() == 1);
  // An alias of which one account is left has delivered: nobody is told that it failed.
  transaction.recipients[1].accounts.push_back(anna);
  const auto left = test::run_task(local.deliver(options, client, transaction, spool, delivery::Answers::PerRecipient));
  REQUIRE(left.size() == 2);
  CHECK(left[1].code == 250);
}

TEST_CASE("Received names the peer as a literal, a unix socket has none, RFC 5321 4.1.3 and 4.4") {
  smtp::ServerOptions options;
  options.hostname = "mx.test";
  smtp::Transaction transaction;
  transaction.id = "17";
  smtp::ClientInfo client;
  client.hello = "c.example";
  const auto first_line = [&](const std::string& address) {
    client.peer.address = address;
    const auto field = smtp::received_field(options, client, transaction, kNow);
    return field.substr(0, field.find("\r\n"));
  };
  CHECK(first_line("192.0.2.1") == "Received: from c.example ([192.0.2.1])");
  CHECK(first_line("2001:db8::1") == "Received: from c.example ([IPv6:2001:db8::1])");
  CHECK(first_line("unix") == "Received: from c.example");
}

TEST_CASE("the protocol's word in Received, RFC 3848 and RFC 6531 4.3") {
  smtp::ClientInfo client;
  using smtp::Dialect;
  CHECK(smtp::protocol_word(Dialect::Smtp, client, false) == "SMTP");
  client.extended = true;
  CHECK(smtp::protocol_word(Dialect::Smtp, client, false) == "ESMTP");
  CHECK(smtp::protocol_word(Dialect::Lmtp, client, false) == "LMTP");
  CHECK(smtp::protocol_word(Dialect::Lmtp, client, true) == "UTF8LMTP");
  client.tls.active = true;
  CHECK(smtp::protocol_word(Dialect::Smtp, client, false) == "ESMTPS");
  client.account = base::AccountId{1};
  CHECK(smtp::protocol_word(Dialect::Submission, client, false) == "ESMTPSA");
  CHECK(smtp::protocol_word(Dialect::Submission, client, true) == "UTF8SMTPSA");
}

TEST_CASE_METHOD(Fixture, "a full mailbox: 452 4.2.2 at RCPT, by SIZE too; what is accepted is delivered, RFC 9208 3") {
  step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string full = "452 4.2.2 Mailbox is full\r\n";
  const auto limit = [this](const char* who, const base::Quota& quota) {
    REQUIRE(people->env().write([&](WriteTxn& txn) { return accounts::set_quota(txn, who, quota); }).ok());
  };
  limit("anna@x.test", {4000, {}});
  const std::string mail = "MAIL FROM:<a@far.example>", ok = "250 2.1.0 Sender OK\r\n",
                    taken = "250 2.1.5 Recipient OK\r\n";
  CHECK(by_smtp(mail + " SIZE=4001\r\nRCPT TO:<anna@x.test>\r\nRCPT TO:<both@x.test>\r\nQUIT\r\n") ==
        ok + full + taken + kBye);
  CHECK(by_lmtp(mail + " SIZE=4001\r\nRCPT TO:<anna@x.test>\r\nQUIT\r\n") == ok + full + kBye);
  // Without SIZE the last one may go over; then nothing more is taken until something goes.
  const std::string large = "Subject: x\r\n\r\n" + std::string(900, 'x') + "\r\n" + std::string(900, 'x') + "\r\n";
  const std::string send = mail + "\r\nRCPT TO:<anna@x.test>\r\nDATA\r\n" + large + ".\r\n";
  const std::string stored = ok + taken + kGo + "250 2.0.0 Stored as \r\n";
  CHECK(without_id(by_smtp(send + send + mail + "\r\nRCPT TO:<anna@x.test>\r\nQUIT\r\n")) ==
        stored + stored + ok + full + kBye);
  CHECK(inbox(anna).size() == 2);
  // An alias is open as long as one of its accounts is, and each gets the message.
  CHECK(without_id(by_smtp(mail + "\r\nRCPT TO:<both@x.test>\r\nDATA\r\n" + large + ".\r\nQUIT\r\n")) == stored + kBye);
  CHECK(inbox(anna).size() == 3);
  CHECK(inbox(berta).size() == 1);
  limit("berta@x.test", {{}, 1});
  CHECK(by_smtp(mail + "\r\nRCPT TO:<both@x.test>\r\nRCPT TO:<zoe@z.test>\r\nQUIT\r\n") == ok + full + taken + kBye);
  limit("anna@x.test", {});
  CHECK(by_smtp(mail + "\r\nRCPT TO:<anna@x.test>\r\nQUIT\r\n") == ok + taken + kBye);
}
