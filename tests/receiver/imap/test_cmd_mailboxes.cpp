#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

TEST_CASE_METHOD(ImapFixture,
                 "LIST shows a new account's mailboxes with their special uses, RFC 9051 6.3.9, RFC 6154") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  CHECK(client.talk("a LIST \"\" \"*\"\r\n") ==
        "* LIST (\\HasNoChildren \\Archive) \"/\" Archive\r\n"
        "* LIST (\\HasNoChildren \\Drafts) \"/\" Drafts\r\n"
        "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
        "* LIST (\\HasNoChildren \\Junk) \"/\" Junk\r\n"
        "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\r\n"
        "* LIST (\\HasNoChildren \\Trash) \"/\" Trash\r\n"
        "a OK LIST completed\r\n");
  CHECK(client.talk("b LIST \"\" \"\"\r\n") == "* LIST (\\Noselect) \"/\" \"\"\r\nb OK LIST completed\r\n");
  CHECK(client.talk("c LIST \"\" inbox\r\n") == "* LIST (\\HasNoChildren) \"/\" INBOX\r\nc OK LIST completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "CREATE, DELETE and the levels between, RFC 9051 6.3.4, 6.3.5") {
  ImapClient client(*this);
  client.login();
  CHECK(test::made(client.talk("a CREATE Work/2026/Plans\r\n"), "a"));
  CHECK(client.talk("b CREATE Work/2026\r\n") == "b NO [ALREADYEXISTS] Mailbox already exists\r\n");
  CHECK(client.talk("c CREATE inbox\r\n") == "c NO [ALREADYEXISTS] Mailbox already exists\r\n");
  CHECK(client.talk("d DELETE Work/2026\r\n") == "d OK DELETE completed\r\n");
  CHECK(client.talk("e LIST \"\" Work*\r\n") ==
        "* LIST (\\HasChildren) \"/\" Work\r\n"
        "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Work/2026\r\n"
        "* LIST (\\HasNoChildren) \"/\" Work/2026/Plans\r\n"
        "e OK LIST completed\r\n");
  CHECK(client.talk("f LIST Work/ %\r\n") ==
        "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Work/2026\r\nf OK LIST completed\r\n");
  CHECK(client.talk("g DELETE Work/2026\r\n") ==
        "g NO [HASCHILDREN] The name has mailboxes below it and is none itself\r\n");
  CHECK(client.talk("h DELETE INBOX\r\n").find("h NO [CANNOT]") == 0);
  CHECK(client.talk("i CREATE a//b\r\n").find("i NO [CANNOT]") == 0);
  CHECK(client.talk("j SELECT Work/2026\r\n") == "j NO [NONEXISTENT] No such mailbox\r\n");
}

TEST_CASE_METHOD(ImapFixture, "CREATE with a special use, RFC 6154 3") {
  ImapClient client(*this);
  client.login();
  CHECK(test::made(client.talk("a CREATE Everything (USE (\\All))\r\n"), "a"));
  CHECK(client.talk("b LIST \"\" Every% RETURN (SPECIAL-USE)\r\n") ==
        "* LIST (\\HasNoChildren \\All) \"/\" Everything\r\nb OK LIST completed\r\n");
  CHECK(client.talk("c CREATE Old (USE (\\Archive))\r\n").find("c NO [USEATTR]") == 0);
  CHECK(client.talk("d CREATE Old (USE (\\Unheard))\r\n").find("d NO [USEATTR]") == 0);
  CHECK(client.talk("e LIST (SPECIAL-USE) \"\" *\r\n").find("INBOX") == std::string::npos);
}

TEST_CASE_METHOD(ImapFixture, "RENAME moves children and, for INBOX, the messages, RFC 9051 6.3.6") {
  ImapClient client(*this);
  client.login();
  client.talk("x CREATE Work/Plans\r\n");
  CHECK(client.talk("a RENAME Work Job\r\n") == "a OK RENAME completed\r\n");
  CHECK(client.talk("b LIST \"\" Job*\r\n").find("Job/Plans\r\n") != std::string::npos);
  CHECK(client.talk("c RENAME Job Sent\r\n") == "c NO [ALREADYEXISTS] Mailbox already exists\r\n");
  CHECK(client.talk("d RENAME Nothing Else\r\n") == "d NO [NONEXISTENT] No such mailbox\r\n");
  deliver("INBOX", letter("one"));
  CHECK(client.talk("e RENAME INBOX Old\r\n") == "e OK RENAME completed\r\n");
  CHECK(client.talk("f STATUS Old (MESSAGES)\r\n") == "* STATUS Old (MESSAGES 1)\r\nf OK STATUS completed\r\n");
  CHECK(client.talk("g STATUS INBOX (MESSAGES)\r\n") == "* STATUS INBOX (MESSAGES 0)\r\ng OK STATUS completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "names are modified UTF-7 on the wire, RFC 3501 5.1.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  CHECK(test::made(client.talk("a CREATE Entw&APw-rfe\r\n"), "a"));
  CHECK(client.talk("b LIST \"\" Entw*\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" Entw&APw-rfe\r\nb OK LIST completed\r\n");
  CHECK(box("Entw\xc3\xbcrfe").value != 0);
  CHECK(client.talk("c CREATE bad&x\r\n").find("c BAD") == 0);
}

TEST_CASE_METHOD(ImapFixture, "subscriptions: LSUB and LIST-EXTENDED, RFC 3501 6.3.9, RFC 5258") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  ImapClient client(*this, {step, true, true});
  client.login();
  client.talk(
      "x UNSUBSCRIBE Drafts\r\nx UNSUBSCRIBE Sent\r\nx UNSUBSCRIBE Junk\r\nx UNSUBSCRIBE Trash\r\n"
      "x UNSUBSCRIBE Archive\r\nx UNSUBSCRIBE INBOX\r\n");
  client.talk("x CREATE Work/Plans\r\nx SUBSCRIBE Work/Plans\r\nx SUBSCRIBE Gone\r\n");
  CHECK(client.talk("a LSUB \"\" *\r\n") ==
        "* LSUB (\\Noselect) \"/\" Gone\r\n* LSUB () \"/\" Work/Plans\r\na OK LSUB completed\r\n");
  CHECK(client.talk("b LSUB \"\" %\r\n") ==
        "* LSUB (\\Noselect) \"/\" Gone\r\n* LSUB (\\Noselect) \"/\" Work\r\nb OK LSUB completed\r\n");
  CHECK(client.talk("x SUBSCRIBE Trash\r\nb LSUB \"\" T*\r\nx UNSUBSCRIBE Trash\r\n") ==
        "x OK SUBSCRIBE completed\r\n* LSUB (\\Trash) \"/\" Trash\r\nb OK LSUB completed\r\n"
        "x OK UNSUBSCRIBE completed\r\n");
  CHECK(client.talk("c LIST (SUBSCRIBED) \"\" *\r\n") ==
        "* LIST (\\NonExistent \\Noselect \\HasNoChildren \\Subscribed) \"/\" Gone\r\n"
        "* LIST (\\HasNoChildren \\Subscribed) \"/\" Work/Plans\r\nc OK LIST completed\r\n");
  CHECK(client.talk("d LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %\r\n") ==
        "* LIST (\\NonExistent \\Noselect \\HasNoChildren \\Subscribed) \"/\" Gone\r\n"
        "* LIST (\\HasChildren) \"/\" Work (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\nd OK LIST completed\r\n");
  CHECK(client.talk("e LIST (RECURSIVEMATCH) \"\" %\r\n").find("e BAD") == 0);
  CHECK(client.talk("f LIST \"\" (Work% INBOX) RETURN (SUBSCRIBED CHILDREN)\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* LIST (\\HasChildren) \"/\" Work\r\nf OK LIST completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "LIST RETURN STATUS, RFC 5819") {
  deliver("INBOX", letter("one"));
  ImapClient client(*this);
  client.login();
  CHECK(client.talk("a LIST \"\" (INBOX Sent) RETURN (STATUS (MESSAGES UNSEEN))\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 1 UNSEEN 1)\r\n"
        "* LIST (\\HasNoChildren) \"/\" Sent\r\n* STATUS Sent (MESSAGES 0 UNSEEN 0)\r\na OK LIST completed\r\n");
}

TEST_CASE_METHOD(ImapFixture, "STATUS tells every item, RFC 9051 6.3.11") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  const std::string message = letter("one");
  deliver("INBOX", message);
  deliver("INBOX", message, store::mail::kSeen | store::mail::kDeleted);
  ImapClient client(*this, {step, true, true});
  client.login();
  CHECK(client.talk("a STATUS inbox (MESSAGES RECENT UIDNEXT UNSEEN DELETED SIZE)\r\n") ==
        "* STATUS INBOX (MESSAGES 2 RECENT 2 UIDNEXT 3 UNSEEN 1 DELETED 1 SIZE " + std::to_string(2 * message.size()) +
            ")\r\na OK STATUS completed\r\n");
  CHECK(client.talk("b STATUS Nothing (MESSAGES)\r\n") == "b NO [NONEXISTENT] No such mailbox\r\n");
}

TEST_CASE_METHOD(ImapFixture, "SELECT opens, EXAMINE changes nothing, RFC 9051 6.3.2, 6.3.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  deliver("INBOX", letter("one"), store::mail::kSeen);
  deliver("INBOX", letter("two"), 0, {"Work"});
  const auto validity = std::to_string(
      mail->env()
          .read([&](const store::mail::ReadTxn& txn) { return store::mail::load_mailbox(txn, box("INBOX")); })
          ->uid_validity);
  const std::string flags = "\\Answered \\Flagged \\Deleted \\Seen \\Draft Work";
  const std::string counts =
      "* 2 EXISTS\r\n* 2 RECENT\r\n* OK [UNSEEN 2] First unseen\r\n* OK [UIDVALIDITY " + validity +
      "] UIDs valid\r\n* OK [UIDNEXT 3] Predicted next UID\r\n* OK [HIGHESTMODSEQ 3] Highest\r\n" +
      "* OK [MAILBOXID (F1-" + validity + ")] Ok\r\n";
  ImapClient client(*this, {step, true, true});
  client.login();
  CHECK(client.talk("a EXAMINE INBOX\r\n") == "* FLAGS (" + flags +
                                                  ")\r\n* OK [PERMANENTFLAGS ()] No permanent flags permitted\r\n" +
                                                  counts + "a OK [READ-ONLY] EXAMINE completed\r\n");
  CHECK(client.talk("b SELECT inbox\r\n") == "* OK [CLOSED] Previous mailbox closed\r\n* FLAGS (" + flags +
                                                 ")\r\n* OK [PERMANENTFLAGS (" + flags + " \\*)] Flags permitted\r\n" +
                                                 counts + "b OK [READ-WRITE] SELECT completed\r\n");
  // The messages have been shown as \Recent once.
  CHECK(client.talk("c SELECT INBOX\r\n").find("* 0 RECENT\r\n") != std::string::npos);
  CHECK(client.talk("d SELECT Nothing\r\n") ==
        "* OK [CLOSED] Previous mailbox closed\r\nd NO [NONEXISTENT] No such mailbox\r\n");
  CHECK(client.talk("e CHECK\r\n") == "e BAD Not possible in this state\r\n");
}

TEST_CASE_METHOD(ImapFixture, "a mailbox opened with EXAMINE refuses changes, RFC 9051 6.3.3") {
  deliver("INBOX", letter("one"), store::mail::kDeleted);
  ImapClient client(*this);
  client.login();
  client.talk("x EXAMINE INBOX\r\n");
  CHECK(client.talk("a STORE 1 +FLAGS (\\Seen)\r\n") == "a NO [NOPERM] Mailbox is open read-only\r\n");
  CHECK(client.talk("b EXPUNGE\r\n") == "b NO [NOPERM] Mailbox is open read-only\r\n");
  CHECK(client.talk("c MOVE 1 Trash\r\n") == "c NO [NOPERM] Mailbox is open read-only\r\n");
  CHECK(client.talk("d FETCH 1 BODY[TEXT]\r\n") ==
        "* 1 FETCH (BODY[TEXT] {7}\r\nHello\r\n)\r\nd OK FETCH completed\r\n");
  CHECK(client.talk("e FETCH 1 FLAGS\r\n") == "* 1 FETCH (FLAGS (\\Deleted \\Recent))\r\ne OK FETCH completed\r\n");
  CHECK(client.talk("f CLOSE\r\n") == "f OK CLOSE completed\r\n");
  CHECK(client.talk("g STATUS INBOX (MESSAGES)\r\n").find("MESSAGES 1") != std::string::npos);
}

TEST_CASE_METHOD(ImapFixture, "deleting the selected mailbox closes it") {
  ImapClient client(*this);
  client.login();
  client.talk("x CREATE Work\r\nx SELECT Work\r\n");
  CHECK(client.talk("a DELETE Work\r\n") ==
        "* OK [CLOSED] The selected mailbox has been deleted\r\na OK DELETE completed\r\n");
  CHECK(client.talk("b FETCH 1 FLAGS\r\n") == "b BAD Not possible in this state\r\n");
}

TEST_CASE_METHOD(ImapFixture, "the selected mailbox deleted by another session ends this one, RFC 2180 3.3") {
  ImapClient anna(*this);
  ImapClient other(*this);
  anna.login();
  anna.talk("x CREATE Work\r\nx SELECT Work\r\n");
  other.login();
  CHECK(other.talk("a DELETE Work\r\n") == "a OK DELETE completed\r\n");
  CHECK(anna.talk("b NOOP\r\n") == "* BYE The selected mailbox has been deleted\r\n");
  CHECK(anna.done());
}
