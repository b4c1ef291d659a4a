// A session whose mailbox cannot be read any more, as after a commit that failed: it must not say OK to what it does not see.
#include "store/mail/tables.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

struct Damaged : ImapFixture {
  Damaged() {
    for (const auto* subject : {"one", "two", "three"}) deliver("INBOX", letter(subject));
  }
  void break_record(store::lmdb::Table table, std::string_view key) {
    const auto broken = mail->env().write([&](store::mail::WriteTxn& txn) { return txn.put(table, key, "broken"); });
    REQUIRE(broken.ok());
  }
  void break_mailbox() { break_record(store::mail::kMailboxes, store::mail::id_key(box("INBOX").value)); }
};

}  // namespace

TEST_CASE_METHOD(Damaged, "when the mailbox cannot be read the session ends, and no later command is answered OK") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  anna.open();
  deliver("INBOX", letter("four"));
  break_mailbox();
  CHECK(anna.talk("a CAPABILITY\r\nb UID STORE 4 +FLAGS (\\Flagged)\r\n").find("b ") == std::string::npos);
  CHECK(anna.done());
}

TEST_CASE_METHOD(Damaged, "the command that was done is answered before the farewell") {
  ImapClient anna(*this);
  anna.open();
  break_mailbox();
  CHECK(anna.talk("a NOOP\r\n") ==
        "a OK NOOP completed\r\n* BYE [UNAVAILABLE] The selected mailbox cannot be read\r\n");
  CHECK(anna.done());
}

TEST_CASE_METHOD(Damaged, "IDLE ends too when the mailbox cannot be read") {
  ImapClient anna(*this);
  anna.open();
  break_mailbox();
  CHECK(anna.talk("a IDLE\r\n") == "+ idling\r\n* BYE [UNAVAILABLE] The selected mailbox cannot be read\r\n");
  CHECK(anna.done());
}

TEST_CASE_METHOD(Damaged, "one damaged message does not end the session: arrivals are still seen") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.open();
  other.open();
  other.talk("x STORE 2 +FLAGS (\\Answered)\r\n");
  break_record(store::mail::kMessages, store::mail::message_key(box("INBOX"), base::Uid{2}));
  deliver("INBOX", letter("four"));
  const std::string told = anna.talk("a NOOP\r\n");
  CHECK(told.find("* 4 EXISTS\r\n") != std::string::npos);
  CHECK(told.find("BYE") == std::string::npos);
  CHECK(anna.talk("b UID STORE 4 +FLAGS (\\Flagged)\r\n").find("(UID 4 FLAGS (\\Flagged") != std::string::npos);
  CHECK_FALSE(anna.done());
}
