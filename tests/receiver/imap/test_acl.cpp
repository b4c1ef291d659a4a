// ACL, RFC 4314: the commands about lists, shared mailboxes in every command, and what happens when rights change.
#include "tests/receiver/imap/shared.hpp"

using namespace hearthmail;
using test::Anna;
using test::Bert;
using test::ImapClient;
using test::kPlans;
using test::letter;
using test::SharedFixture;
using test::tagged;

TEST_CASE_METHOD(SharedFixture, "SETACL, GETACL, DELETEACL, RFC 4314 3.1 to 3.3") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  Anna anna(*this, step);
  CHECK(anna.talk("a GETACL Plans\r\n") == "* ACL Plans anna@example.test lrswipkxteacd\r\na OK GETACL completed\r\n");
  CHECK(anna.talk("b SETACL Plans bert@example.test lrs\r\n") == "b OK SETACL completed\r\n");
  CHECK(anna.talk("c SETACL Plans bert@example.test +wd\r\n") == "c OK SETACL completed\r\n");
  CHECK(anna.talk("d SETACL Plans bert@example.test -s\r\n") == "d OK SETACL completed\r\n");
  CHECK(anna.talk("e SETACL Plans anyone l\r\n") == "e OK SETACL completed\r\n");
  CHECK(anna.talk("f SETACL Plans -bert@example.test e\r\n") == "f OK SETACL completed\r\n");
  CHECK(anna.talk("g GETACL Plans\r\n") ==
        "* ACL Plans anna@example.test lrswipkxteacd anyone l bert@example.test lrwted -bert@example.test ed\r\n"
        "g OK GETACL completed\r\n");
  CHECK(anna.talk("h DELETEACL Plans bert@example.test\r\n") == "h OK DELETEACL completed\r\n");
  CHECK(anna.talk("i GETACL Plans\r\n") ==
        "* ACL Plans anna@example.test lrswipkxteacd anyone l -bert@example.test ed\r\ni OK GETACL completed\r\n");
  CHECK(anna.talk("j DELETEACL Plans -bert@example.test\r\nk SETACL Plans anyone \"\"\r\n") ==
        "j OK DELETEACL completed\r\nk OK SETACL completed\r\n");
  CHECK(anna.talk("l GETACL Plans\r\n") == "* ACL Plans anna@example.test lrswipkxteacd\r\nl OK GETACL completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "what SETACL refuses, and with which word, RFC 4314 3.1") {
  Anna anna(*this);
  CHECK(anna.talk("a SETACL Plans bert@example.test lrQ\r\n") == "a BAD Upper-case rights are not allowed\r\n");
  CHECK(anna.talk("b SETACL Plans bert@example.test lrq\r\n") == "b BAD The right \"q\" is not supported\r\n");
  CHECK(anna.talk("c SETACL Plans \"\" lr\r\n").starts_with("c BAD "));
  CHECK(anna.talk("d SETACL Plans - lr\r\n").starts_with("d BAD "));
  CHECK(anna.talk("e SETACL Plans nobody@example.test lr\r\n") ==
        "e NO [CANNOT] No account of this server has that address\r\n");
  CHECK(anna.talk("f SETACL Nothing bert@example.test lr\r\n") == "f NO [NONEXISTENT] No such mailbox\r\n");
  CHECK(anna.talk("g SETACL Plans bert@example.test\r\n").starts_with("g BAD "));
  CHECK(anna.talk("h GETACL Plans\r\n") == "* ACL Plans anna@example.test lrswipkxteacd\r\nh OK GETACL completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "identifiers are prepared with SASLprep, RFC 4314 3, RFC 4013") {
  Anna anna(*this);
  // A soft hyphen is mapped to nothing, a full-width letter to its usual form.
  CHECK(anna.talk("a SETACL Plans {19+}\r\nbert\xC2\xAD@example.test lr\r\n") == "a OK SETACL completed\r\n");
  CHECK(anna.talk("b SETACL Plans {20+}\r\n-\xEF\xBD\x82"
                  "ert@example.test r\r\n") == "b OK SETACL completed\r\n");
  CHECK(anna.talk("c GETACL Plans\r\n") ==
        "* ACL Plans anna@example.test lrswipkxteacd bert@example.test lr -bert@example.test r\r\n"
        "c OK GETACL completed\r\n");
  CHECK(anna.talk("d DELETEACL Plans {19+}\r\n\xC2\xAD"
                  "bert@example.test\r\n") == "d OK DELETEACL completed\r\n");
  CHECK(anna.talk("e GETACL Plans\r\n") ==
        "* ACL Plans anna@example.test lrswipkxteacd -bert@example.test r\r\ne OK GETACL completed\r\n");
  CHECK(tagged(anna.talk("f LISTRIGHTS Plans {19+}\r\nbert\xC2\xAD@example.test\r\n"), "f") ==
        "OK LISTRIGHTS completed");
  // Nothing left of it, a control character, right and left mixed: BAD, whoever asks for whatever mailbox.
  for (const char* bad : {"{2+}\r\n\xC2\xAD", "{3+}\r\n-\xC2\xAD", "{1+}\r\n\a", "{3+}\r\n\xD8\xA7\x31"}) {
    Anna other(*this);  // too many BADs end a session
    for (const char* mailbox : {"Plans", "Nothing"}) {
      const std::string at = std::string(mailbox) + " " + bad;
      INFO(at);
      CHECK(other.talk("g SETACL " + at + " lr\r\n").starts_with("g BAD "));
      CHECK(other.talk("h DELETEACL " + at + "\r\n").starts_with("h BAD "));
      CHECK(other.talk("i LISTRIGHTS " + at + "\r\n").starts_with("i BAD "));
    }
  }
}

TEST_CASE_METHOD(SharedFixture, "the owner cannot lock himself out, RFC 4314 2") {
  Anna anna(*this);
  for (const char* change :
       {"anna@example.test lr", "anna@example.test -a", "-anna@example.test a", "anna@example.test \"\""}) {
    CHECK(tagged(anna.talk(std::string("a SETACL Plans ") + change + "\r\n"), "a") ==
          "NO [CANNOT] The owner has every right; none can be taken away");
  }
  CHECK(tagged(anna.talk("b DELETEACL Plans anna@example.test\r\n"), "b").starts_with("NO [CANNOT]"));
  CHECK(anna.talk("c SETACL Plans anna@example.test lrswipkxtea\r\n") == "c OK SETACL completed\r\n");
  CHECK(anna.talk("d SETACL Plans anna@example.test +a\r\n") == "d OK SETACL completed\r\n");
  // Nor does "anyone" reach him.
  CHECK(anna.talk("e SETACL Plans -anyone lrswipkxtea\r\n") == "e OK SETACL completed\r\n");
  CHECK(anna.talk("f MYRIGHTS Plans\r\n") == "* MYRIGHTS Plans lrswipkxteacd\r\nf OK MYRIGHTS completed\r\n");
  CHECK(tagged(anna.talk("g SELECT Plans\r\n"), "g") == "OK [READ-WRITE] SELECT completed");
}

TEST_CASE_METHOD(SharedFixture, "LISTRIGHTS and MYRIGHTS, RFC 4314 3.4, 3.5") {
  Anna anna(*this);
  CHECK(anna.talk("a LISTRIGHTS Plans bert@example.test\r\n") ==
        "* LISTRIGHTS Plans bert@example.test \"\" l r s w i p k x t e a c d\r\na OK LISTRIGHTS completed\r\n");
  CHECK(anna.talk("b LISTRIGHTS Plans anna@example.test\r\n") ==
        "* LISTRIGHTS Plans anna@example.test lrswipkxteacd\r\nb OK LISTRIGHTS completed\r\n");
  CHECK(anna.talk("c LISTRIGHTS Plans anyone\r\n").starts_with("* LISTRIGHTS Plans anyone \"\" l r "));
  grant("lrs");
  Bert bert(*this);
  CHECK(bert.talk("d MYRIGHTS " + kPlans + "\r\n") == "* MYRIGHTS " + kPlans + " lrs\r\nd OK MYRIGHTS completed\r\n");
  CHECK(bert.talk("e MYRIGHTS INBOX\r\n") == "* MYRIGHTS INBOX lrswipkxteacd\r\ne OK MYRIGHTS completed\r\n");
  grant("swpt");  // none of those that MYRIGHTS asks for
  CHECK(bert.talk("f MYRIGHTS " + kPlans + "\r\n") == "f NO [NONEXISTENT] No such mailbox\r\n");
  grant("i");
  CHECK(bert.talk("g MYRIGHTS " + kPlans + "\r\n") == "* MYRIGHTS " + kPlans + " i\r\ng OK MYRIGHTS completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "one who may administer gives rights on, also to himself, RFC 4314 2.1") {
  grant("la");
  Bert bert(*this);
  CHECK(bert.talk("a SETACL " + kPlans + " carl@example.test lr\r\nb SETACL " + kPlans +
                  " bert@example.test lra\r\n") == "a OK SETACL completed\r\nb OK SETACL completed\r\n");
  CHECK(bert.talk("c GETACL " + kPlans + "\r\n") ==
        "* ACL " + kPlans +
            " anna@example.test lrswipkxteacd bert@example.test lra carl@example.test lr\r\n"
            "c OK GETACL completed\r\n");
  CHECK(tagged(bert.talk("d SETACL " + kPlans + " anna@example.test \"\"\r\n"), "d").starts_with("NO [CANNOT]"));
  ImapClient carl(*this);
  carl.talk("login LOGIN carl@example.test secret\r\n");
  CHECK(carl.talk("e LIST \"\" Shared/%/*\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" " + kPlans + "\r\ne OK LIST completed\r\n");
}

TEST_CASE_METHOD(SharedFixture,
                 "other users' mailboxes are listed below their owner's address, RFC 2342 5, RFC 4314 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  make("Plans/Secret/Deep");
  Bert bert(*this, step);
  CHECK(bert.talk("a LIST \"\" *\r\n").find("Shared") == std::string::npos);
  grant("l", "Plans/Secret/Deep");
  grant("lr", "Sent");
  CHECK(bert.talk("b LIST \"\" Shared*\r\n") ==
        "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Shared\r\n"
        "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Shared/anna@example.test\r\n"
        "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Shared/anna@example.test/Plans\r\n"
        "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Shared/anna@example.test/Plans/Secret\r\n"
        "* LIST (\\HasNoChildren) \"/\" Shared/anna@example.test/Plans/Secret/Deep\r\n"
        // Another's Sent is not bert's: no special use.
        "* LIST (\\HasNoChildren) \"/\" Shared/anna@example.test/Sent\r\nb OK LIST completed\r\n");
  CHECK(bert.talk("c LIST Shared/anna@example.test/ %\r\n") ==
        "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Shared/anna@example.test/Plans\r\n"
        "* LIST (\\HasNoChildren) \"/\" Shared/anna@example.test/Sent\r\nc OK LIST completed\r\n");
  // Not the user's own, and not by another spelling.
  Anna anna(*this);
  CHECK(anna.talk("d STATUS Shared/anna@example.test/Plans (MESSAGES)\r\n") ==
        "d NO [NONEXISTENT] No such mailbox\r\n");
  CHECK(bert.talk("e STATUS Shared/Anna@example.test/Sent (MESSAGES)\r\n") == "e NO [NONEXISTENT] No such mailbox\r\n");
  CHECK(bert.talk("f LIST (SPECIAL-USE) \"\" *\r\n").find("Shared") == std::string::npos);
}

TEST_CASE_METHOD(SharedFixture, "LIST RETURN (MYRIGHTS), RFC 8440 3") {
  grant("lrs");
  grant("l", "Sent");
  Bert bert(*this);
  CHECK(bert.talk("a LIST \"\" Shared/%/* RETURN (MYRIGHTS STATUS (MESSAGES))\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" " + kPlans + "\r\n* MYRIGHTS " + kPlans + " lrs\r\n* STATUS " + kPlans +
            " (MESSAGES 1)\r\n"
            "* LIST (\\HasNoChildren) \"/\" Shared/anna@example.test/Sent\r\n"
            "* MYRIGHTS Shared/anna@example.test/Sent l\r\na OK LIST completed\r\n");
  CHECK(bert.talk("b LIST \"\" INBOX RETURN (MYRIGHTS)\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* MYRIGHTS INBOX lrswipkxteacd\r\nb OK LIST completed\r\n");
  CHECK(bert.talk("c LIST \"\" Shared RETURN (MYRIGHTS)\r\n") ==
        "* LIST (\\NonExistent \\Noselect \\HasChildren) \"/\" Shared\r\nc OK LIST completed\r\n");
}

TEST_CASE_METHOD(SharedFixture,
                 "shared mailboxes are subscribed like own ones; what goes away is only a name, RFC 4314 4") {
  grant("lr");
  Bert bert(*this);
  CHECK(bert.talk("a SUBSCRIBE " + kPlans + "\r\nb LSUB \"\" Shared/*\r\n") ==
        "a OK SUBSCRIBE completed\r\n* LSUB () \"/\" " + kPlans + "\r\nb OK LSUB completed\r\n");
  grant("r");
  CHECK(bert.talk("c LSUB \"\" Shared/*\r\n") == "* LSUB (\\Noselect) \"/\" " + kPlans + "\r\nc OK LSUB completed\r\n");
  CHECK(bert.talk("d LIST (SUBSCRIBED) \"\" Shared/*\r\n") ==
        "* LIST (\\NonExistent \\Noselect \\HasNoChildren \\Subscribed) \"/\" " + kPlans +
            "\r\nd OK LIST completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "SELECT tells what the rights allow, RFC 4314 5.1.1, 5.2") {
  Bert bert(*this);
  const auto select = [&](std::string_view rights) {
    grant(rights);
    const std::string answer = bert.talk("a SELECT " + kPlans + "\r\n");
    const auto at = answer.find("[PERMANENTFLAGS ") + 16;
    return answer.substr(at, answer.find(']', at) - at) + " " + tagged(answer, "a").substr(3, 12);
  };
  CHECK(select("lr") == "() [READ-ONLY] ");
  CHECK(select("lrpkxa") == "() [READ-ONLY] ");
  CHECK(select("lrs") == "(\\Seen) [READ-WRITE]");
  CHECK(select("lrt") == "(\\Deleted) [READ-WRITE]");
  CHECK(select("lrw") == "(\\Answered \\Flagged \\Draft \\*) [READ-WRITE]");
  CHECK(select("lrswt") == "(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*) [READ-WRITE]");
  CHECK(select("lri") == "() [READ-WRITE]");
  CHECK(select("lre") == "() [READ-WRITE]");
  CHECK(tagged(bert.talk("b EXAMINE " + kPlans + "\r\n"), "b") == "OK [READ-ONLY] EXAMINE completed");
}

TEST_CASE_METHOD(SharedFixture, "one state of a message for all: the owner sees what others set") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  grant("lrsw");
  Anna anna(*this, step);
  Bert bert(*this, step);
  anna.talk("s SELECT Plans\r\n");
  bert.talk("s SELECT " + kPlans + "\r\n");
  CHECK(bert.talk("a FETCH 1 BODY[TEXT]\r\n") ==
        "* 1 FETCH (BODY[TEXT] {16}\r\nCANARY of anna\r\n FLAGS (\\Seen))\r\na OK FETCH completed\r\n");
  CHECK(bert.talk("b STORE 1 +FLAGS.SILENT ($Work)\r\n").ends_with("b OK STORE completed\r\n"));
  const std::string news = anna.talk("c NOOP\r\n");
  CHECK(news.find("* 1 FETCH (UID 1 FLAGS (") != std::string::npos);
  CHECK(news.find("\\Seen") != std::string::npos);
  CHECK(news.find("$Work", news.find(" FETCH (")) != std::string::npos);
}

TEST_CASE_METHOD(SharedFixture, "without s FETCH leaves messages unseen, RFC 4314 4; \\Recent stays the owner's") {
  grant("lrw");
  Bert bert(*this);
  bert.talk("s SELECT " + kPlans + "\r\n");
  CHECK(bert.talk("a FETCH 1 BODY[TEXT]\r\n") ==
        "* 1 FETCH (BODY[TEXT] {16}\r\nCANARY of anna\r\n)\r\na OK FETCH completed\r\n");
  Anna anna(*this);
  CHECK(anna.talk("s SELECT Plans\r\n").find("* 1 RECENT\r\n") != std::string::npos);
  CHECK(anna.talk("b FETCH 1 FLAGS\r\n") == "* 1 FETCH (FLAGS (\\Recent))\r\nb OK FETCH completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "STORE sets what it may and fails only when that is nothing, RFC 4314 4") {
  deliver("Plans", letter("two"), store::mail::kFlagged | store::mail::kDeleted);
  grant("lrs");
  Bert bert(*this);
  bert.talk("s SELECT " + kPlans + "\r\n");
  CHECK(bert.talk("a STORE 1 +FLAGS (\\Seen \\Deleted \\Flagged $Work)\r\n") ==
        "* 1 FETCH (FLAGS (\\Seen \\Recent))\r\na OK STORE completed\r\n");
  CHECK(bert.talk("b STORE 2 FLAGS (\\Seen \\Answered)\r\n") ==
        "* 2 FETCH (FLAGS (\\Flagged \\Deleted \\Seen \\Recent))\r\nb OK STORE completed\r\n");
  CHECK(bert.talk("c STORE 2 FLAGS ()\r\n") ==
        "* 2 FETCH (FLAGS (\\Flagged \\Deleted \\Recent))\r\nc OK STORE completed\r\n");
  CHECK(bert.talk("d STORE 2 +FLAGS (\\Flagged \\Deleted)\r\n") ==
        "d NO [NOPERM] You lack the right \"wt\" on this mailbox\r\n");
  CHECK(bert.talk("e STORE 2 -FLAGS (\\Flagged)\r\n") == "e NO [NOPERM] You lack the right \"w\" on this mailbox\r\n");
}

TEST_CASE_METHOD(SharedFixture, "COPY, MOVE and APPEND leave out the flags that may not be set, RFC 4314 4") {
  grant("lri");
  Bert bert(*this);
  bert.talk("s APPEND INBOX (\\Seen \\Flagged \\Deleted $Work) {12+}\r\nSubject: a\r\n\r\n");
  bert.talk("s SELECT INBOX\r\n");
  CHECK(tagged(bert.talk("a COPY 1 " + kPlans + "\r\n"), "a").starts_with("OK [COPYUID "));
  CHECK(tagged(bert.talk("b APPEND " + kPlans + " (\\Seen \\Draft $Work) {12+}\r\nSubject: b\r\n\r\n"), "b")
            .starts_with("OK [APPENDUID "));
  grant("lrist");
  CHECK(tagged(bert.talk("c MOVE 1 " + kPlans + "\r\n"), "c") == "OK MOVE completed");
  Anna anna(*this);
  anna.talk("s EXAMINE Plans\r\n");
  const std::string flags = anna.talk("d FETCH 2:4 FLAGS\r\n");
  CHECK(flags ==
        "* 2 FETCH (FLAGS (\\Recent))\r\n* 3 FETCH (FLAGS (\\Recent))\r\n"
        "* 4 FETCH (FLAGS (\\Deleted \\Seen \\Recent))\r\nd OK FETCH completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "CLOSE without e leaves and keeps, RFC 4314 4") {
  grant("lrt");
  Bert bert(*this);
  bert.talk("s SELECT " + kPlans + "\r\nt STORE 1 +FLAGS.SILENT (\\Deleted)\r\n");
  CHECK(bert.talk("a CLOSE\r\n") == "a OK CLOSE completed\r\n");
  CHECK(bert.talk("b STATUS " + kPlans + " (MESSAGES DELETED)\r\n") ==
        "* STATUS " + kPlans + " (MESSAGES 1 DELETED 1)\r\nb OK STATUS completed\r\n");
  grant("lre");
  CHECK(bert.talk("c SELECT " + kPlans + "\r\n").find("[READ-WRITE]") != std::string::npos);
  CHECK(bert.talk("d CLOSE\r\n") == "d OK CLOSE completed\r\n");
  CHECK(bert.talk("e STATUS " + kPlans + " (MESSAGES)\r\n") ==
        "* STATUS " + kPlans + " (MESSAGES 0)\r\ne OK STATUS completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "mailboxes made below a shared one belong to its owner and have its list, RFC 4314 4") {
  grant("lrkx");
  Bert bert(*this);
  CHECK(test::made(bert.talk("a CREATE " + kPlans + "/New/Sub\r\n"), "a"));
  CHECK(bert.talk("b MYRIGHTS " + kPlans + "/New/Sub\r\n") ==
        "* MYRIGHTS " + kPlans + "/New/Sub lrkxc\r\nb OK MYRIGHTS completed\r\n");
  CHECK(box("Plans/New/Sub").value > 0);
  CHECK(bert.talk("c RENAME " + kPlans + "/New " + kPlans + "/Old\r\n") == "c OK RENAME completed\r\n");
  CHECK(bert.talk("d LIST \"\" " + kPlans + "/*\r\n") == "* LIST (\\HasChildren) \"/\" " + kPlans +
                                                             "/Old\r\n* LIST (\\HasNoChildren) \"/\" " + kPlans +
                                                             "/Old/Sub\r\nd OK LIST completed\r\n");
  // Not out of the account, not to its top, not when one below may not move.
  CHECK(bert.talk("e RENAME " + kPlans + "/Old Mine\r\n") ==
        "e NO [CANNOT] A mailbox stays in the account of its owner\r\n");
  CHECK(bert.talk("f RENAME " + kPlans + "/Old Shared/anna@example.test/Top\r\n") ==
        "f NO [NOPERM] You may not make mailboxes there\r\n");
  CHECK(bert.talk("g CREATE Shared/anna@example.test/Top\r\n") == "g NO [NOPERM] You may not make mailboxes there\r\n");
  CHECK(bert.talk("h CREATE Shared/nobody@example.test/Top\r\n") ==
        "h NO [NOPERM] You may not make mailboxes there\r\n");
  CHECK(bert.talk("i CREATE Shared\r\n").starts_with("i NO [CANNOT]"));
  CHECK(bert.talk("j CREATE " + kPlans + "/Junk (USE (\\Junk))\r\n").starts_with("j NO [USEATTR]"));
  grant("lr", "Plans/Old/Sub");
  CHECK(bert.talk("k RENAME " + kPlans + "/Old " + kPlans + "/Older\r\n") ==
        "k NO [NOPERM] You may not rename every mailbox below it\r\n");
  CHECK(bert.talk("l RENAME INBOX " + kPlans + "/Mail\r\n") ==
        "l NO [CANNOT] A mailbox stays in the account of its owner\r\n");
  grant("lrkx", "INBOX");
  CHECK(tagged(bert.talk("m RENAME Shared/anna@example.test/INBOX " + kPlans + "/Mail\r\n"), "m")
            .starts_with("NO [CANNOT]"));
  CHECK(bert.talk("n DELETE " + kPlans + "/Old\r\n") == "n OK DELETE completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "a multi-mailbox search looks into shared mailboxes that may be read, RFC 7377 2.2") {
  grant("lr");
  grant("l", "Sent");
  deliver("Sent", letter("plan"));
  Bert bert(*this);
  CHECK(bert.talk("a ESEARCH IN (subtree Shared) SUBJECT plan\r\n").find("MAILBOX " + kPlans + " ") !=
        std::string::npos);
  CHECK(bert.talk("b ESEARCH IN (subtree Shared) SUBJECT plan\r\n").find("Sent") == std::string::npos);
  CHECK(bert.talk("c ESEARCH IN (mailboxes " + kPlans + ") ALL\r\n").find("ALL 1\r\n") != std::string::npos);
  CHECK(bert.talk("d ESEARCH IN (personal inboxes) SUBJECT plan\r\n") == "d OK ESEARCH completed\r\n");
  grant("r");  // selected: r is enough
  bert.talk("s SELECT " + kPlans + "\r\n");
  CHECK(bert.talk("e ESEARCH IN (selected) SUBJECT plan\r\n").find("ALL 1\r\n") != std::string::npos);
  CHECK(bert.talk("f ESEARCH IN (mailboxes Shared) SUBJECT plan\r\n") == "f OK ESEARCH completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "IDLE in a shared mailbox tells what its owner does, and the other way round") {
  grant("lrswte");
  Anna anna(*this);
  Bert bert(*this);
  bert.talk("s SELECT " + kPlans + "\r\n");
  CHECK(bert.talk("a IDLE\r\n") == "+ idling\r\n");
  deliver("Plans", letter("new"));
  CHECK(bert.until("RECENT").find("* 2 EXISTS\r\n") == 0);
  anna.talk("s SELECT Plans\r\nt STORE 1 +FLAGS (\\Flagged)\r\n");
  CHECK(bert.until("FETCH").find("* 1 FETCH (UID 1 FLAGS (\\Flagged") == 0);
  anna.talk("u IDLE\r\n");
  bert.talk("DONE\r\n");
  bert.talk("b STORE 1 +FLAGS (\\Deleted)\r\n");
  bert.talk("c EXPUNGE\r\n");
  CHECK(anna.until("EXPUNGE").find("* 1 EXPUNGE\r\n") != std::string::npos);
}

TEST_CASE_METHOD(SharedFixture, "rights that change are told before the next answer, RFC 4314 5.1.1, RFC 9051 7.1") {
  grant("lrst");
  Bert bert(*this);
  bert.talk("s SELECT " + kPlans + "\r\n");
  grant("lrs");
  CHECK(bert.talk("a NOOP\r\n") ==
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK [PERMANENTFLAGS (\\Seen)] Flags permitted\r\n"
        "a OK NOOP completed\r\n");
  CHECK(bert.talk("b STORE 1 +FLAGS (\\Deleted)\r\n") == "b NO [NOPERM] You lack the right \"t\" on this mailbox\r\n");
  grant("lr");
  CHECK(bert.talk("c STORE 1 +FLAGS (\\Seen)\r\n") ==
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
        "* OK [PERMANENTFLAGS ()] No permanent flags permitted\r\n* OK [READ-ONLY] Rights were withdrawn\r\n"
        "c NO [NOPERM] You lack the right \"s\" on this mailbox\r\n");
  grant("lre");
  CHECK(bert.talk("d NOOP\r\n").find("* OK [READ-WRITE] Rights were granted\r\n") != std::string::npos);
}

TEST_CASE_METHOD(SharedFixture, "who may not read any more is sent away, in IDLE at once, RFC 4314 5.1.1") {
  grant("lrs");
  Bert bert(*this), idle(*this), gone(*this);
  for (auto* client : {&bert, &idle, &gone}) client->talk("s SELECT " + kPlans + "\r\n");
  CHECK(idle.talk("a IDLE\r\n") == "+ idling\r\n");
  grant("ls");
  const std::string bye = "* BYE The selected mailbox is no longer available\r\n";
  CHECK(idle.until("BYE") == bye);
  CHECK(bert.talk("b FETCH 1 BODY[]\r\n") == bye);
  // A mailbox that is deleted ends in the same words.
  const base::MailboxId plans = box("Plans");
  REQUIRE(mail->env().write([&](store::mail::WriteTxn& txn) { return store::mail::delete_mailbox(txn, plans); }).ok());
  CHECK(gone.talk("c NOOP\r\n") == bye);
  CHECK((bert.done() && idle.done() && gone.done()));
}

TEST_CASE_METHOD(SharedFixture, "a mailbox that is shared while others look on is there at the next LIST") {
  Anna anna(*this);
  Bert bert(*this);
  CHECK(bert.talk("a LIST \"\" Shared/*\r\n") == "a OK LIST completed\r\n");
  anna.talk("a SETACL Plans bert@example.test lr\r\n");
  CHECK(bert.talk("b LIST \"\" Shared/*/Plans\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" " + kPlans + "\r\nb OK LIST completed\r\n");
  anna.talk("b RENAME Plans Goals\r\n");
  CHECK(bert.talk("c LIST \"\" Shared/%/%\r\n") ==
        "* LIST (\\HasNoChildren) \"/\" Shared/anna@example.test/Goals\r\nc OK LIST completed\r\n");
  anna.talk("c DELETE Goals\r\n");
  CHECK(bert.talk("d LIST \"\" Shared/*\r\n") == "d OK LIST completed\r\n");
}

TEST_CASE_METHOD(SharedFixture, "an own mailbox below Shared/ from before stays the user's own") {
  const auto make_own = [](store::mail::WriteTxn& txn) {
    return store::mail::create_mailbox(txn, kBert, "Shared/anna@example.test/Plans");
  };
  REQUIRE(mail->env().write(make_own).ok());
  grant("lr");
  Bert bert(*this);
  CHECK(bert.talk("a STATUS " + kPlans + " (MESSAGES)\r\n") ==
        "* STATUS " + kPlans + " (MESSAGES 0)\r\na OK STATUS completed\r\n");
  CHECK(bert.talk("b DELETE " + kPlans + "\r\nc STATUS " + kPlans + " (MESSAGES)\r\n") ==
        "b OK DELETE completed\r\n* STATUS " + kPlans + " (MESSAGES 1)\r\nc OK STATUS completed\r\n");
}
