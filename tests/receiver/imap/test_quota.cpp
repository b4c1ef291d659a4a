#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

struct Limited : ImapFixture {
  base::Quota limits;
  Limited() {
    services->quota = [this](base::AccountId) { return base::Result<base::Quota>(limits); };
  }
};

std::string append(const std::string& tag, const std::string& mailbox, const std::string& message) {
  return tag + " APPEND " + mailbox + " {" + std::to_string(message.size()) + "}\r\n";
}

}  // namespace

TEST_CASE_METHOD(Limited, "GETQUOTA and GETQUOTAROOT show what is used of what is limited, RFC 9208 4.1, 5") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  limits.octets = 4096;
  limits.messages = 10;
  deliver("INBOX", std::string(1025, 'x'));
  deliver("Sent", "y");
  ImapClient client(*this, {step, true, true});
  CHECK(client.talk("x GETQUOTA \"\"\r\n").find("x BAD") != std::string::npos);  // not logged in
  client.login();
  CHECK(client.talk("a CAPABILITY\r\n").find(" QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE ") != std::string::npos);
  CHECK(client.talk("a CAPABILITY\r\n").find("QUOTASET") == std::string::npos);
  CHECK(client.talk("a GETQUOTA \"\"\r\n") == "* QUOTA \"\" (STORAGE 2 4 MESSAGE 2 10)\r\na OK GETQUOTA completed\r\n");
  CHECK(client.talk("b GETQUOTAROOT Sent\r\n") ==
        "* QUOTAROOT Sent \"\"\r\n* QUOTA \"\" (STORAGE 2 4 MESSAGE 2 10)\r\nb OK GETQUOTAROOT completed\r\n");
  CHECK(client.talk("c GETQUOTA other\r\n") == "c NO [NONEXISTENT] No such quota root\r\n");
  CHECK(client.talk("d GETQUOTAROOT Nowhere\r\n") == "d NO [NONEXISTENT] No such mailbox\r\n");
  limits = {};
  limits.messages = 1;  // less than there is: shown as it is
  CHECK(client.talk("e GETQUOTA {0}\r\n") == "+ OK\r\n");
  CHECK(client.talk("\r\n") == "* QUOTA \"\" (MESSAGE 2 1)\r\ne OK GETQUOTA completed\r\n");
  limits = {};
  CHECK(client.talk("f GETQUOTAROOT INBOX\r\n") == "* QUOTAROOT INBOX\r\nf OK GETQUOTAROOT completed\r\n");
  CHECK(client.talk("g GETQUOTA \"\"\r\n") == "g NO [NONEXISTENT] No such quota root\r\n");
}

TEST_CASE_METHOD(Limited, "SETQUOTA is refused, malformed ones are BAD, RFC 9208 4.1.3") {
  ImapClient client(*this);
  client.login();
  CHECK(client.talk("a SETQUOTA \"\" (STORAGE 512 MESSAGE 3)\r\n").find("a NO [NOPERM]") == 0);
  CHECK(client.talk("b SETQUOTA \"\" ()\r\n").find("b NO [NOPERM]") == 0);
  CHECK(client.talk("c SETQUOTA \"\" STORAGE 512\r\n").find("c BAD") == 0);
  CHECK(client.talk("d SETQUOTA \"\" (STORAGE)\r\n").find("d BAD") == 0);
  CHECK(client.talk("e GETQUOTA\r\n").find("e BAD") == 0);
}

TEST_CASE_METHOD(Limited, "STATUS DELETED and DELETED-STORAGE, RFC 9208 4.1.4") {
  deliver("INBOX", std::string(100, 'a'), store::mail::kDeleted);
  deliver("INBOX", std::string(10, 'b'));
  deliver("INBOX", std::string(7, 'c'), store::mail::kDeleted);
  ImapClient client(*this);
  client.login();
  CHECK(client.talk("a STATUS INBOX (MESSAGES DELETED DELETED-STORAGE)\r\n") ==
        "* STATUS INBOX (MESSAGES 3 DELETED 2 DELETED-STORAGE 107)\r\na OK STATUS completed\r\n");
  CHECK(client.talk("b STATUS Sent (DELETED-STORAGE)\r\n") ==
        "* STATUS Sent (DELETED-STORAGE 0)\r\nb OK STATUS completed\r\n");
}

TEST_CASE_METHOD(Limited, "OVERQUOTA for APPEND before its octets, for COPY, not for MOVE, RFC 9208 4.3.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string full = "NO [OVERQUOTA] Mailbox is full\r\n";
  limits.octets = 1000;
  deliver("INBOX", std::string(600, 'a'));
  ImapClient client(*this, {step, true, true});
  client.login();
  client.open();
  CHECK(client.talk(append("a", "Sent", std::string(401, 'b'))) == "a " + full);  // no invitation
  CHECK(client.talk("b COPY 1 Sent\r\n") == "b " + full);
  CHECK(client.talk("c COPY 1 INBOX\r\n") == "c " + full);
  CHECK(client.talk(append("d", "Sent", letter("fits"))) == "+ OK\r\n");
  CHECK(client.talk(letter("fits") + "\r\n").find("d OK [APPENDUID") == 0);
  // Several that fit one by one, and not together.
  const std::string half(150, 'c');
  const std::string two = "e APPEND Sent {150+}\r\n" + half + " {150+}\r\n" + half + "\r\n";
  const std::size_t left = 400 - letter("fits").size();
  REQUIRE(left > 150);
  REQUIRE(left < 300);
  CHECK(client.talk(two).find("e " + full) != std::string::npos);
  CHECK(client.talk("f STATUS Sent (MESSAGES)\r\n") == "* STATUS Sent (MESSAGES 1)\r\nf OK STATUS completed\r\n");
  limits.octets = 100;  // far over: what is there may be moved, flagged and expunged
  CHECK(client.talk("g MOVE 1 Trash\r\n").find("* OK [COPYUID") == 0);
}

TEST_CASE_METHOD(Limited, "REPLACE counts what is left, RFC 8508 3, RFC 9208 4.3.1") {
  limits.octets = 500;
  limits.messages = 1;
  deliver("Drafts", std::string(450, 'a'));
  ImapClient client(*this);
  client.login();
  client.open("Drafts");
  const std::string smaller(400, 'b');
  CHECK(client.talk("a REPLACE 1 Drafts {400+}\r\n" + smaller + "\r\n").find("a OK") != std::string::npos);
  const std::string larger(501, 'c');
  CHECK(client.talk("b REPLACE 1 Drafts {501+}\r\n" + larger + "\r\n").find("b NO [OVERQUOTA]") != std::string::npos);
  CHECK(client.talk("c STATUS Drafts (MESSAGES SIZE)\r\n") ==
        "* STATUS Drafts (MESSAGES 1 SIZE 400)\r\nc OK STATUS completed\r\n");
}

TEST_CASE_METHOD(ImapFixture,
                 "what is stored in another's mailbox counts against its owner, who alone sees the limits") {
  services->quota = [this](base::AccountId of) {
    return base::Result<base::Quota>(of == account ? base::Quota{1000, {}} : base::Quota{});
  };
  deliver("INBOX", std::string(800, 'x'));
  ImapClient anna(*this);
  anna.login();
  anna.talk("a CREATE Plans\r\n");
  anna.talk("a SETACL Plans bert@example.test lrswi\r\n");
  ImapClient bert(*this);
  bert.talk("login LOGIN bert@example.test secret\r\n");
  const std::string name = "Shared/anna@example.test/Plans";
  CHECK(bert.talk(append("a", name, std::string(201, 'b'))) == "a NO [OVERQUOTA] Mailbox is full\r\n");
  CHECK(bert.talk(append("b", name, std::string(200, 'b'))) == "+ OK\r\n");
  CHECK(bert.talk(std::string(200, 'b') + "\r\n").find("b OK") != std::string::npos);
  CHECK(bert.talk("c GETQUOTAROOT " + name + "\r\n") == "* QUOTAROOT " + name + "\r\nc OK GETQUOTAROOT completed\r\n");
  CHECK(bert.talk(append("d", "INBOX", std::string(5000, 'b'))) == "+ OK\r\n");
}
