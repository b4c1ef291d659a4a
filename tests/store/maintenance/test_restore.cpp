// Backup and restore, in one process: the copy is equal, numbers are never given twice, nothing goes out twice.
#include "store/maintenance/backup.hpp"
#include "store/maintenance/files.hpp"
#include "store/maintenance/restore.hpp"
#include "tests/store/maintenance/fixture.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;

namespace {

struct RestoreFixture : Fixture {
  RestoreFixture() : copy(root + "-copy") { back_up(); }
  ~RestoreFixture() { std::filesystem::remove_all(copy); }
  void back_up() {
    close();
    const auto copied = copy_environments(root, copy, nullptr);
    INFO((copied.ok() ? "" : copied.error().text));
    REQUIRE(copied.ok());
    CHECK(copied->size() == 3);
    open();
  }
  std::vector<RestoredMailbox> part(const PartOptions& options) {
    const auto from = opened(mail::Store::open(copy + "/mail"));
    auto restored = restore_mail({*from, anna}, {*mail, anna}, options, nullptr);
    INFO((restored.ok() ? "" : restored.error().text));
    REQUIRE(restored.ok());
    return std::move(*restored);
  }
  RestoredMailbox inbox_of(const std::vector<RestoredMailbox>& all) {
    for (const auto& one : all) {
      if (one.name.ends_with("INBOX")) return one;
    }
    FAIL("no INBOX was restored");
    return {};
  }
  void expunge(std::initializer_list<std::uint32_t> values) {
    std::vector<Uid> uids;
    for (const auto value : values) uids.push_back(Uid{value});
    write(*mail, [&](WriteTxn& txn) { return mail::expunge(txn, inbox, uids, false); });
  }
  std::vector<Uid> uids(MailboxId id) {
    return read(*mail, [&](const ReadTxn& txn) { return mail::list_uids(txn, id); });
  }

  std::string copy;
};

PartOptions only(const std::string& mailbox) {
  PartOptions options;
  options.mailbox = mailbox;
  return options;
}

}  // namespace

TEST_CASE_METHOD(RestoreFixture, "a copy has everything and is in order; a directory that is there is not written to") {
  auto report = check(copy);
  REQUIRE(report.ok());
  CHECK(in_words(*report) == "");
  for (const std::string name : kEnvironments) std::filesystem::remove(copy + "/" + name + "/lock.mdb");
  close();
  CHECK(copy_environments(root, copy, nullptr).error().code == Errc::Exists);
  CHECK(copy_environments(root + "/nothing", copy + "2", nullptr).error().code == Errc::NotFound);
  CHECK_FALSE(exists(copy + "2"));
  open();
}

TEST_CASE_METHOD(RestoreFixture,
                 "a whole restore: greater UIDVALIDITY, counters over the old ones, the queue on hold, the old kept") {
  const auto before = box("INBOX");
  const auto late = add(inbox, text(40));
  const auto late_box = write(*mail, [&](WriteTxn& txn) { return mail::create_mailbox(txn, anna, "Late"); });
  const QueueId late_entry = enqueue("late@far.example");
  close();
  const auto adapted = adapt(copy, root, "2026-11-23T10:00:00Z");
  REQUIRE(adapted.ok());
  CHECK(adapted->mailboxes == 12);
  CHECK(adapted->held == 1);
  CHECK(adapted->old_read);
  REQUIRE(replace(copy, root).ok());
  open();
  CHECK(found() == "");
  const auto after = box("INBOX");
  CHECK(after.uid_validity > before.uid_validity);
  CHECK(after.uid_validity > late_box.uid_validity);
  CHECK(after.uid_next == before.uid_next);
  for (int i = 0; i < 5; ++i) CHECK(octets_of(inbox, Uid{static_cast<std::uint32_t>(i + 1)}) == text(i));
  CHECK(add(inbox, text(41)).email > late.email);
  CHECK(write(*mail, [&](WriteTxn& txn) { return mail::create_mailbox(txn, anna, "New"); }).id > late_box.id);
  const auto held = read(*queue, [&](const ReadTxn& txn) { return queue::find(txn, entry); });
  REQUIRE(held.has_value());
  CHECK(held->recipients[0].state == queue::State::Held);
  CHECK(held->recipients[0].reply.find("2026-11-23T10:00:00Z") != std::string::npos);
  CHECK(write(*queue, [](WriteTxn& txn) { return queue::claim_due(txn, 9'000'000'000, 9'000'000'001, 9); }).empty());
  CHECK(enqueue("x@far.example") > late_entry);
  // What was replaced is whole, with the late message in it.
  const auto old = opened(mail::Store::open(copy + "/mail"));
  CHECK(read(*old, [&](const ReadTxn& txn) { return mail::find_message(txn, inbox, late.uid); }).has_value());
}

TEST_CASE_METHOD(RestoreFixture, "without the old databases the counters leap ahead") {
  const auto nothing = root + "/nothing";
  close();
  const auto adapted = adapt(copy, nothing, "x");
  REQUIRE(adapted.ok());
  CHECK_FALSE(adapted->old_read);
  std::filesystem::create_directory(nothing);
  REQUIRE(replace(copy, nothing).ok());
  const auto store = opened(mail::Store::open(nothing + "/mail"));
  CHECK(write(*store, [&](WriteTxn& txn) { return mail::create_mailbox(txn, anna, "New"); }).id.value > 1'000'000'000);
  open();
}

TEST_CASE_METHOD(
    RestoreFixture,
    "one mailbox: what is missing comes back with flags and dates under new UIDs; the rest is left alone") {
  expunge({2, 3, 6});
  const auto came = add(inbox, text(50));
  const auto before = box("INBOX");
  PartOptions dry = only("INBOX");
  dry.dry_run = true;
  CHECK(inbox_of(part(dry)).added == 3);
  CHECK(uids(inbox).size() == 4);
  const auto restored = part(only("INBOX"));
  REQUIRE(restored.size() == 1);
  CHECK(restored[0].added == 3);
  CHECK(restored[0].present == 3);
  CHECK_FALSE(restored[0].made);
  const auto after = box("INBOX");
  CHECK(after.uid_validity == before.uid_validity);
  CHECK(uids(inbox) == std::vector<Uid>{Uid{1}, Uid{4}, Uid{5}, came.uid, Uid{8}, Uid{9}, Uid{10}});
  CHECK(octets_of(inbox, Uid{8}) == text(1));
  CHECK(message(inbox, Uid{9}).flags.system == mail::kSeen);
  CHECK(message(inbox, Uid{9}).internal_date == 1'700'000'000);
  CHECK(message(inbox, Uid{10}).flags.keywords.size() == 1);
  CHECK(octets_of(inbox, Uid{10}) == text(5, 200'000));
  CHECK(part(only("INBOX"))[0].added == 0);
  CHECK(found() == "");
}

TEST_CASE_METHOD(RestoreFixture, "a whole account: what was moved stays where it is now, what was deleted comes back") {
  const MailboxId trash = box("Trash").id;
  write(*mail, [&](WriteTxn& txn) { return mail::move(txn, inbox, std::vector<Uid>{Uid{1}, Uid{2}}, trash); });
  expunge({3});
  const auto restored = inbox_of(part({}));
  CHECK(restored.added == 1);
  CHECK(restored.present == 5);
  CHECK(uids(inbox).size() == 4);
  CHECK(inbox_of(part(only("INBOX"))).added == 2);  // asked for by name, the mailbox gets all that it had
}

TEST_CASE_METHOD(RestoreFixture, "a mailbox that is gone is made again, with its special use, or below another one") {
  write(*mail, [&](WriteTxn& txn) { return mail::delete_account(txn, anna); });
  PartOptions into;
  into.into = "Restored";
  CHECK(inbox_of(part(into)).made);
  CHECK(box("Restored/INBOX").messages == 6);
  CHECK(part({}).size() == 6);
  CHECK(box("Trash").special_use == mail::SpecialUse::Trash);
  CHECK(box("INBOX").messages == 0);  // the account has them all, in Restored
  CHECK(part(only("INBOX"))[0].added == 6);
  const auto from = opened(mail::Store::open(copy + "/mail"));
  CHECK(restore_mail({*from, anna}, {*mail, anna}, only("Nowhere"), nullptr).error().code == Errc::NotFound);
  CHECK(found() == "");
}

TEST_CASE_METHOD(RestoreFixture,
                 "damaged octets are healed in place; what is damaged in the backup is not brought back") {
  flip(*mail, mail::kChunks, mail::chunk_key(6, 1));
  flip(*mail, mail::kSummaries, mail::id_key(2));
  CHECK(check_all().findings_total == 2);
  const auto restored = inbox_of(part(only("INBOX")));
  CHECK(restored.healed == 2);
  CHECK(restored.added == 0);
  CHECK(found() == "");
  CHECK(octets_of(inbox, Uid{6}) == text(5, 200'000));
  {
    const auto from = opened(mail::Store::open(copy + "/mail"));
    flip(*from, mail::kChunks, mail::chunk_key(1, 0));
  }
  expunge({1});
  const auto again = inbox_of(part(only("INBOX")));
  CHECK(again.unreadable == 1);
  CHECK(again.added == 0);
}

TEST_CASE_METHOD(RestoreFixture, "queue entries that are gone or damaged come back on hold; others are left alone") {
  const QueueId other = enqueue("other@far.example");
  const auto from = opened(queue::Store::open(copy + "/queue"));
  const auto bring = [&](bool dry_run) { return *restore_queue(*from, *queue, "then", dry_run); };
  CHECK(bring(false).held.empty());
  flip(*queue, queue::kEntries, queue::entry_key(entry));
  CHECK(write(*queue, [](WriteTxn& txn) { return queue::claim_due(txn, 2'000'000, 3'000'000, 9); }).size() == 1);
  CHECK(bring(true).held == std::vector<QueueId>{entry});
  CHECK(found() == "entry-set-aside damaged entry 1");
  CHECK(bring(false).held == std::vector<QueueId>{entry});
  CHECK(found() == "");
  const auto held = read(*queue, [&](const ReadTxn& txn) { return queue::find(txn, entry); });
  REQUIRE(held.has_value());
  CHECK(held->recipients[0].state == queue::State::Held);
  CHECK(read(*queue, [&](const ReadTxn& txn) { return queue::read_body(txn, entry, 0, ~std::uint64_t{0}); }) ==
        text(9, 100'000));
  CHECK(read(*queue, [&](const ReadTxn& txn) { return queue::find(txn, other); })->recipients[0].state ==
        queue::State::InFlight);
}

TEST_CASE_METHOD(RestoreFixture,
                 "a mailbox that is made again has its access list again, as far as the accounts are here") {
  constexpr AccountId kBert{21}, kGone{22}, kBertHere{31};
  const MailboxId plans = write(*mail, [&](WriteTxn& txn) { return mail::create_mailbox(txn, anna, "Plans"); }).id;
  write(*mail, [&](WriteTxn& txn) -> base::Status {
    for (const AccountId who : {mail::kAnyone, kBert, kGone})
      TRY(mail::set_acl(txn, plans, {who, mail::Right::Read, {}}));
    return mail::set_acl(txn, inbox, {kBert, mail::Right::Read, {}});
  });
  std::filesystem::remove_all(copy);
  back_up();
  write(*mail, [&](WriteTxn& txn) { return mail::delete_mailbox(txn, plans); });
  write(*mail, [&](WriteTxn& txn) { return mail::set_acl(txn, inbox, {kBert, {}, {}}); });
  PartOptions options;
  options.accounts[kBert] = kBertHere;
  part(options);
  const auto list = [&](const std::string& name) {
    return read(*mail, [&](const ReadTxn& txn) { return mail::list_acl(txn, box(name, anna).id); });
  };
  CHECK(list("Plans") ==
        std::vector<mail::AclEntry>{{mail::kAnyone, mail::Right::Read, {}}, {kBertHere, mail::Right::Read, {}}});
  CHECK(list("INBOX").empty());  // it was there: what was withdrawn since stays so
  options.into = "Restored";
  part(options);
  CHECK(list("Restored/Plans").empty());
  CHECK(found() == "");
}

}  // namespace hearthmail::store::maintenance
