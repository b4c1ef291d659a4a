// Repair: afterwards a check finds nothing, and what was dropped is in a file.
#include "store/body/body.hpp"
#include "store/mail/deliveries.hpp"
#include "store/maintenance/repair.hpp"
#include "tests/store/maintenance/fixture.hpp"

namespace hearthmail::store::maintenance {

namespace {

struct RepairFixture : Fixture {
  // Rounds of check and repair; gives what is left.
  std::string mend() {
    for (int round = 0; round < 4; ++round) {
      const Report report = check_all();
      if (report.ok()) return "";
      const auto say = [this](const std::string& step) { said += step + "\n"; };
      const auto repaired = repair({accounts.get(), mail.get(), queue.get()}, report, root + "/quarantine", say);
      INFO((repaired.ok() ? "" : repaired.error().text));
      REQUIRE(repaired.ok());
      if (repaired->done == 0) break;
    }
    return found();
  }
  std::size_t files() const {
    std::size_t count = 0;
    if (!std::filesystem::exists(root + "/quarantine")) return 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(root + "/quarantine")) ++count;
    return count;
  }
  template <class F>
  void change_inbox(F change) {
    write(*mail, [&](WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(auto record, mail::load_record(txn, inbox));
      change(record);
      return mail::save_record(txn, record);
    });
  }

  std::string said;
};

}  // namespace

TEST_CASE_METHOD(RepairFixture, "counts, UIDNEXT, HIGHESTMODSEQ and the log follow from the messages again") {
  const auto before = box("INBOX");
  change_inbox([](mail::MailboxRecord& record) {
    record.messages = 99;
    record.unseen = 0;
    record.octets = 5;
    record.uid_next = 2;
    record.highest_modseq.value = 1;
    record.log_entries = 50;
  });
  CHECK(mend() == "");
  const auto after = box("INBOX");
  CHECK(after.messages == before.messages);
  CHECK(after.unseen == before.unseen);
  CHECK(after.octets == before.octets);
  CHECK(after.uid_next == before.uid_next);
  CHECK(after.highest_modseq > before.highest_modseq);
  CHECK(files() == 0);
}

TEST_CASE_METHOD(RepairFixture, "a message whose record is lost leaves its mailbox, and its octets are in a file") {
  flip(*mail, mail::kMessages, mail::message_key(inbox, Uid{3}));
  CHECK(mend() == "");
  CHECK(box("INBOX").messages == 5);
  CHECK(files() == 2);  // the record, and the body that no message has any more
  std::size_t found_octets = 0;
  for (const auto& file : std::filesystem::directory_iterator(root + "/quarantine")) {
    if (file.path().string().ends_with(".eml")) found_octets = std::filesystem::file_size(file.path());
  }
  CHECK(found_octets == text(2).size());
}

TEST_CASE_METHOD(RepairFixture, "what follows from other records is made anew") {
  SECTION("summary") { erase(*mail, mail::kSummaries, mail::id_key(2)); }
  SECTION("hash") { flip(*mail, mail::kBlobIds, first_key(*mail, mail::kBlobIds)); }
  SECTION("no hash") { erase(*mail, mail::kBlobIds, first_key(*mail, mail::kBlobIds)); }
  SECTION("name") { flip(*mail, mail::kNames, mail::name_key(anna, "INBOX")); }
  SECTION("no name") { erase(*mail, mail::kNames, mail::name_key(anna, "INBOX")); }
  SECTION("counters") {
    for (const std::string counter : {"mailbox", "blob", "email"}) erase(*mail, mail::kCounters, counter);
  }
  SECTION("damaged counter") { flip(*mail, mail::kCounters, "blob"); }
  SECTION("change") { flip(*mail, mail::kChanges, first_key(*mail, mail::kChanges, mail::id_key(inbox.value))); }
  SECTION("references") {
    write(*mail, [&](WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(auto blob, mail::load_blob(txn, 3));
      blob.references = 7;
      return mail::save_blob(txn, 3, blob);
    });
  }
  SECTION("garbage") {
    write(*mail, [&](WriteTxn& txn) { return mail::expunge(txn, inbox, std::vector<Uid>{Uid{4}}, false); });
    erase(*mail, mail::kGarbage, first_key(*mail, mail::kGarbage));
    put(*mail, mail::kGarbage, mail::garbage_key(5, 1), "");
  }
  SECTION("deliveries") {
    const std::string id(base::kDeliveryIdOctets, 'd');
    write(*mail, [&](WriteTxn& txn) { return mail::note_delivered(txn, id, anna, 1000); });
    write(*mail, [&](WriteTxn& txn) { return mail::note_delivered(txn, id, AccountId{9}, 1000); });
    flip(*mail, mail::kDeliveries, mail::delivery_key(id, anna));
    erase(*mail, mail::kDeliveryTimes, mail::delivery_time_key(1000, mail::delivery_key(id, AccountId{9})));
    put(*mail, mail::kDeliveryTimes, mail::delivery_time_key(5, mail::delivery_key(id, AccountId{77})), "");
  }
  SECTION("access lists") {
    write(*mail, [&](WriteTxn& txn) -> base::Status {
      for (std::uint64_t i = 0; i < 3; ++i) TRY(mail::set_acl(txn, inbox, {AccountId{i}, mail::Right::Read, {}}));
      return mail::set_acl(txn, MailboxId{999}, {anna, mail::Right::Read, {}});
    });
    flip(*mail, mail::kAcl, mail::pair_key(inbox.value, 0));
    erase(*mail, mail::kAclMembers, mail::pair_key(1, inbox.value));
    erase(*mail, mail::kAcl, mail::pair_key(inbox.value, 2));
    put(*mail, mail::kAcl, "x", "");
  }
  SECTION("UIDVALIDITY") {
    change_inbox([](mail::MailboxRecord& record) { record.uid_validity += 100; });
  }
  SECTION("due") {
    erase(*queue, queue::kDue, first_key(*queue, queue::kDue));
    put(*queue, queue::kDue, queue::due_key(5, entry), "");
    put(*queue, queue::kDue, queue::due_key(6, QueueId{77}), "");
    put(*queue, queue::kUnreported, queue::entry_key(entry), "");
  }
  SECTION("counters of queue and accounts") {
    erase(*queue, queue::kCounters, "queue");
    flip(*accounts, accounts::kCounters, "account");
  }
  SECTION("login") { erase(*accounts, accounts::kLogins, "anna@example.test"); }
  CHECK_FALSE(check_all().ok());
  CHECK(mend() == "");
  CHECK(box("INBOX").id == inbox);
  CHECK(octets_of(inbox, Uid{2}) == text(1));
}

TEST_CASE_METHOD(RepairFixture, "what belongs to nothing is taken out, into a file") {
  SECTION("chunks") { put(*mail, mail::kChunks, mail::chunk_key(50, 0), "lost"); }
  SECTION("messages of no mailbox") {
    erase(*mail, mail::kMailboxes, mail::id_key(inbox.value));
    CHECK(mend() == "");
    CHECK(files() >= 9);  // name, keywords, messages, changes, and six bodies
    CHECK(said.find("repaired: mail messages") != std::string::npos);
    return;
  }
  SECTION("queue chunks") { put(*queue, queue::kBodies, queue::chunk_key(QueueId{77}, 0), "x"); }
  SECTION("keys of another shape") { put(*mail, mail::kMessages, "short", "y"); }
  SECTION("subscription") { flip(*mail, mail::kSubscriptions, mail::name_key(anna, "INBOX")); }
  SECTION("pause") { put(*queue, queue::kPauses, "main", "nonsense"); }
  CHECK(mend() == "");
  CHECK(files() == 1);
}

TEST_CASE_METHOD(RepairFixture, "annotations of no mailbox, and damaged ones, are set aside") {
  for (const MailboxId of : {inbox, MailboxId{99}}) {
    for (const char* name : {"/a", "/b"}) {
      const std::string key = mail::annotation_key(of, anna, name);
      put(*mail, mail::kMetadata, key, body::seal("text", key));
    }
  }
  flip(*mail, mail::kMetadata, mail::annotation_key(inbox, anna, "/a"));
  CHECK(mend() == "");
  CHECK(files() == 2);  // the damaged one, and those of the mailbox that is not there
}

TEST_CASE_METHOD(RepairFixture, "what only a backup can bring back is left as it is") {
  flip(*mail, mail::kChunks, mail::chunk_key(6, 1));
  flip(*accounts, accounts::kAccounts, accounts::account_key(ben));
  const std::string before = found();
  CHECK(mend() == before);
  CHECK(said.find("left as it is: mail chunks") != std::string::npos);
  CHECK(files() == 0);
}

}  // namespace hearthmail::store::maintenance
