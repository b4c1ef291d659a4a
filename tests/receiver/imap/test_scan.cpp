#include "receiver/imap/search/scan.hpp"

#include "receiver/imap/limits.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "tests/receiver/imap/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::test;
using namespace hearthmail::receiver::imap;

namespace {

namespace mail = store::mail;

// Every fifth message has the word; the last ones are gone since the view was opened, and so are two at the front.
struct Shelf : ImapFixture {
  explicit Shelf(std::size_t messages) {
    for (std::size_t i = 0; i < messages; ++i) {
      deliver("INBOX", letter("number " + std::to_string(i), i % 5 == 0 ? "a needle\r\n" : "hay\r\n"));
    }
    auto opened = mail->env().read([this](const mail::ReadTxn& txn) -> base::Result<View> {
      TRY_ASSIGN(const auto inbox, mail::load_mailbox(txn, box("INBOX")));
      return View::open(txn, inbox, true, inbox.uid_next);
    });
    REQUIRE(opened.ok());
    view.emplace(std::move(*opened));
    for (const std::size_t gone : {std::size_t{1}, std::size_t{6}, messages - 1, messages}) {
      const auto done = mail->env().write([&](mail::WriteTxn& txn) {
        const std::vector<base::Uid> uids{base::Uid{static_cast<std::uint32_t>(gone)}};
        return mail::expunge(txn, view->box(), uids, false);
      });
      REQUIRE(done.ok());
    }
  }

  std::vector<std::uint32_t> find(bool shared, std::chrono::milliseconds slice, std::size_t& slices) {
    parse::SearchTree tree;
    parse::SearchNode node;
    node.key = parse::SearchKey::Body;
    node.text = "NEEDLE";
    tree.nodes.push_back(node);
    auto matcher = search::Matcher::compile(tree, "", {});
    REQUIRE(matcher.ok());
    search::Scan scan(mail->env(), *view, std::move(*matcher));
    if (shared) scan.share(services->workers);
    std::vector<std::uint32_t> numbers;
    for (slices = 0; !scan.done(); ++slices) {
      const std::size_t before = scan.visited();
      const auto ran = scan.run(slice, [&](const search::Hit& hit) {
        CHECK(hit.message.uid.value == hit.sequence);
        numbers.push_back(hit.sequence);
        return base::ok();
      });
      REQUIRE(ran.ok());
      CHECK((scan.visited() > before || scan.done()));
    }
    return numbers;
  }

  std::optional<View> view;
};

}  // namespace

TEST_CASE("a body search finds the same alone and shared, in slices of any length", "[search]") {
  const std::size_t messages = GENERATE(8u, kPieceMessages, kPieceMessages + 1, 200u);
  Shelf shelf(messages);
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t number = 1; number <= messages - 2; ++number) {
    if ((number - 1) % 5 == 0 && number != 1 && number != 6) wanted.push_back(number);
  }
  std::size_t slices = 0;
  CHECK(shelf.find(false, std::chrono::seconds(10), slices) == wanted);
  for (const auto slice :
       {std::chrono::milliseconds(0), std::chrono::milliseconds(1), std::chrono::milliseconds(10'000)}) {
    CHECK(shelf.find(true, slice, slices) == wanted);
    if (slice.count() == 0) CHECK(slices >= messages - 4);  // one message at least, and not more than it has time for
  }
  CHECK(slices == 1);
}

TEST_CASE("an error of whoever takes the hits ends a shared search", "[search]") {
  Shelf shelf(100);
  parse::SearchTree tree;
  parse::SearchNode node;
  node.key = parse::SearchKey::Body;
  node.text = "needle";
  tree.nodes.push_back(node);
  auto matcher = search::Matcher::compile(tree, "", {});
  REQUIRE(matcher.ok());
  search::Scan scan(shelf.mail->env(), *shelf.view, std::move(*matcher));
  scan.share(shelf.services->workers);
  std::size_t seen = 0;
  const auto ran = scan.run(std::chrono::seconds(10), [&](const search::Hit&) -> base::Status {
    if (++seen == 3) return base::Error{base::Errc::OverLimit, "enough"};
    return base::ok();
  });
  REQUIRE_FALSE(ran.ok());
  CHECK(ran.error().code == base::Errc::OverLimit);
  CHECK(seen == 3);
}
