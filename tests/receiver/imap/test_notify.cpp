// NOTIFY, RFC 5465: what is told without being asked for, about which mailboxes, and what is refused.
#include "receiver/imap/limits.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::has;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

struct Watching : ImapFixture {
  // What the session says by itself after `change`.
  template <class F>
  std::string told(ImapClient& client, F change) {
    client.take();
    change();
    // The feed posts to the session's executor after the commit, the session then tells and waits again.
    client.stream.idle = false;
    return client.until("\r\n");
  }
};

constexpr const char* kBoth = "(MessageNew MessageExpunge)";

}  // namespace

TEST_CASE_METHOD(Watching, "news of another mailbox is a STATUS without being asked for, RFC 5465 5.1, 5.2") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  anna.open();
  CHECK(anna.talk("n NOTIFY SET (personal " + std::string(kBoth) + ")\r\n") == "n OK NOTIFY completed\r\n");
  const std::string told_new = told(anna, [&] { deliver("Trash", letter("one")); });
  CHECK(told_new.find("* STATUS Trash (MESSAGES 1 UIDNEXT 2 UIDVALIDITY ") == 0);
  CHECK(has(told_new, " UNSEEN 1)\r\n"));
  ImapClient other(*this);
  other.open("Trash");
  const std::string gone = told(anna, [&] { other.talk("a STORE 1 +FLAGS.SILENT (\\Deleted)\r\nb EXPUNGE\r\n"); });
  CHECK(gone.find("* STATUS Trash (MESSAGES 0 UIDNEXT 2 ") == 0);
}

TEST_CASE_METHOD(Watching, "NOTIFY SET STATUS shows how things stand, but for the selected mailbox, RFC 5465 3.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("Sent", letter("one"));
  ImapClient anna(*this, {step, true, true});
  anna.open();
  anna.talk("e ENABLE CONDSTORE\r\n");
  const std::string answer =
      anna.talk("n NOTIFY SET STATUS (mailboxes (INBOX Sent Nowhere) " + std::string(kBoth) + ")\r\n");
  CHECK(has(answer, "* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY "));
  CHECK(has(answer, " HIGHESTMODSEQ "));
  CHECK_FALSE(has(answer, "STATUS INBOX"));
  CHECK_FALSE(has(answer, "STATUS Trash"));
  CHECK(has(answer, "\r\nn OK NOTIFY completed\r\n"));
}

TEST_CASE_METHOD(Watching,
                 "FlagChange tells of flags and the first group that names a mailbox decides, RFC 5465 3.1, 5.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("Sent", letter("one"));
  deliver("Trash", letter("one"));
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk("n NOTIFY SET (mailboxes Junk NONE) (mailboxes Trash " + std::string(kBoth) +
            ") (personal (MessageNew MessageExpunge FlagChange))\r\n");
  ImapClient other(*this);
  other.open("Trash");
  other.talk("a STORE 1 +FLAGS (\\Seen)\r\n");  // FlagChange is not wanted of this one
  deliver("Junk", letter("one"));               // nothing is wanted of that one
  other.talk("b SELECT Sent\r\n");
  const std::string flags = told(anna, [&] { other.talk("c STORE 1 +FLAGS (\\Seen)\r\n"); });
  CHECK(flags.find("* STATUS Sent (MESSAGES 1 UIDNEXT 2 ") == 0);
  CHECK(has(flags, " UNSEEN 0)\r\n"));
  CHECK_FALSE(has(flags, "Trash"));
  CHECK_FALSE(has(flags, "Junk"));
}

TEST_CASE_METHOD(Watching,
                 "the selected mailbox tells at once, new messages with the items that were asked for, RFC 5465 5.2") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"));
  ImapClient anna(*this, {step, true, true});
  anna.open();
  CHECK(anna.talk(
            "n NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))"
            "\r\n") == "n OK NOTIFY completed\r\n");
  CHECK(told(anna, [&] { deliver("INBOX", letter("two")); }) ==
        "* 2 EXISTS\r\n* 2 RECENT\r\n* 2 FETCH (UID 2 BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: two\r\n\r\n)\r\n");
  ImapClient other(*this);
  other.open();
  CHECK(told(anna, [&] { other.talk("a STORE 1 +FLAGS (\\Deleted)\r\n"); }) ==
        "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Recent))\r\n");
  CHECK(told(anna, [&] { other.talk("b EXPUNGE\r\n"); }) == "* 1 EXPUNGE\r\n");
  // In the next mailbox too, and there only what is new.
  deliver("Sent", letter("three"));
  anna.talk("s SELECT Sent\r\n");
  CHECK(
      has(told(anna, [&] { deliver("Sent", letter("four")); }), "* 2 FETCH (UID 2 BODY[HEADER.FIELDS (SUBJECT)] {17}"));
}

TEST_CASE_METHOD(Watching, "selected-delayed keeps EXPUNGE until a command may carry it, RFC 5465 6.1") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"), store::mail::kDeleted);
  deliver("INBOX", letter("two"));
  ImapClient anna(*this, {step, true, true});
  anna.open();
  anna.talk("n NOTIFY SET (selected-delayed (MessageNew MessageExpunge FlagChange))\r\n");
  ImapClient other(*this);
  other.open();
  other.talk("a EXPUNGE\r\n");
  const std::string flags = told(anna, [&] { other.talk("b UID STORE 2 +FLAGS (\\Flagged)\r\n"); });
  CHECK(flags.find("* 2 FETCH (UID 2 FLAGS (\\Flagged") == 0);  // the numbers are still the old ones
  CHECK_FALSE(has(flags, "EXPUNGE"));
  CHECK(anna.talk("c NOOP\r\n") == "* 1 EXPUNGE\r\nc OK NOOP completed\r\n");
}

TEST_CASE_METHOD(Watching, "names: made, renamed, deleted, subscribed, RFC 5465 5.4, 5.5") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk("n NOTIFY SET (subtree Work (MailboxName SubscriptionChange))\r\n");
  ImapClient other(*this);
  other.login();
  const auto says = [&](const std::string& command) {
    return told(anna, [&] { other.talk("a " + command + "\r\n"); });
  };
  CHECK(says("CREATE Work/2001") ==
        "* LIST (\\HasChildren) \"/\" Work\r\n* LIST (\\HasNoChildren) \"/\" Work/2001\r\n");
  CHECK(says("RENAME Work/2001 Work/Old") == "* LIST (\\HasNoChildren) \"/\" Work/Old (\"OLDNAME\" (Work/2001))\r\n");
  CHECK(says("SUBSCRIBE Work/Old") == "* LIST (\\HasNoChildren \\Subscribed) \"/\" Work/Old\r\n");
  CHECK(says("UNSUBSCRIBE Work/Old") == "* LIST (\\HasNoChildren) \"/\" Work/Old\r\n");
  other.talk("b CREATE Play\r\n");
  CHECK(says("DELETE Work/Old") == "* LIST (\\NonExistent) \"/\" Work/Old\r\n");  // nothing of Play
}

TEST_CASE_METHOD(Watching, "a new mailbox is watched from the beginning, RFC 5465 5.4") {
  ImapClient anna(*this);
  anna.login();
  anna.talk("n NOTIFY SET (personal (MessageNew MessageExpunge MailboxName))\r\n");
  ImapClient other(*this);
  other.login();
  CHECK(told(anna, [&] { other.talk("a CREATE Work\r\n"); }) == "* LIST (\\HasNoChildren) \"/\" Work\r\n");
  CHECK(has(told(anna, [&] { other.talk("b CREATE Work/Now\r\n"); }), "* LIST (\\HasNoChildren) \"/\" Work/Now\r\n"));
  CHECK(has(told(anna, [&] { deliver("Work/Now", letter("one")); }), "* STATUS Work/Now (MESSAGES 1 "));
}

TEST_CASE_METHOD(Watching, "NOTIFY NONE ends it, another SET replaces it, and so does UNAUTHENTICATE, RFC 5465 3.2") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  anna.login();
  anna.talk("n NOTIFY SET (personal " + std::string(kBoth) + ")\r\n");
  CHECK(anna.talk("o NOTIFY NONE\r\n") == "o OK NOTIFY completed\r\n");
  deliver("Trash", letter("one"));
  CHECK(anna.talk("a NOOP\r\n") == "a OK NOOP completed\r\n");
  anna.talk("p NOTIFY SET (mailboxes Trash " + std::string(kBoth) + ")\r\n");
  anna.talk("q NOTIFY SET (mailboxes Sent " + std::string(kBoth) + ")\r\n");
  deliver("Trash", letter("two"));
  CHECK(anna.talk("b NOOP\r\n") == "b OK NOOP completed\r\n");
  anna.talk("u UNAUTHENTICATE\r\n");
  deliver("Sent", letter("two"));
  CHECK(anna.talk("c NOOP\r\n") == "c OK NOOP completed\r\n");
}

TEST_CASE_METHOD(Watching, "during IDLE the other mailboxes tell as well, RFC 5465 7") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient anna(*this, {step, true, true});
  anna.open();
  anna.talk("n NOTIFY SET (selected-delayed " + std::string(kBoth) + ") (inboxes NONE) (personal " + kBoth + ")\r\n");
  CHECK(anna.talk("i IDLE\r\n") == "+ idling\r\n");
  CHECK(has(told(anna, [&] { deliver("Sent", letter("one")); }), "* STATUS Sent (MESSAGES 1 "));
  CHECK(has(told(anna, [&] { deliver("INBOX", letter("one")); }), "* 1 EXISTS\r\n"));
  CHECK(anna.talk("DONE\r\n") == "i OK IDLE completed\r\n");
}

TEST_CASE_METHOD(Watching, "nothing is told in the middle of a client's command, RFC 5465 3") {
  ImapClient anna(*this);
  anna.login();
  anna.talk("n NOTIFY SET (personal " + std::string(kBoth) + ")\r\n");
  CHECK(anna.talk("a STATUS {4}\r\n") == "+ OK\r\n");
  deliver("Trash", letter("one"));
  const std::string answer = anna.talk("Sent (MESSAGES)\r\n");
  CHECK(answer.find("* STATUS Sent (MESSAGES 0)\r\na OK STATUS completed\r\n") == 0);
  CHECK(has(answer, "* STATUS Trash (MESSAGES 1 "));
}

TEST_CASE_METHOD(Watching, "events that are not known are BADEVENT and leave what was asked before, RFC 5465 5") {
  ImapClient anna(*this);
  anna.login();
  anna.talk("n NOTIFY SET (personal " + std::string(kBoth) + ")\r\n");
  for (const char* event : {"AnnotationChange", "MailboxMetadataChange", "ServerMetadataChange", "Frob"}) {
    CHECK(anna.talk("a NOTIFY SET (personal (" + std::string(event) + "))\r\n")
              .find("a NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)] ") == 0);
  }
  for (const char* wrong :
       {"", "FROB", "SET", "SET ()", "SET (personal)", "SET (personal ())", "SET (personal (MessageNew))",
        "SET (personal (MessageExpunge))", "SET (personal (FlagChange))", "SET (frob (MailboxName))",
        "SET (personal (MessageNew (UID) MessageExpunge))", "SET (selected (MailboxName))",
        "SET (subtree (MailboxName))", "SET (selected (MessageNew MessageExpunge)) (selected-delayed NONE)",
        "SET (personal NONE) x"}) {
    ImapClient client(*this);
    client.login();
    CAPTURE(wrong);
    CHECK(has(client.talk("a NOTIFY " + std::string(wrong) + "\r\n"), "a BAD "));
  }
  CHECK(has(told(anna, [&] { deliver("Sent", letter("one")); }), "* STATUS Sent "));
}

TEST_CASE_METHOD(Watching, "more mailboxes than can be watched are NOTIFICATIONOVERFLOW, RFC 5465 5.8") {
  std::size_t made = 0;
  const auto more = [&](std::size_t count) {
    REQUIRE(this->mail->env()
                .write([&](store::mail::WriteTxn& txn) -> base::Status {
                  for (std::size_t i = 0; i < count; ++i) {
                    TRY(store::mail::create_mailbox(txn, account, "many" + std::to_string(made + i)));
                  }
                  return base::ok();
                })
                .ok());
    made += count;
  };
  more(receiver::imap::kMaxWatched - 7);  // and the six that every account has
  ImapClient anna(*this);
  anna.login();
  CHECK(anna.talk("a NOTIFY SET (personal (MessageNew MessageExpunge MailboxName))\r\n") ==
        "a OK NOTIFY completed\r\n");
  CHECK(has(told(anna, [&] { more(1); }), "* LIST (\\HasNoChildren) \"/\" many"));
  CHECK(has(told(anna, [&] { more(1); }), "* OK [NOTIFICATIONOVERFLOW] "));
  CHECK(has(anna.talk("b NOTIFY SET (personal (MailboxName))\r\n"), "b NO [NOTIFICATIONOVERFLOW] "));
}
