// Every command against every right, RFC 4314 §4: refused without exactly what it needs, and then nothing has changed; and
// nothing of anna's reaches bert without a right.
#include <random>
#include <set>

#include "receiver/imap/parse/command.hpp"
#include "tests/receiver/imap/shared.hpp"

using namespace hearthmail;
using test::Bert;
using test::kPlans;
using test::letter;
using test::SharedFixture;
using test::tagged;

namespace {

struct Case {
  const char* name;
  const char* needed;   // rights, all of them
  const char* selects;  // the mailbox that is selected first; "" none. "P" is anna's Plans
  const char* command;  // P stands for anna's Plans
  const char* refused = "NO [NOPERM] ";
};

// "r" is needed by whatever selects Plans.
constexpr Case kCases[] = {
    {"STATUS", "r", "", "STATUS P (MESSAGES)"},
    {"SELECT", "r", "", "SELECT P"},
    {"EXAMINE", "r", "", "EXAMINE P"},
    {"APPEND", "i", "", "APPEND P {12+}\r\nSubject: a\r\n\r\n"},
    {"COPY into", "i", "INBOX", "COPY 1 P"},
    {"MOVE into", "i", "INBOX", "UID MOVE 1 P"},
    {"REPLACE into", "i", "INBOX", "REPLACE 1 P {12+}\r\nSubject: a\r\n\r\n"},
    {"CREATE", "k", "", "CREATE P/New"},
    {"DELETE", "x", "", "DELETE P"},
    {"RENAME", "kx", "", "RENAME P/Sub P/Other"},
    {"SETACL", "a", "", "SETACL P carl@example.test lr"},
    {"DELETEACL", "a", "", "DELETEACL P bert@example.test"},
    {"GETACL", "a", "", "GETACL P"},
    {"LISTRIGHTS", "a", "", "LISTRIGHTS P carl@example.test"},
    {"STORE \\Seen", "s", "P", "STORE 1 +FLAGS (\\Seen)"},
    {"STORE \\Deleted", "t", "P", "UID STORE 1 FLAGS (\\Deleted)"},
    {"STORE \\Flagged", "w", "P", "STORE 1 +FLAGS.SILENT (\\Flagged)"},
    {"STORE \\Answered", "w", "P", "STORE 1 FLAGS (\\Answered)"},
    {"STORE \\Draft", "w", "P", "STORE 1 -FLAGS (\\Draft)"},
    {"STORE keyword", "w", "P", "STORE 1 +FLAGS ($Work)"},
    {"EXPUNGE", "e", "P", "EXPUNGE"},
    {"UID EXPUNGE", "e", "P", "UID EXPUNGE 1"},
    {"MOVE out", "te", "P", "MOVE 1 INBOX"},
    {"REPLACE within", "ite", "P", "REPLACE 1 P {12+}\r\nSubject: a\r\n\r\n"},
    {"REPLACE out", "te", "P", "UID REPLACE 1 INBOX {12+}\r\nSubject: a\r\n\r\n"},
    {"STATUS DELETED", "r", "", "STATUS P (DELETED DELETED-STORAGE SIZE MAILBOXID HIGHESTMODSEQ)"},
    {"GETMETADATA", "r", "", "GETMETADATA (DEPTH infinity) P (/shared /private)"},
    {"SETMETADATA private", "r", "", "SETMETADATA P (/private/comment \"x\")"},
    {"SETMETADATA shared", "rw", "", "SETMETADATA P (/private/comment \"x\" /shared/comment \"y\")"},
    {"GETQUOTAROOT", "r", "", "GETQUOTAROOT P"},
    {"CATENATE from", "r", "", "APPEND INBOX CATENATE (URL \"/P;UID=1\")", "NO [BADURL "},
    {"CATENATE into", "i", "INBOX", "APPEND P CATENATE (URL \"/INBOX;UID=1\")"},
    {"REPLACE from", "r", "INBOX", "REPLACE 1 INBOX CATENATE (URL \"/P;UID=1/;SECTION=HEADER\")", "NO [BADURL "},
    {"UID COPY into", "i", "INBOX", "UID COPY 1 P"},
    {"UID REPLACE within", "ite", "P", "UID REPLACE 1 P {12+}\r\nSubject: a\r\n\r\n"},
    {"UID STORE \\Flagged", "w", "P", "UID STORE 1 +FLAGS (\\Flagged)"},
    {"UID MOVE out", "te", "P", "UID MOVE 1 INBOX"},
    // Nothing but r, which the mailbox is open for.
    {"FETCH", "", "P", "FETCH 1 (FLAGS BODY.PEEK[])"},
    {"UID FETCH", "", "P", "UID FETCH 1 (PREVIEW ENVELOPE BINARY.PEEK[1])"},
    {"SEARCH", "", "P", "SEARCH BODY CANARY"},
    {"UID SEARCH", "", "P", "UID SEARCH RETURN (ALL SAVE) TEXT CANARY"},
    {"SORT", "", "P", "UID SORT (SUBJECT) UTF-8 ALL"},
    {"THREAD", "", "P", "UID THREAD REFERENCES UTF-8 ALL"},
    {"ESEARCH selected", "", "P", "ESEARCH IN (selected) RETURN (ALL) BODY CANARY"},
    {"COPY out", "", "P", "UID COPY 1 INBOX"},
    {"CHECK", "", "P", "CHECK"},
    {"CLOSE", "", "P", "CLOSE"},
    {"UNSELECT", "", "P", "UNSELECT"},
};

// These are answered with OK in any case, and show the mailbox only to one who has the rights.
struct Shown {
  const char* name;
  const char* needed;
  const char* command;
  const char* shown;
};
constexpr Shown kShown[] = {
    {"LIST", "l", "LIST \"\" Shared/*", "/Plans\r\n"},
    {"LSUB", "l", "LSUB \"\" Shared/*", "* LSUB () \"/\" Shared/anna@example.test/Plans\r\n"},
    {"LIST-MYRIGHTS", "l", "LIST \"\" Shared/* RETURN (MYRIGHTS)", "* MYRIGHTS "},
    {"LIST-STATUS", "lr", "LIST \"\" Shared/* RETURN (STATUS (MESSAGES DELETED))", "(MESSAGES 1 DELETED 0)"},
    {"LIST-METADATA", "lr", "LIST \"\" Shared/* RETURN (METADATA (/shared/comment))", "* METADATA "},
    {"ESEARCH mailboxes", "lr", "ESEARCH IN (mailboxes P) RETURN (COUNT) ALL", "MAILBOX Shared/"},
    {"ESEARCH subtree", "lr", "ESEARCH IN (subtree Shared) RETURN (COUNT) BODY CANARY", "MAILBOX Shared/"},
    {"ESEARCH subscribed", "lr", "ESEARCH IN (subscribed) RETURN (COUNT) ALL", "MAILBOX Shared/"},
    {"NOTIFY", "lr", "NOTIFY SET STATUS (mailboxes P (MessageNew MessageExpunge))", "* STATUS "},
};

// These are answered with OK in any case, and change the mailbox only with the right. Its message is \Deleted.
struct Effect {
  const char* name;
  char needed;
  const char* command;
};
constexpr Effect kEffects[] = {
    {"CLOSE", 'e', "CLOSE"},
    {"FETCH sets \\Seen", 's', "UID FETCH 1 BODY[]"},
    {"STORE of several flags", 'w', "UID STORE 1 +FLAGS (\\Flagged)"},
};

// Commands that name no mailbox of others, or for which all names are alike (SUBSCRIBE, which has a test of its own).
using receiver::imap::parse::Verb;
constexpr Verb kWithoutMailbox[] = {Verb::Capability, Verb::Noop,         Verb::Logout, Verb::Id,
                                    Verb::StartTls,   Verb::Authenticate, Verb::Login,  Verb::Unauthenticate,
                                    Verb::Enable,     Verb::Namespace,    Verb::Idle,   Verb::Compress,
                                    Verb::GetQuota,   Verb::SetQuota};
constexpr Verb kTestedAlone[] = {Verb::Subscribe, Verb::Unsubscribe, Verb::MyRights};

receiver::imap::parse::Head head_of(const char* command) {
  const std::string text = "x " + std::string(command) + "\r\n";
  receiver::imap::parse::Cursor in(text);
  const auto head = receiver::imap::parse::parse_head(in);
  REQUIRE(head.ok());
  return *head;
}

std::string with_name(std::string_view command, const std::string& name) {
  std::string text;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const bool begins = i == 0 || std::string_view(" /").find(command[i - 1]) != std::string_view::npos;
    const bool stands_alone = begins && (i + 1 == command.size() ||
                                         std::string_view(" /;)\r").find(command[i + 1]) != std::string_view::npos);
    if (command[i] == 'P' && stands_alone) text += name;
    else text += command[i];
  }
  return text;
}

struct Matrix : SharedFixture {
  Matrix() {
    make("Plans/Sub");
    Bert bert(*this);
    bert.talk("s APPEND INBOX {12+}\r\nSubject: b\r\n\r\n");
  }
  void give(const std::string& rights) {
    grant(rights);
    grant(rights, "Plans/Sub");
  }
  // What the command is answered with the rights that bert has.
  std::string run(Bert& bert, const Case& one, const std::string& name = kPlans) {
    if (*one.selects != '\0') {
      const std::string select = with_name("s SELECT " + std::string(one.selects) + "\r\n", name);
      REQUIRE(tagged(bert.talk(select), "s").starts_with("OK "));
    }
    return bert.talk("x " + with_name(one.command, name) + "\r\n");
  }
};

std::string without(std::string rights, char right) {
  std::erase(rights, right);
  return rights;
}

}  // namespace

TEST_CASE("each command is refused without each right that it needs, and changes nothing, RFC 4314 4") {
  for (const Case& one : kCases) {
    for (const char right : std::string(one.needed)) {
      INFO(one.name << " without " << right);
      Matrix fixture;
      Bert bert(fixture);
      fixture.give(without("lrswipkxtea", right));
      if (*one.selects == 'P' && right == 'r') continue;
      const std::string before = fixture.everything();
      const std::string answer = tagged(fixture.run(bert, one), "x");
      CHECK(answer.starts_with(one.refused));
      if (std::string(one.selects) != "INBOX") CHECK(fixture.everything() == before);
    }
  }
}

TEST_CASE("each command succeeds with exactly the rights that it needs, RFC 4314 4") {
  for (const Case& one : kCases) {
    INFO(one.name);
    Matrix fixture;
    Bert bert(fixture);
    fixture.give((*one.selects == 'P' ? "r" : "") + std::string(one.needed));
    const std::string answer = tagged(fixture.run(bert, one), "x");
    CHECK(answer.starts_with("OK "));
  }
}

TEST_CASE("a mailbox that may not be seen is answered like one that is not there, RFC 4314 6") {
  for (const Case& one : kCases) {
    if (*one.selects == 'P') continue;
    INFO(one.name);
    Matrix fixture;
    Bert bert(fixture);
    // Everything but l and what the command asks for.
    std::string rights = without("rswipkxtea", 'l');
    for (const char right : std::string(one.needed)) rights = without(rights, right);
    fixture.give(rights);
    const std::string before = fixture.everything();
    const auto answer = [&](const std::string& name) {  // BADURL repeats the name
      std::string text = tagged(fixture.run(bert, one, name), "x");
      if (const auto at = text.find(name); at != std::string::npos) text.replace(at, name.size(), "P");
      return text;
    };
    const std::string hidden = answer(kPlans);
    CHECK(hidden.starts_with("NO "));
    CHECK(hidden == answer("Shared/anna@example.test/Nothing"));
    CHECK(hidden == answer("Shared/nobody@example.test/Plans"));
    if (std::string(one.selects) != "INBOX") CHECK(fixture.everything() == before);
  }
}

TEST_CASE("after ENABLE UIDONLY the rights are the same, RFC 4314 4, RFC 9586 3") {
  for (const Case& one : kCases) {
    const auto head = head_of(one.command);
    if (*one.selects == '\0' || (!head.uid && std::string_view(one.command).find(" 1") != std::string_view::npos))
      continue;
    if (std::string_view(one.command).starts_with("SEARCH")) continue;  // it answers with numbers
    for (const char right : std::string(one.needed) + " ") {            // ' ': none is missing
      if (*one.selects == 'P' && right == 'r') continue;
      INFO(one.name << " without " << right);
      Matrix fixture;
      Bert bert(fixture);
      bert.talk("e ENABLE UIDONLY\r\n");
      fixture.give((*one.selects == 'P' ? "lr" : "l") + without(one.needed, right));
      const std::string before = fixture.everything();
      CHECK(tagged(fixture.run(bert, one), "x").starts_with(right == ' ' ? "OK " : one.refused));
      if (right != ' ' && std::string(one.selects) != "INBOX") CHECK(fixture.everything() == before);
    }
  }
}

TEST_CASE("whoever loses r while the mailbox is open gets no answer from it, RFC 4314 5.1.1") {
  for (const Case& one : kCases) {
    if (*one.selects != 'P') continue;
    INFO(one.name);
    Matrix fixture;
    Bert bert(fixture);
    fixture.give("lrswipkxtea");
    REQUIRE(tagged(bert.talk("s SELECT " + kPlans + "\r\n"), "s").starts_with("OK "));
    fixture.give("lswipkxtea");
    const std::string before = fixture.everything();
    const std::string answer = bert.talk("x " + with_name(one.command, kPlans) + "\r\n");
    CHECK(answer.find("* BYE ") != std::string::npos);
    CHECK(answer.find("x OK ") == std::string::npos);
    CHECK(answer.find("CANARY") == std::string::npos);
    CHECK(fixture.everything() == before);
    CHECK(bert.done());
  }
}

TEST_CASE("lists and searches over many mailboxes show those for which there are rights, RFC 4314 4") {
  for (const Shown& one : kShown) {
    for (const char right : std::string(one.needed) + " ") {
      INFO(one.name << " without " << right);
      Matrix fixture;
      Bert bert(fixture);
      fixture.grant(right == ' ' ? one.needed : without("lrswipkxtea", right));
      bert.talk("s SUBSCRIBE " + kPlans + "\r\n");
      const std::string answer = bert.talk("x " + with_name(one.command, kPlans) + "\r\n");
      CHECK(tagged(answer, "x").starts_with("OK "));
      CHECK((answer.find(one.shown) != std::string::npos) == (right == ' '));
    }
  }
}

TEST_CASE("what a command does by the way needs its right, too, RFC 4314 4") {
  for (const Effect& one : kEffects) {
    for (const bool granted : {false, true}) {
      INFO(one.name << (granted ? " with " : " without ") << one.needed);
      Matrix fixture;
      test::Anna anna(fixture);
      anna.open("Plans");
      anna.talk("d STORE 1 +FLAGS (\\Deleted)\r\n");
      Bert bert(fixture);
      fixture.give(granted ? std::string("r") + one.needed : without("lrswipkxtea", one.needed));
      REQUIRE(tagged(bert.talk("s SELECT " + kPlans + "\r\n"), "s").starts_with("OK "));
      const std::string before = fixture.everything();
      CHECK(tagged(bert.talk("x " + std::string(one.command) + "\r\n"), "x").starts_with("OK ") ==
            (granted || one.needed != 'w'));
      CHECK((fixture.everything() != before) == granted);
    }
  }
}

TEST_CASE(
    "MYRIGHTS answers whoever has one of l, r, i, k, x, a; others hear what they would hear of none, RFC 4314 4") {
  for (const char right : std::string("lrswipkxtea")) {
    INFO("only " << right);
    Matrix fixture;
    Bert bert(fixture);
    fixture.grant(std::string(1, right));
    const std::string answer = tagged(bert.talk("x MYRIGHTS " + kPlans + "\r\n"), "x");
    const bool told = std::string_view("lrikxa").find(right) != std::string_view::npos;
    CHECK(answer == (told ? "OK MYRIGHTS completed" : "NO [NONEXISTENT] No such mailbox"));
  }
}

TEST_CASE_METHOD(Matrix, "SUBSCRIBE is about names and tells nothing of mailboxes, RFC 9051 6.3.7") {
  Bert bert(*this);
  for (const auto* name : {"Shared/anna@example.test/Plans", "Shared/anna@example.test/Nothing"}) {
    CHECK(bert.talk(std::string("x SUBSCRIBE ") + name + "\r\n") == "x OK SUBSCRIBE completed\r\n");
    CHECK(bert.talk("y LSUB \"\" Shared/*\r\n") ==
          std::string("* LSUB (\\Noselect) \"/\" ") + name + "\r\ny OK LSUB completed\r\n");
    CHECK(bert.talk(std::string("z UNSUBSCRIBE ") + name + "\r\n") == "z OK UNSUBSCRIBE completed\r\n");
  }
}

TEST_CASE("no command is without its row") {
  std::set<Verb> rows(std::begin(kTestedAlone), std::end(kTestedAlone));
  for (const Case& one : kCases) rows.insert(head_of(one.command).verb);
  for (const Shown& one : kShown) rows.insert(head_of(one.command).verb);
  const std::set<Verb> without_mailbox(std::begin(kWithoutMailbox), std::end(kWithoutMailbox));
  std::size_t verbs = 0;
  for (auto verb = static_cast<Verb>(verbs); !name(verb).empty(); verb = static_cast<Verb>(++verbs)) {
    INFO(name(verb));
    CHECK(rows.contains(verb) != without_mailbox.contains(verb));
  }
  CHECK(verbs == rows.size() + without_mailbox.size());
}

TEST_CASE_METHOD(Matrix, "nothing of anna's reaches bert without a right, at random") {
  std::mt19937 random(GENERATE(1u, 2u, 3u));
  constexpr std::string_view kLetters = "lrswipkxtea";
  const std::vector<std::string> commands{"STATUS P (MESSAGES UIDNEXT)",
                                          "SELECT P",
                                          "EXAMINE P",
                                          "FETCH 1:* (FLAGS BODY[])",
                                          "UID FETCH 1:* ENVELOPE",
                                          "SEARCH TEXT CANARY",
                                          "UID SORT (SUBJECT) UTF-8 ALL",
                                          "COPY 1:* INBOX",
                                          "STORE 1 +FLAGS (\\Flagged)",
                                          "NOOP",
                                          "LIST \"\" *",
                                          "LIST \"\" Shared* RETURN (MYRIGHTS STATUS (MESSAGES))",
                                          "MYRIGHTS P",
                                          "GETACL P",
                                          "ESEARCH IN (subtree Shared) RETURN (ALL COUNT) ALL",
                                          "GETMETADATA P /shared/comment",
                                          "NOTIFY SET STATUS (subtree Shared (MessageNew MessageExpunge))",
                                          "LIST \"\" Shared* RETURN (METADATA (/shared/comment))",
                                          "APPEND INBOX CATENATE (URL \"/P;UID=1\")",
                                          "UNSELECT",
                                          "APPEND P {12+}\r\nSubject: a\r\n\r\n"};
  const std::vector<std::string> contents{"CANARY", "Subject: plan", "plan@example.org"};
  auto bert = std::make_unique<Bert>(*this);
  for (int i = 0; i < 300; ++i) {
    std::string rights;
    for (const char letter : kLetters) {
      if (random() % 3 == 0) rights += letter;
    }
    if (random() % 4 == 0) rights.clear();
    give(rights);
    const std::string command = commands[random() % commands.size()];
    const std::string before = everything();
    std::string answer = bert->talk("x " + with_name(command, kPlans) + "\r\n");
    const std::string repeated = "[BADURL \"/" + kPlans;  // as bert wrote it
    if (const auto at = answer.find(repeated); at != std::string::npos) answer.erase(at, repeated.size());
    const auto has = [&](char right) { return rights.find(right) != std::string::npos; };
    INFO("rights \"" << rights << "\", command " << command << ", answer " << answer);
    if (!has('r')) {
      for (const auto& content : contents) CHECK(answer.find(content) == std::string::npos);
    }
    // Only MYRIGHTS speaks of it to one who has another right, and what he named himself.
    if (!has('l') && command.starts_with("LIST")) CHECK(answer.find("Plans") == std::string::npos);
    if (rights.empty()) {
      CHECK(answer.find("anna@example.test") == std::string::npos);
      CHECK(answer.find("NOPERM") == std::string::npos);
      CHECK(everything() == before);
    }
    if (bert->done()) bert = std::make_unique<Bert>(*this);
    // What was copied while it was allowed is bert's own now: it must not be mistaken for a leak.
    const auto wipe = [this](store::mail::WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(const auto inbox, store::mail::find_mailbox(txn, kBert, "INBOX"));
      TRY_ASSIGN(const auto uids, store::mail::list_uids(txn, inbox.id));
      TRY(store::mail::expunge(txn, inbox.id, uids, false));
      return base::ok();
    };
    REQUIRE(mail->env().write(wipe).ok());
  }
}
