#include <chrono>

#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/limits.hpp"
#include "receiver/imap/table.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::test;

namespace {

// Five letters in INBOX, one in Archive; INBOX is selected.
struct Five : ImapFixture {
  explicit Five(std::size_t step = 4096) : client(*this, {step, true, true}) {
    deliver("INBOX", letter("one"));
    deliver("INBOX", letter("two"), store::mail::kSeen);
    deliver("INBOX", letter("Re: one"), store::mail::kFlagged);
    deliver("INBOX", letter("four"), store::mail::kSeen);
    deliver("INBOX", letter("five"), store::mail::kFlagged);
    deliver("Archive", letter("one"), store::mail::kFlagged);
    client.open();
  }
  ImapClient client;
};

}  // namespace

TEST_CASE("SAVE keeps a result for $, RFC 5182", "[imap][search]") {
  Five five(GENERATE(std::size_t{1}, 3u, 4096u));
  auto& client = five.client;
  CHECK(client.talk("a SEARCH $\r\n") == "* SEARCH\r\na OK SEARCH completed\r\n");
  CHECK(client.talk("b SEARCH RETURN (SAVE) FLAGGED\r\n") == "b OK SEARCH completed\r\n");
  CHECK(client.talk("c FETCH $ (UID)\r\n") == "* 3 FETCH (UID 3)\r\n* 5 FETCH (UID 5)\r\nc OK FETCH completed\r\n");
  CHECK(client.talk("d UID SEARCH $ SUBJECT five\r\n") == "* SEARCH 5\r\nd OK UID SEARCH completed\r\n");
  CHECK(client.talk("e UID SEARCH UID $\r\n") == "* SEARCH 3 5\r\ne OK UID SEARCH completed\r\n");
  CHECK(client.talk("f STORE $ +FLAGS.SILENT (\\Deleted)\r\n") == "f OK STORE completed\r\n");
  CHECK(client.talk("g COPY $ Archive\r\n").find("COPYUID") != std::string::npos);
  CHECK(client.talk("h UID EXPUNGE $\r\n") == "* 3 EXPUNGE\r\n* 4 EXPUNGE\r\nh OK UID EXPUNGE completed\r\n");
  // What is gone is passed over, in every command.
  CHECK(client.talk("i FETCH $ (UID)\r\n") == "i OK FETCH completed\r\n");
  CHECK(client.talk("j UID MOVE $ Archive\r\n") == "j OK UID MOVE completed\r\n");
}

TEST_CASE("what SAVE keeps beside other options, RFC 5182 2.4", "[imap][search]") {
  Five five;
  auto& client = five.client;
  const auto kept = [&client](const std::string& options) {
    client.talk("a SEARCH RETURN (" + options + ") ALL\r\n");
    const std::string shown = client.talk("b SEARCH $\r\n");
    return shown.substr(0, shown.find('\r'));
  };
  CHECK(kept("SAVE") == "* SEARCH 1 2 3 4 5");
  CHECK(kept("SAVE MIN") == "* SEARCH 1");
  CHECK(kept("SAVE MAX") == "* SEARCH 5");
  CHECK(kept("SAVE MIN MAX") == "* SEARCH 1 5");
  CHECK(kept("SAVE MIN COUNT") == "* SEARCH 1 2 3 4 5");
  CHECK(kept("SAVE MIN ALL") == "* SEARCH 1 2 3 4 5");
  CHECK(kept("SAVE PARTIAL 2:3") == "* SEARCH 2 3");
  CHECK(kept("SAVE PARTIAL 2:3 MAX") == "* SEARCH 2 3 5");
  CHECK(kept("SAVE PARTIAL -1:-2") == "* SEARCH 4 5");
}

TEST_CASE("$ is emptied by NO and by SELECT, and kept by BAD, RFC 5182 2.1", "[imap][search]") {
  Five five;
  auto& client = five.client;
  client.talk("a SEARCH RETURN (SAVE) ALL\r\n");
  CHECK(client.talk("b SEARCH RETURN (SAVE) FROB\r\n").find("b BAD") == 0);
  CHECK(client.talk("c SEARCH RETURN (COUNT) $\r\n").find("COUNT 5") != std::string::npos);
  CHECK(client.talk("d SEARCH RETURN (SAVE) CHARSET x-none TEXT x\r\n").find("d NO [BADCHARSET") == 0);
  CHECK(client.talk("e SEARCH RETURN (COUNT) $\r\n").find("COUNT 0") != std::string::npos);
  client.talk("f SEARCH RETURN (SAVE) ALL\r\n");
  client.talk("g SELECT INBOX\r\n");
  CHECK(client.talk("h SEARCH RETURN (COUNT) $\r\n").find("COUNT 0") != std::string::npos);
}

TEST_CASE("PARTIAL of SEARCH and UID FETCH, RFC 9394", "[imap][search]") {
  Five five;
  auto& client = five.client;
  CHECK(client.talk("a SEARCH RETURN (PARTIAL 2:4 COUNT) ALL\r\n") ==
        "* ESEARCH (TAG \"a\") PARTIAL (2:4 2:4) COUNT 5\r\na OK SEARCH completed\r\n");
  CHECK(client.talk("b UID SEARCH RETURN (PARTIAL -1:-2) FLAGGED\r\n") ==
        "* ESEARCH (TAG \"b\") UID PARTIAL (-1:-2 3,5)\r\nb OK UID SEARCH completed\r\n");
  CHECK(client.talk("c SEARCH RETURN (PARTIAL 9:8) ALL\r\n") ==
        "* ESEARCH (TAG \"c\") PARTIAL (9:8 NIL)\r\nc OK SEARCH completed\r\n");
  CHECK(client.talk("d UID FETCH 1:* (UID) (PARTIAL -1:-2)\r\n") ==
        "* 4 FETCH (UID 4)\r\n* 5 FETCH (UID 5)\r\nd OK UID FETCH completed\r\n");
  CHECK(client.talk("e UID FETCH 1,3:5 (UID) (PARTIAL 2:3)\r\n") ==
        "* 3 FETCH (UID 3)\r\n* 4 FETCH (UID 4)\r\ne OK UID FETCH completed\r\n");
  CHECK(client.talk("f UID FETCH 1:* (UID) (PARTIAL 6:9)\r\n") == "f OK UID FETCH completed\r\n");
}

TEST_CASE("WITHIN, RFC 5032", "[imap][search]") {
  Five five;
  five.clock.advance(std::chrono::seconds(100));
  CHECK(five.client.talk("a SEARCH RETURN (COUNT) OLDER 100\r\n").find("COUNT 5") != std::string::npos);
  CHECK(five.client.talk("b SEARCH RETURN (COUNT) OLDER 101\r\n").find("COUNT 0") != std::string::npos);
  CHECK(five.client.talk("c SEARCH RETURN (COUNT) YOUNGER 99\r\n").find("COUNT 0") != std::string::npos);
}

TEST_CASE("SORT, RFC 5256 3 and ESORT, RFC 5267 3.1", "[imap][search]") {
  Five five(GENERATE(std::size_t{1}, 4096u));
  auto& client = five.client;
  CHECK(client.talk("a SORT (SUBJECT) UTF-8 ALL\r\n") == "* SORT 5 4 1 3 2\r\na OK SORT completed\r\n");
  CHECK(client.talk("b UID SORT (REVERSE SUBJECT) US-ASCII FLAGGED\r\n") ==
        "* SORT 3 5\r\nb OK UID SORT completed\r\n");
  CHECK(client.talk("c SORT (SUBJECT) UTF-8 SUBJECT none\r\n") == "* SORT\r\nc OK SORT completed\r\n");
  CHECK(client.talk("d SORT (ARRIVAL) x-none ALL\r\n").find("d NO [BADCHARSET") == 0);
  CHECK(client.talk("e SORT RETURN (MIN MAX COUNT ALL) (SUBJECT) UTF-8 ALL\r\n") ==
        "* ESEARCH (TAG \"e\") MIN 5 MAX 2 ALL 5,4,1,3,2 COUNT 5\r\ne OK SORT completed\r\n");
  CHECK(client.talk("f UID SORT RETURN (PARTIAL 1:2 SAVE) (SUBJECT) UTF-8 ALL\r\n") ==
        "* ESEARCH (TAG \"f\") UID PARTIAL (1:2 5,4)\r\nf OK UID SORT completed\r\n");
  CHECK(client.talk("g SEARCH $\r\n") == "* SEARCH 4 5\r\ng OK SEARCH completed\r\n");
  CHECK(client.talk("h SORT (DISPLAYFROM REVERSE ARRIVAL) UTF-8 BODY hello 1:2\r\n") ==
        "* SORT 1 2\r\nh OK SORT completed\r\n");
}

TEST_CASE("THREAD, RFC 5256 3", "[imap][search]") {
  Five five(GENERATE(std::size_t{1}, 4096u));
  auto& client = five.client;
  CHECK(client.talk("a THREAD REFERENCES UTF-8 ALL\r\n") == "* THREAD (1 3)(2)(4)(5)\r\na OK THREAD completed\r\n");
  CHECK(client.talk("b UID THREAD ORDEREDSUBJECT US-ASCII 1:3\r\n") ==
        "* THREAD (1 3)(2)\r\nb OK UID THREAD completed\r\n");
  CHECK(client.talk("c THREAD REFERENCES UTF-8 SUBJECT none\r\n") == "* THREAD\r\nc OK THREAD completed\r\n");
  CHECK(client.talk("d THREAD REFERENCES x-none ALL\r\n").find("d NO [BADCHARSET") == 0);
}

TEST_CASE("ESEARCH over mailboxes, RFC 7377", "[imap][search]") {
  Five five(GENERATE(std::size_t{1}, 4096u));
  auto& client = five.client;
  const auto masked = [&](std::string text) {
    for (std::size_t at = 0; (at = text.find("UIDVALIDITY ", at)) != std::string::npos; at += 12) {
      const std::size_t end = text.find(')', at);
      text.replace(at + 12, end - at - 12, "V");
    }
    return text;
  };
  CHECK(masked(client.talk("a ESEARCH IN (personal) FLAGGED\r\n")) ==
        "* ESEARCH (TAG \"a\" MAILBOX Archive UIDVALIDITY V) UID ALL 1\r\n"
        "* ESEARCH (TAG \"a\" MAILBOX INBOX UIDVALIDITY V) UID ALL 3,5\r\na OK ESEARCH completed\r\n");
  CHECK(masked(client.talk("b ESEARCH RETURN (COUNT MIN SAVE) 2:3\r\n")) ==
        "* ESEARCH (TAG \"b\" MAILBOX INBOX UIDVALIDITY V) UID MIN 2 COUNT 2\r\nb OK ESEARCH completed\r\n");
  CHECK(client.talk("c SEARCH $\r\n") == "* SEARCH 2 3\r\nc OK SEARCH completed\r\n");
  CHECK(masked(client.talk("d ESEARCH IN (mailboxes (Archive nowhere)) RETURN (COUNT) TEXT hello\r\n")) ==
        "* ESEARCH (TAG \"d\" MAILBOX Archive UIDVALIDITY V) UID COUNT 1\r\nd OK ESEARCH completed\r\n");
  CHECK(masked(client.talk("e ESEARCH IN (inboxes selected subscribed) RETURN (MAX) UID *\r\n")) ==
        "* ESEARCH (TAG \"e\" MAILBOX Archive UIDVALIDITY V) UID MAX 1\r\n"
        "* ESEARCH (TAG \"e\" MAILBOX INBOX UIDVALIDITY V) UID MAX 5\r\ne OK ESEARCH completed\r\n");
  CHECK(client.talk("f ESEARCH IN (personal) 1:2\r\n").find("f BAD") == 0);
  CHECK(client.talk("g ESEARCH IN (personal) RETURN (SAVE) ALL\r\n").find("g BAD") == 0);
  CHECK(client.talk("h ESEARCH IN (personal) $\r\n").find("h BAD") == 0);
  CHECK(client.talk("i ESEARCH IN (subtree Arch) ALL\r\n") == "i OK ESEARCH completed\r\n");
  CHECK(client.talk("j ESEARCH IN (subtree Archive) RETURN (COUNT) NEW\r\n").find("COUNT 1") != std::string::npos);
  client.talk("k UNSELECT\r\n");
  CHECK(client.talk("l ESEARCH ALL\r\n").find("l BAD") == 0);
  CHECK(client.talk("m ESEARCH IN (subtree-one Archive) RETURN (COUNT) ALL\r\n").find("COUNT 1") != std::string::npos);
}

TEST_CASE("long answers go out in pieces", "[imap][search]") {
  ImapFixture fixture;
  const std::string text = letter("x");
  for (int i = 0; i < 3'000; ++i) fixture.deliver("INBOX", text);
  ImapClient client(fixture);
  client.open();
  client.stream.largest_write = 0;
  const std::string found = client.talk("a SEARCH ALL\r\n");
  CHECK(std::count(found.begin(), found.end(), ' ') == 3'001 + 3);
  CHECK(client.talk("b SORT (REVERSE ARRIVAL SUBJECT) UTF-8 ALL\r\n").size() > 10'000);
  CHECK(client.talk("c THREAD ORDEREDSUBJECT UTF-8 ALL\r\n").find("* THREAD (1 (2)(3)") == 0);
  CHECK(client.stream.largest_write < 3 * receiver::imap::kStepOctets);
}

namespace {

// What an operation asks of the session, step by step: W for a worker, A for the loop's other sessions' turn, D at the end.
std::string steps_of(ImapFixture& fixture, const std::string& text, std::chrono::milliseconds& longest) {
  using namespace receiver::imap;
  Connection connection(*fixture.services, true, false);
  connection.authenticated(auth::Identity{fixture.account, "anna@example.test"});
  auto view = fixture.mail->env().read([&](const store::mail::ReadTxn& txn) -> base::Result<View> {
    TRY_ASSIGN(const auto mailbox, store::mail::find_mailbox(txn, fixture.account, "INBOX"));
    return View::open(txn, mailbox, true, 1);
  });
  REQUIRE(view.ok());
  connection.selected(std::move(*view));
  auto command = parse::parse_command(text);
  REQUIRE(command.ok());
  const auto& rule = rule_for(command->verb);
  auto operation = rule.start(connection, *command);
  REQUIRE(operation.ok());
  std::string steps;
  for (;;) {
    const auto began = std::chrono::steady_clock::now();
    const auto next = (*operation)->step(connection);
    const auto took = std::chrono::steady_clock::now() - began;
    longest = std::max(longest, std::chrono::duration_cast<std::chrono::milliseconds>(took));
    REQUIRE(next.ok());
    if (*next == Next::Work) {
      steps += 'W';
      REQUIRE((*operation)->work().ok());
    } else {
      steps += *next == Next::Again ? 'A' : 'D';
    }
    if (*next == Next::Done) return steps;
  }
}

}  // namespace

TEST_CASE_METHOD(ImapFixture, "searches are cut into slices; texts and sorting go to the workers") {
  const std::string text = letter("x");
  for (std::size_t i = 0; i < 2 * receiver::imap::kStepMessages + 1; ++i) deliver("INBOX", text);
  std::chrono::milliseconds longest{0};
  const auto flags = steps_of(*this, "a SEARCH SEEN", longest);
  CHECK(flags.size() >= 3);  // at most kStepMessages in each
  CHECK(flags.find('W') == std::string::npos);
  const auto texts = steps_of(*this, "a SEARCH TEXT nowhere", longest);
  CHECK(texts.find('W') != std::string::npos);
  CHECK(texts.find('A') == std::string::npos);  // nothing of it on the loop
  const auto sorted = steps_of(*this, "a SORT (SUBJECT) UTF-8 SEEN", longest);
  CHECK(sorted.ends_with("WD"));
  const auto threads = steps_of(*this, "a THREAD REFERENCES UTF-8 SEEN", longest);
  CHECK(threads.ends_with("WD"));
  // kTurn is 10 ms; a message is never cut, and the sanitizers and a busy machine make it longer.
  CHECK(longest < std::chrono::milliseconds(500));
}
