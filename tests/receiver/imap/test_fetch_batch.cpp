// Messages whose bodies are rendered together come back as those that are rendered one by one.
#include "receiver/imap/limits.hpp"
#include "store/mail/tables.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using test::ImapClient;
using test::ImapFixture;
using test::letter;

namespace {

constexpr std::size_t kLetters = 90;

// Small and large, plain and base64, some with a keyword that the client has not heard of.
struct Pile : ImapFixture {
  Pile() {
    for (std::size_t i = 0; i < kLetters; ++i) {
      std::string text;
      const std::size_t lines = i % 17 == 0 ? 4000 : i % 7 * 60;
      for (std::size_t line = 0; line < lines; ++line) text += std::to_string(i * line) + " of a letter\r\n";
      std::vector<std::string> keywords;
      if (i == 40) keywords.push_back("$Late");
      deliver("INBOX", letter("number " + std::to_string(i), text), 0, keywords);
    }
  }
  void lose_body(std::uint32_t uid) {
    const auto lost = mail->env().write([&](store::mail::WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(const auto message, store::mail::find_message(txn, box("INBOX"), base::Uid{uid}));
      return txn.put(store::mail::kChunks, store::mail::chunk_key(message->blob, 0), "broken");
    });
    REQUIRE(lost.ok());
  }
};

std::string without_tagged(const std::string& answer) {
  return answer.substr(0, answer.rfind("\r\n", answer.size() - 3) + 2);
}

std::string one_by_one(ImapClient& client, const std::string& items) {
  std::string all;
  for (std::size_t i = 1; i <= kLetters; ++i) {
    const std::string answer = client.talk("o FETCH " + std::to_string(i) + " " + items + "\r\n");
    if (answer.starts_with("* ")) all += without_tagged(answer);
  }
  return all;
}

}  // namespace

TEST_CASE_METHOD(Pile, "FETCH of many bodies answers as FETCH of each") {
  ImapClient client(*this);
  client.open();
  for (const std::string items :
       {"BODY.PEEK[]", "(UID FLAGS BODY.PEEK[TEXT]<10.5000> RFC822.SIZE)", "(BODY.PEEK[1] BODY.PEEK[1])",
        "(BODY.PEEK[HEADER.FIELDS (X-Odd Subject)] ENVELOPE)", "RFC822.HEADER"}) {
    const std::string answer = client.talk("a FETCH 1:* " + items + "\r\n");
    CHECK(answer.ends_with("a OK FETCH completed\r\n"));
    CHECK(without_tagged(answer) == one_by_one(client, items));
  }
  CHECK(client.stream.largest_write > 3 * receiver::imap::kStepOctets);
  CHECK(client.stream.largest_write < 8 * receiver::imap::kStepOctets);  // four and one letter
  const std::string some = client.talk("b UID FETCH 3:5,20:30,88:* BODY.PEEK[]\r\n");
  std::string wanted;
  for (const std::uint32_t uid : {3U, 4U, 5U, 20U, 21U, 22U, 23U, 24U, 25U, 26U, 27U, 28U, 29U, 30U, 88U, 89U, 90U}) {
    wanted += without_tagged(client.talk("o UID FETCH " + std::to_string(uid) + " BODY.PEEK[]\r\n"));
  }
  CHECK(without_tagged(some) == wanted);
}

TEST_CASE_METHOD(Pile, "a message too large for a batch is streamed, and the batches go on behind it") {
  std::string large;
  while (large.size() < 600'000) large += std::to_string(large.size()) + " octets of a large letter\r\n";
  deliver("INBOX", letter("large", large));
  for (int i = 0; i < 20; ++i) deliver("INBOX", letter("behind", std::string(30'000, 'x') + "\r\n"));
  ImapClient client(*this);
  client.open();
  const std::string answer = client.talk("a FETCH 80:* BODY.PEEK[]\r\n");
  std::string wanted;
  for (std::size_t i = 80; i <= kLetters + 21; ++i) {
    wanted += without_tagged(client.talk("o FETCH " + std::to_string(i) + " BODY.PEEK[]\r\n"));
  }
  CHECK(without_tagged(answer) == wanted);
  CHECK(client.stream.largest_write > 3 * receiver::imap::kStepOctets);
}

TEST_CASE_METHOD(Pile, "a keyword is told before the first message that has it, also in a batch") {
  ImapClient client(*this);
  client.open();
  deliver("INBOX", letter("new", std::string(40'000, 'x') + "\r\n"), 0, {"$Unheard"});
  client.talk("n NOOP\r\n");
  const std::string answer = client.talk("a FETCH 1:* (FLAGS BODY.PEEK[])\r\n");
  CHECK(answer.find("$Unheard") < answer.find("* 91 FETCH"));
  CHECK(answer.find("FLAGS ($Late") != std::string::npos);
}

TEST_CASE_METHOD(Pile, "what is damaged or gone is passed over in a batch, and said at the end") {
  ImapClient client(*this);
  ImapClient other(*this);
  client.open();
  const std::string before = without_tagged(client.talk("a FETCH 1:* BODY.PEEK[]\r\n"));
  lose_body(12);
  const std::string answer = client.talk("b FETCH 1:* BODY.PEEK[]\r\n");
  CHECK(answer.ends_with("\r\nb NO [CORRUPTION] Some of the messages are damaged; the operator has been told\r\n"));
  const auto from = before.find("* 12 FETCH"), to = before.find("* 13 FETCH");
  CHECK(without_tagged(answer) == before.substr(0, from) + before.substr(to));
  other.open();
  other.talk("x STORE 30,90 +FLAGS (\\Deleted)\r\ny EXPUNGE\r\n");
  const std::string gone = client.talk("c FETCH 20:* BODY.PEEK[]\r\n");
  CHECK(gone.find("\r\nc NO [EXPUNGEISSUED] ") != std::string::npos);
  CHECK(gone.find("* 29 FETCH") != std::string::npos);
  CHECK(gone.find("* 30 FETCH") == std::string::npos);
  CHECK(gone.find("* 31 FETCH") != std::string::npos);
  CHECK(gone.find("* 90 FETCH") == std::string::npos);
}
