// Every command against every right, RFC 4314 §4: refused without exactly what it needs, and then nothing has changed; and
// nothing of anna's reaches bert without a right.
#include <random>

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
};

std::string with_name(std::string_view command, const std::string& name) {
  std::string text;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const bool stands_alone =
        (i == 0 || command[i - 1] == ' ') &&
        (i + 1 == command.size() || std::string_view(" /\r").find(command[i + 1]) != std::string_view::npos);
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
  // What the command is answered when bert has `rights`.
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
      CHECK(answer.starts_with("NO [NOPERM] "));
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
    const auto answer = [&](const std::string& name) { return tagged(fixture.run(bert, one, name), "x"); };
    const std::string hidden = answer(kPlans);
    CHECK(hidden.starts_with("NO "));
    CHECK(hidden == answer("Shared/anna@example.test/Nothing"));
    CHECK(hidden == answer("Shared/nobody@example.test/Plans"));
    if (std::string(one.selects) != "INBOX") CHECK(fixture.everything() == before);
  }
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
    const std::string answer = bert->talk("x " + with_name(command, kPlans) + "\r\n");
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
