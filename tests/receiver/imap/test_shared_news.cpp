// NOTIFY (RFC 5465) and CATENATE (RFC 4469) see of another account's mailboxes what access lists allow, and no more.
#include "tests/receiver/imap/shared.hpp"

using namespace hearthmail;
using test::Bert;
using test::has;
using test::kPlans;
using test::letter;
using test::SharedFixture;

TEST_CASE_METHOD(SharedFixture,
                 "NOTIFY follows what is shared: l shows the name, r the messages, RFC 5465 5, RFC 4314 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  Bert bert(*this, step);
  CHECK(bert.talk("a NOTIFY SET (subtree Shared (MessageNew MessageExpunge MailboxName))\r\n") ==
        "a OK NOTIFY completed\r\n");
  deliver("Plans", letter("unseen by bert"));
  CHECK(bert.talk("b NOOP\r\n") == "b OK NOOP completed\r\n");
  grant("l");
  CHECK(has(bert.until("\r\n"), "* LIST (\\HasNoChildren) \"/\" " + kPlans + "\r\n"));
  deliver("Plans", letter("three"));
  CHECK(bert.talk("c NOOP\r\n") == "c OK NOOP completed\r\n");
  grant("lr");
  bert.talk("d NOOP\r\n");
  bert.take();
  deliver("Plans", letter("four"));
  CHECK(has(bert.until("\r\n"), "* STATUS " + kPlans + " (MESSAGES 4 "));
  grant("l");
  bert.talk("e NOOP\r\n");
  deliver("Plans", letter("five"));
  CHECK_FALSE(has(bert.talk("f NOOP\r\n") + bert.talk("g NOOP\r\n"), "STATUS"));
  grant("");
  CHECK(has(bert.until("\r\n"), "* LIST (\\NonExistent) \"/\" " + kPlans + "\r\n"));
}

TEST_CASE_METHOD(SharedFixture,
                 "an address in CATENATE needs r; without it it is as if there were nothing, RFC 4469 4") {
  const auto step = GENERATE(std::size_t{1}, 3u, 4096u);
  Bert bert(*this, step);
  const std::string append = " APPEND INBOX CATENATE (URL \"/" + kPlans + "/;UID=1\")\r\n";
  const std::string refused = " NO [BADURL \"/" + kPlans + "/;UID=1\"] There is no such message or part\r\n";
  CHECK(bert.talk("a" + append) == "a" + refused);
  grant("l");
  CHECK(bert.talk("b" + append) == "b" + refused);
  grant("lr");
  CHECK(has(bert.talk("c" + append), "c OK [APPENDUID "));
}
