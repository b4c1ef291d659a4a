// Each kind of damage gives exactly its finding.
#include <atomic>
#include <thread>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "store/body/body.hpp"
#include "store/mail/deliveries.hpp"
#include "tests/store/maintenance/fixture.hpp"

namespace hearthmail::store::maintenance {

using namespace std::string_literals;

TEST_CASE_METHOD(Fixture, "a store in order has no findings, and every record was looked at") {
  const Report report = check_all();
  CHECK(in_words(report) == "");
  CHECK(report.ok());
  CHECK(report.notes.empty());
  std::size_t tables = 0;
  for (const TableCount& one : report.tables) {
    INFO(one.environment << " " << one.table);
    const auto entries = [&](auto& store) {
      return read(store, [&](const ReadTxn& txn) { return txn.entries(Table{static_cast<std::uint32_t>(tables)}); });
    };
    if (one.environment == "mail" && tables >= mail::kTableNames.size()) tables = 0;
    if (one.table == "counters" || one.table == "hearthmail") tables = 0;
    const std::uint64_t there = one.environment == "accounts" ? entries(*accounts)
                                : one.environment == "mail"   ? entries(*mail)
                                                              : entries(*queue);
    CHECK(one.records == there);
    ++tables;
  }
  CHECK(report.octets() > 5'000);
  CHECK(report.seconds > 0);
}

TEST_CASE_METHOD(Fixture, "check of a directory opens the environments by itself") {
  close();
  auto report = check(root);
  REQUIRE(report.ok());
  CHECK(report->ok());
  CHECK(check(root + "/nothing").error().code == base::Errc::NotFound);
  std::filesystem::resize_file(root + "/mail/data.mdb", 8192);
  report = check(root);
  REQUIRE(report.ok());
  CHECK(in_words(*report) == "unopenable  " + root + "/mail");
}

TEST_CASE_METHOD(Fixture, "every snapshot may be as short as one record, with the same result") {
  CheckOptions options;
  options.slice = std::chrono::milliseconds(0);
  CHECK(found(options) == "");
  put(*mail, mail::kChunks, mail::chunk_key(99, 0), "stray");
  flip(*mail, mail::kMessages, mail::message_key(inbox, Uid{2}));
  CHECK(found(options) == found());
}

TEST_CASE_METHOD(Fixture, "damaged records of the accounts environment") {
  SECTION("domain") {
    flip(*accounts, accounts::kDomains, "example.test");
    CHECK(found() == "bad-record domains example.test");
  }
  SECTION("account") {
    flip(*accounts, accounts::kAccounts, accounts::account_key(anna));
    CHECK(found() == "bad-record accounts account 1");
  }
  SECTION("login") {
    flip(*accounts, accounts::kLogins, "anna@example.test");
    CHECK(found() == "bad-record logins anna@example.test");
  }
  SECTION("alias") {
    flip(*accounts, accounts::kAliases, "info@example.test");
    CHECK(found() == "bad-record aliases info@example.test");
  }
  SECTION("counter") {
    flip(*accounts, accounts::kCounters, "account");
    CHECK(found() == "bad-record counters account");
  }
}

TEST_CASE_METHOD(Fixture, "what does not fit in the accounts environment") {
  SECTION("an account without a login") {
    erase(*accounts, accounts::kLogins, "anna@example.test");
    CHECK(found() == "account-without-login accounts anna@example.test; target-missing aliases info@example.test");
  }
  SECTION("a login without an account") {
    erase(*accounts, accounts::kAccounts, accounts::account_key(anna));
    CHECK(found() == "login-wrong logins anna@example.test");
  }
  SECTION("a login of another account") {
    put(*accounts, accounts::kLogins, "anna@example.test", accounts::encode_number("anna@example.test", ben.value));
    CHECK(found() == "login-wrong logins anna@example.test");
  }
  SECTION("an alias that is an account too") {
    put(*accounts, accounts::kAliases, "ben@example.test",
        accounts::encode_alias("ben@example.test", {"ben@example.test", {"anna@example.test"}}));
    CHECK(found() == "address-twice aliases ben@example.test");
  }
  SECTION("an alias that leads to nobody") {
    put(*accounts, accounts::kAliases, "info@example.test",
        accounts::encode_alias("info@example.test", {"info@example.test", {"carl@example.test"}}));
    CHECK(found() == "target-missing aliases info@example.test");
  }
  SECTION("a catch-all that leads to nobody") {
    put(*accounts, accounts::kDomains, "example.test", accounts::encode_domain("example.test", "carl@example.test"));
    CHECK(found() == "target-missing domains example.test");
  }
  SECTION("a domain that is gone") {
    erase(*accounts, accounts::kDomains, "example.test");
    CHECK(found() ==
          "target-missing logins anna@example.test; target-missing logins ben@example.test; target-missing aliases "
          "info@example.test");
  }
  SECTION("a counter that is behind, or gone") {
    put(*accounts, accounts::kCounters, "account", accounts::encode_number("account", 1));
    CHECK(found() == "counter-behind counters account");
    erase(*accounts, accounts::kCounters, "account");
    CHECK(found() == "counter-behind counters account");
  }
  SECTION("a key of another shape") {
    put(*accounts, accounts::kAccounts, "abc", "x");
    CHECK(found() == "bad-key accounts key 616263");
  }
}

TEST_CASE("each record that cannot be read comes with the command that helps") {
  const auto advised = [](const char* environment, const char* table) {
    return std::string(advice(Finding{Problem::BadRecord, environment, table, {}, {}, {}}));
  };
  CHECK(advised("mail", "messages").find("restore DIR --account") != std::string::npos);
  CHECK(advised("mail", "mailboxes").find("restore DIR") != std::string::npos);
  CHECK(advised("mail", "mailboxes").find("--repair") == std::string::npos);  // repair leaves it
  CHECK(advised("mail", "names") == "run `hearthmail check --repair`");
  CHECK(advised("accounts", "logins") == "run `hearthmail check --repair`");
  CHECK(advised("accounts", "accounts").find("--repair") == std::string::npos);
  CHECK(advised("queue", "entries").find("restore DIR --queue") != std::string::npos);
  CHECK(advice(Finding{Problem::CountsWrong, "mail", "mailboxes", {}, {}, {}}) == "run `hearthmail check --repair`");
}

TEST_CASE_METHOD(Fixture, "damaged records of the mail environment") {
  const auto key = mail::id_key(inbox.value);
  const std::string box_name = "anna@example.test INBOX";
  SECTION("counter") {
    flip(*mail, mail::kCounters, "blob");
    CHECK(found() == "bad-record counters blob");
  }
  SECTION("account") {
    flip(*mail, mail::kAccounts, mail::id_key(1));
    CHECK(found() == "bad-record accounts anna@example.test");
  }
  SECTION("mailbox") {
    flip(*mail, mail::kMailboxes, key);
    CHECK(found() == "bad-record mailboxes mailbox " + std::to_string(inbox.value));
  }
  SECTION("name") {
    flip(*mail, mail::kNames, mail::name_key(anna, "INBOX"));
    CHECK(found() == "bad-record names " + box_name);
  }
  SECTION("subscription") {
    flip(*mail, mail::kSubscriptions, mail::name_key(anna, "INBOX"));
    CHECK(found() == "bad-record subscriptions " + box_name);
  }
  SECTION("keywords") {
    flip(*mail, mail::kKeywords, key);
    CHECK(found() == "bad-record keywords " + box_name);
  }
  SECTION("message") {
    flip(*mail, mail::kMessages, mail::message_key(inbox, Uid{3}));
    CHECK(found() == "bad-record messages " + box_name + " UID 3; references-wrong blobs body 3");
  }
  SECTION("change") {
    flip(*mail, mail::kChanges, first_key(*mail, mail::kChanges, key));
    CHECK(found() == "bad-record changes " + box_name + " MODSEQ 2");
  }
  SECTION("hash") {
    flip(*mail, mail::kBlobIds, first_key(*mail, mail::kBlobIds));
    CHECK(found().starts_with("bad-record blob_ids SHA-256 "));
    CHECK(check_all().findings_total == 1);
  }
  SECTION("body") {
    flip(*mail, mail::kBlobs, mail::id_key(2));
    CHECK(found() == "bad-record blobs body 2, " + box_name + " UID 2");
  }
  SECTION("chunk") {
    flip(*mail, mail::kChunks, mail::chunk_key(6, 1));
    CHECK(found() == "body-damaged chunks body 6, " + box_name + " UID 6");
  }
  SECTION("summary") {
    flip(*mail, mail::kSummaries, mail::id_key(2));
    CHECK(found() == "summary-damaged summaries body 2, " + box_name + " UID 2");
  }
}

namespace {
template <class F>
void change_record(Fixture& fixture, F change) {
  fixture.write(*fixture.mail, [&](WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(auto record, mail::load_record(txn, fixture.inbox));
    change(record);
    return mail::save_record(txn, record);
  });
}
}  // namespace

TEST_CASE_METHOD(Fixture, "a mailbox whose record does not say what is there") {
  const std::string where = " mailboxes anna@example.test INBOX";
  SECTION("messages") {
    change_record(*this, [](auto& record) { record.messages += 1; });
    CHECK(found() == "counts-wrong" + where);
  }
  SECTION("unseen") {
    change_record(*this, [](auto& record) { record.unseen -= 1; });
    CHECK(found() == "counts-wrong" + where);
    CHECK(check_all().findings.front().what == "it says unseen 4 instead of 5");
  }
  SECTION("deleted") {
    change_record(*this, [](auto& record) { record.deleted = 7; });
    CHECK(found() == "counts-wrong" + where);
  }
  SECTION("octets") {
    change_record(*this, [](auto& record) { record.octets += 1; });
    CHECK(found() == "counts-wrong" + where);
  }
  SECTION("UIDNEXT") {
    change_record(*this, [](auto& record) { record.uid_next = 6; });
    CHECK(found() == "uidnext-low changes anna@example.test INBOX MODSEQ 7; uidnext-low" + where);
  }
  SECTION("HIGHESTMODSEQ") {
    change_record(*this, [](auto& record) { record.highest_modseq.value = 6; });
    CHECK(found() == "modseq-low" + where);
  }
  SECTION("the log's length") {
    change_record(*this, [](auto& record) { record.log_entries += 1; });
    CHECK(found() == "log-wrong" + where);
  }
  SECTION("the log's reach") {
    change_record(*this, [](auto& record) { record.log_from.value = 2; });
    CHECK(found() == "log-wrong" + where);
  }
  SECTION("a log that reaches beyond HIGHESTMODSEQ") {
    change_record(*this, [](auto& record) {
      record.log_from.value = 1000;
      record.log_entries = 0;
    });
    CHECK(found().starts_with("log-wrong"));
  }
  SECTION("expunges that reach less far than the log") {
    change_record(*this, [](auto& record) { record.expunges_from.value = record.log_from.value + 1; });
    CHECK(found() == "log-wrong" + where);
  }
  SECTION("the first UID that was not yet shown as recent") {
    change_record(*this, [](auto& record) { record.recent_from = record.uid_next + 1; });
    CHECK(found() == "counts-wrong" + where);
  }
  SECTION("UIDVALIDITY") {
    change_record(*this, [](auto& record) { record.uid_validity += 100; });
    CHECK(found() == "uidvalidity-low accounts anna@example.test INBOX");
  }
  SECTION("its name") {
    change_record(*this, [](auto& record) { record.name = "Other"; });
    CHECK(found() == "mailbox-unnamed mailboxes anna@example.test Other; name-wrong names anna@example.test INBOX");
  }
}

TEST_CASE_METHOD(Fixture, "what does not fit in the mail environment") {
  const std::string box_name = "anna@example.test INBOX";
  SECTION("a mailbox without a name") {
    erase(*mail, mail::kNames, mail::name_key(anna, "INBOX"));
    CHECK(found() == "mailbox-unnamed mailboxes " + box_name);
  }
  SECTION("a name without a mailbox, whose messages are strays then") {
    erase(*mail, mail::kMailboxes, mail::id_key(inbox.value));
    const std::string number = std::to_string(inbox.value);
    CHECK(found() == "name-wrong names " + box_name + "; orphan keywords mailbox " + number +
                         "; orphan messages mailbox " + number + "; orphan changes mailbox " + number);
  }
  SECTION("annotations of a mailbox that is not there") {
    for (const char* name : {"/a", "/b"}) {
      const std::string key = mail::annotation_key(MailboxId{99}, anna, name);
      put(*mail, mail::kMetadata, key, body::seal("text", key));
    }
    CHECK(found() == "orphan metadata mailbox 99 /a");
  }
  SECTION("a damaged annotation") {
    for (const MailboxId of : {inbox, MailboxId{0}}) {
      const std::string key = mail::annotation_key(of, anna, "/comment");
      put(*mail, mail::kMetadata, key, body::seal("text", key));
      flip(*mail, mail::kMetadata, key);
    }
    CHECK(found() == "bad-record metadata server /comment; bad-record metadata " + box_name + " /comment");
  }
  SECTION("a message whose body is gone") {
    erase(*mail, mail::kBlobs, mail::id_key(2));
    const std::string all = found();
    CHECK(all.starts_with("body-missing messages " + box_name + " UID 2; body-number-wrong blob_ids SHA-256 "));
    CHECK(all.ends_with("; orphan summaries body 2; orphan chunks body 2"));
  }
  SECTION("a size that is not the body's") {
    write(*mail, [&](WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(auto found, mail::find_message(txn, inbox, Uid{2}));
      TRY_ASSIGN(auto record, mail::load_record(txn, inbox));
      found->octets += 5;
      record.octets += 5;
      std::string value;
      const auto key = mail::message_key(inbox, Uid{2});
      mail::encode_message(*found, key, value);
      TRY(txn.put(mail::kMessages, key, value));
      return mail::save_record(txn, record);
    });
    CHECK(found() == "size-wrong messages " + box_name + " UID 2");
  }
  SECTION("a keyword without a name") {
    erase(*mail, mail::kKeywords, mail::id_key(inbox.value));
    CHECK(found() == "keyword-unknown messages " + box_name + " UID 6");
  }
  SECTION("a chunk that is missing") {
    erase(*mail, mail::kChunks, mail::chunk_key(6, 3));
    CHECK(found() == "body-damaged chunks body 6, " + box_name + " UID 6");
  }
  SECTION("a chunk too many") {
    put(*mail, mail::kChunks, mail::chunk_key(6, 4), body::encode_chunks("more").front());
    CHECK(found() == "body-damaged chunks body 6, " + box_name + " UID 6");
  }
  SECTION("chunks that fit their checksums and are not those of the hash") {
    const auto place = mail::chunk_key(6, 1);
    write(*mail, [&](auto& txn) { return txn.erase_prefix(mail::kChunks, place); });  // with its pieces
    put(*mail, mail::kChunks, place, body::bind_chunk(body::encode_chunks(std::string(65'536, 'x')).front(), place));
    CHECK(found() == "body-damaged chunks body 6, " + box_name + " UID 6");
    CHECK(check_all().findings.front().what == "its octets are not those that its hash was made of");
  }
  SECTION("chunks without a body") {
    put(*mail, mail::kChunks, mail::chunk_key(50, 0), body::encode_chunks("lost").front());
    CHECK(found() == "orphan chunks body 50");
  }
  SECTION("references") {
    write(*mail, [&](WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(auto blob, mail::load_blob(txn, 3));
      blob.references = 2;
      return mail::save_blob(txn, 3, blob);
    });
    CHECK(found() == "references-wrong blobs body 3");
    CHECK(check_all().findings.front().what == "it says 2, and 1 messages refer to it");
  }
  SECTION("a hash that is missing") {
    erase(*mail, mail::kBlobIds, first_key(*mail, mail::kBlobIds));
    CHECK(found().starts_with("body-number-wrong blobs body "));
  }
  SECTION("a summary that is missing, or decodes to nothing") {
    erase(*mail, mail::kSummaries, mail::id_key(2));
    CHECK(found() == "summary-damaged summaries body 2, " + box_name + " UID 2");
    put(*mail, mail::kSummaries, mail::id_key(2), body::seal("nonsense", mail::id_key(2)));
    CHECK(found() == "summary-damaged summaries body 2, " + box_name + " UID 2");
  }
  SECTION("garbage") {
    write(*mail, [&](WriteTxn& txn) { return mail::expunge(txn, inbox, std::vector<Uid>{Uid{4}}, false); });
    CHECK(found() == "");
    const std::string row = first_key(*mail, mail::kGarbage);
    erase(*mail, mail::kGarbage, row);
    CHECK(found() == "garbage-wrong blobs body 4");
    put(*mail, mail::kGarbage, row, "");
    put(*mail, mail::kGarbage, mail::garbage_key(5, 1), "");
    CHECK(found() == "garbage-wrong garbage body 1");
  }
  SECTION("deliveries") {
    const std::string id(base::kDeliveryIdOctets, 'd');
    const std::string key = mail::delivery_key(id, anna);
    const std::string named = "delivery " + base::hex(id) + " to anna@example.test";
    write(*mail, [&](WriteTxn& txn) { return mail::note_delivered(txn, id, anna, 1000); });
    CHECK(found() == "");
    put(*mail, mail::kDeliveryTimes, mail::delivery_time_key(999, key), "");
    CHECK(found() == "delivery-wrong delivery_times " + named);
    erase(*mail, mail::kDeliveryTimes, mail::delivery_time_key(999, key));
    erase(*mail, mail::kDeliveryTimes, mail::delivery_time_key(1000, key));
    CHECK(found() == "delivery-wrong deliveries " + named);
    put(*mail, mail::kDeliveryTimes, mail::delivery_time_key(1000, key), "");
    flip(*mail, mail::kDeliveries, key);
    CHECK(found() == "bad-record deliveries " + named);
    erase(*mail, mail::kDeliveries, key);
    CHECK(found() == "delivery-wrong delivery_times " + named);
    erase(*mail, mail::kDeliveryTimes, mail::delivery_time_key(1000, key));
    put(*mail, mail::kDeliveries, "x", "");
    put(*mail, mail::kDeliveryTimes, "y", "");
    CHECK(found() == "bad-key deliveries key 78; bad-key delivery_times key 79");
  }
  SECTION("access lists") {
    const std::string named = "anna@example.test INBOX for anyone";
    write(*mail, [&](WriteTxn& txn) { return mail::set_acl(txn, inbox, {mail::kAnyone, mail::Right::Read, {}}); });
    CHECK(found() == "");
    const auto key = mail::pair_key(inbox.value, 0), member = mail::pair_key(0, inbox.value);
    erase(*mail, mail::kAclMembers, member);
    CHECK(found() == "acl-wrong acl " + named);
    put(*mail, mail::kAclMembers, member, "");
    flip(*mail, mail::kAcl, key);
    CHECK(found() == "bad-record acl " + named);
    erase(*mail, mail::kAcl, key);
    CHECK(found() == "acl-wrong acl_members " + named);
    erase(*mail, mail::kAclMembers, member);
    write(*mail, [&](WriteTxn& txn) { return mail::set_acl(txn, MailboxId{999}, {anna, mail::Right::Read, {}}); });
    put(*mail, mail::kAcl, "x", "");
    put(*mail, mail::kAclMembers, "y", "");
    CHECK(found() == "orphan acl mailbox 999 for anna@example.test; bad-key acl key 78; bad-key acl_members key 79");
  }
  SECTION("counters") {
    for (const std::string counter : {"mailbox", "blob", "email"}) {
      put(*mail, mail::kCounters, counter, body::seal(base::Encoder().u64(1).str(), counter));
    }
    CHECK(found() == "counter-behind counters blob; counter-behind counters email; counter-behind counters mailbox");
  }
  SECTION("mail of an account that was removed is a note") {
    write(*accounts, [&](WriteTxn& txn) {
      return accounts::remove_account(txn, "anna@example.test").ok() ? base::ok()
                                                                     : accounts::remove_alias(txn, "info@example.test");
    });
    write(*accounts, [&](WriteTxn& txn) { return accounts::remove_account(txn, "anna@example.test"); });
    const Report report = check_all();
    CHECK(in_words(report) == "");
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes.front().find("account 1") != std::string::npos);
  }
  SECTION("keys of another shape") {
    put(*mail, mail::kMessages, std::string(std::string_view(mail::id_key(inbox.value))) + "x", "y");
    put(*mail, mail::kBlobs, "short", "y");
    put(*mail, mail::kChunks, "s", "y");
    CHECK(found().find("bad-key messages key ") != std::string::npos);
    CHECK(found().find("bad-key blobs key ") != std::string::npos);
    CHECK(found().find("bad-key chunks key ") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "damage in the queue") {
  const std::string key = queue::entry_key(entry), name = "entry " + std::to_string(entry.value);
  const auto changed = [&](auto change) {
    write(*queue, [&](WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(auto one, queue::load_entry(txn, entry));
      change(one);
      return txn.put(queue::kEntries, key, queue::encode_entry(one));
    });
  };
  SECTION("entry") {
    flip(*queue, queue::kEntries, key);
    CHECK(found() == "bad-record entries " + name);
  }
  SECTION("body") {
    flip(*queue, queue::kBodies, queue::chunk_key(entry, 0));
    CHECK(found() == "entry-body-damaged bodies " + name);
    erase(*queue, queue::kBodies, queue::chunk_key(entry, 0));
    CHECK(found() == "entry-body-damaged bodies " + name);
  }
  SECTION("due") {
    const std::string row = first_key(*queue, queue::kDue);
    erase(*queue, queue::kDue, row);
    CHECK(found() == "due-wrong due " + name);
    put(*queue, queue::kDue, row, "");
    put(*queue, queue::kDue, queue::due_key(5, entry), "");
    put(*queue, queue::kDue, queue::due_key(5, QueueId{77}), "");
    CHECK(found() == "due-wrong due " + name + "; due-wrong due entry 77");
  }
  SECTION("unreported") {
    put(*queue, queue::kUnreported, key, "");
    CHECK(found() == "unreported-wrong unreported " + name);
  }
  SECTION("a report that is owed and not in the index") {
    changed([](auto& one) {
      one.recipients[0].state = queue::State::Failed;
      one.recipients[0].finished = 5;
    });
    CHECK(found() == "unreported-wrong unreported " + name + "; due-wrong due " + name);
  }
  SECTION("a state that the table does not allow") {
    changed([](auto& one) { one.recipients[0].lease_until = 5; });
    CHECK(found() == "entry-illegal entries " + name);
  }
  SECTION("chunks without an entry") {
    put(*queue, queue::kBodies, queue::chunk_key(QueueId{77}, 0), "x");
    CHECK(found() == "orphan bodies entry 77 chunk 0");
  }
  SECTION("an entry that was set aside") {
    flip(*queue, queue::kEntries, key);
    CHECK(write(*queue, [](WriteTxn& txn) { return queue::claim_due(txn, 2'000'000, 3'000'000, 9); }).empty());
    CHECK(found() == "entry-set-aside damaged " + name);
    write(*queue, [&](WriteTxn& txn) { return queue::remove(txn, entry); });
    CHECK(found() == "");
  }
  SECTION("pause") {
    put(*queue, queue::kPauses, "main", "nonsense");
    CHECK(found() == "bad-record pauses route main");
  }
  SECTION("counter") {
    put(*queue, queue::kCounters, "queue", queue::encode_number("queue", 0));
    CHECK(found() == "counter-behind counters queue");
    flip(*queue, queue::kCounters, "queue");
    CHECK(found() == "bad-record counters queue");
  }
}

TEST_CASE_METHOD(Fixture, "a check beside a busy writer finds nothing") {
  std::atomic<bool> stop{false};
  const MailboxId trash = box("Trash").id;
  std::thread writer([&] {
    std::uint32_t number = 100;
    while (!stop) {
      const auto body = prepared(text(static_cast<int>(number++ % 50)));
      mail::Arrival arrival;
      arrival.body = &body;
      const auto work = [&](WriteTxn& txn) -> base::Status {
        TRY_ASSIGN(const auto appended, mail::append(txn, inbox, arrival));
        const std::vector<Uid> uids{appended.uid};
        if (number % 3 == 0) TRY(mail::copy(txn, inbox, uids, trash));
        if (number % 2 == 0) TRY(mail::move(txn, inbox, uids, trash));
        if (number % 5 == 0) TRY(mail::expunge(txn, inbox, uids, false));
        return base::ok();
      };
      if (!mail->env().write(work).ok()) std::abort();
    }
  });
  CheckOptions options;
  options.slice = std::chrono::milliseconds(0);
  std::string all;
  for (int i = 0; i < 15 && all.empty(); ++i) all = found(options);
  stop = true;
  writer.join();
  CHECK(all == "");
  CHECK(found() == "");
}

}  // namespace hearthmail::store::maintenance
