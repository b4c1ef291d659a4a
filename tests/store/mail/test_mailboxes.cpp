#include "store/mail/tables.hpp"
#include "tests/store/mail/fixture.hpp"

namespace hearthmail::store::mail {

using base::Errc;

TEST_CASE_METHOD(Fixture, "a new account has the standard mailboxes, subscribed, with their special uses") {
  CHECK(names() == "Archive Drafts INBOX Junk Sent Trash ");
  CHECK(read([](const ReadTxn& txn) { return list_subscriptions(txn, kAnn); }).size() == 6);
  const auto sent = read([](const ReadTxn& txn) { return find_special(txn, kAnn, SpecialUse::Sent); });
  CHECK(sent.name == "Sent");
  CHECK(store->env().read([](const ReadTxn& txn) { return find_special(txn, kAnn, SpecialUse::All); }).error().code ==
        Errc::NotFound);
  write([](WriteTxn& txn) { return ensure_account(txn, kAnn); });
  CHECK(entries(2) == 6);
}

TEST_CASE_METHOD(Fixture, "INBOX is matched case-insensitively, other names are not, RFC 9051 5.1") {
  CHECK(box("inbox").id == inbox);
  CHECK(create("iNboX/Work").name == "INBOX/Work");
  CHECK(box("INBOX/Work").id == box("inbox/Work").id);
  CHECK(create("trash").id != trash);
  CHECK(refused([](WriteTxn& txn) { return create_mailbox(txn, kAnn, "InBox"); }) == Errc::Exists);
}

TEST_CASE_METHOD(Fixture, "names that break a rule are Invalid to make and NotFound to find") {
  std::string deep = "a";
  for (std::size_t i = 1; i < kMaxMailboxLevels; ++i) deep += "/a";
  const std::string longest(kMaxMailboxName, 'n');
  CHECK(create(deep).name == deep);
  CHECK(create(longest).name == longest);
  CHECK(box(longest).name == longest);
  const std::string bad = GENERATE_COPY(as<std::string>{}, "", "/", "a/", "/a", "a//b", "a\x01", "a\x7f", "a\xc2\x85",
                                        "a\xff", longest + "n", deep + "/a");
  CHECK(refused([&](WriteTxn& txn) { return create_mailbox(txn, kAnn, bad); }) == Errc::Invalid);
  CHECK(store->env().read([&](const ReadTxn& txn) { return find_mailbox(txn, kAnn, bad); }).error().code ==
        Errc::NotFound);
}

TEST_CASE_METHOD(Fixture, "long names that begin alike are told apart") {
  const std::string begin(600, 'n');
  const auto one = create(begin + "1"), two = create(begin + "2");
  CHECK(box(begin + "1").id == one.id);
  CHECK(box(begin + "2").id == two.id);
  CHECK(names().find(begin + "1 " + begin + "2 ") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "create makes missing parents; a special use belongs to one mailbox") {
  CHECK(create("a/b/c", SpecialUse::All).special_use == SpecialUse::All);
  CHECK(names() == "Archive Drafts INBOX Junk Sent Trash a a/b a/b/c ");
  CHECK(box("a/b").special_use == SpecialUse::None);
  CHECK(refused([](WriteTxn& txn) { return create_mailbox(txn, kAnn, "x", SpecialUse::All); }) == Errc::Unsupported);
}

TEST_CASE_METHOD(Fixture, "a mailbox made again has a new id and a greater UIDVALIDITY, RFC 9051 2.3.1.1") {
  const auto old = create("a");
  add(old.id, "text");
  write([&](WriteTxn& txn) { return delete_mailbox(txn, old.id); });
  CHECK(store->env().read([&](const ReadTxn& txn) { return load_mailbox(txn, old.id); }).error().code ==
        Errc::NotFound);
  open();
  const auto again = create("a");
  CHECK(again.id > old.id);
  CHECK(again.uid_validity > old.uid_validity);
  CHECK(again.messages == 0);
}

TEST_CASE_METHOD(Fixture, "INBOX is not deleted; children of a deleted mailbox stay, RFC 9051 6.3.5") {
  CHECK(refused([&](WriteTxn& txn) { return delete_mailbox(txn, inbox); }) == Errc::Invalid);
  create("a/b");
  const MailboxId parent = box("a").id;
  write([&](WriteTxn& txn) { return delete_mailbox(txn, parent); });
  CHECK(names().find("a/b") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "rename takes children along and makes parents, RFC 9051 6.3.6") {
  create("a/b/c");
  create("ab");
  const auto before = box("a/b");
  add(before.id, "text");
  write([](WriteTxn& txn) { return rename_mailbox(txn, kAnn, "a/b", "x/y"); });
  CHECK(names() == "Archive Drafts INBOX Junk Sent Trash a ab x x/y x/y/c ");
  CHECK(box("x/y").id == before.id);
  CHECK(box("x/y").uid_validity == before.uid_validity);
  CHECK(box("x/y").messages == 1);
  CHECK(refused([](WriteTxn& txn) { return rename_mailbox(txn, kAnn, "x", "x/z"); }) == Errc::Invalid);
  CHECK(refused([](WriteTxn& txn) { return rename_mailbox(txn, kAnn, "x", "ab"); }) == Errc::Exists);
  CHECK(refused([](WriteTxn& txn) { return rename_mailbox(txn, kAnn, "nobody", "z"); }) == Errc::NotFound);
  CHECK(refused([](WriteTxn& txn) { return rename_mailbox(txn, kAnn, "x", std::string(999, 'n')); }) == Errc::Invalid);
  CHECK(names() == "Archive Drafts INBOX Junk Sent Trash a ab x x/y x/y/c ");
}

TEST_CASE_METHOD(Fixture, "renaming INBOX moves its messages and leaves it empty with its children, RFC 9051 6.3.6") {
  create("INBOX/child");
  const auto first = add(inbox, "one");
  add(inbox, "two", kSeen);
  write([](WriteTxn& txn) { return rename_mailbox(txn, kAnn, "inbox", "old/mail"); });
  CHECK(box("INBOX").id == inbox);
  CHECK(box("INBOX").messages == 0);
  CHECK(box("old/mail").messages == 2);
  CHECK(box("old/mail").unseen == 1);
  CHECK(message(box("old/mail").id, Uid{1}).email == first.email);
  CHECK(names().find("INBOX/child") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "subscriptions outlive the mailbox, RFC 9051 6.3.7") {
  write([](WriteTxn& txn) { return set_subscribed(txn, kAnn, "not/there", true); });
  write([&](WriteTxn& txn) { return delete_mailbox(txn, trash); });
  auto names_now = read([](const ReadTxn& txn) { return list_subscriptions(txn, kAnn); });
  CHECK(std::count(names_now.begin(), names_now.end(), "Trash") == 1);
  write([](WriteTxn& txn) { return set_subscribed(txn, kAnn, "Trash", false); });
  names_now = read([](const ReadTxn& txn) { return list_subscriptions(txn, kAnn); });
  CHECK(std::count(names_now.begin(), names_now.end(), "Trash") == 0);
  CHECK(std::count(names_now.begin(), names_now.end(), "not/there") == 1);
}

TEST_CASE_METHOD(Fixture, "delete_account takes what is the account's and nothing else") {
  write([](WriteTxn& txn) { return ensure_account(txn, kBob); });
  add(inbox, "shared");
  add(inbox, "own");
  add(box("INBOX", kBob).id, "shared");
  write([](WriteTxn& txn) { return delete_account(txn, kAnn); });
  CHECK(entries(2) == 6);                // mailboxes
  CHECK(entries(4) == 6);                // subscriptions
  CHECK(entries(6) == 1);                // messages
  CHECK(entries(9) == 1 + entries(13));  // blobs, and those that are garbage now
  CHECK(store->env().read([](const ReadTxn& txn) { return list_mailboxes(txn, kBob); })->size() == 6);
  CHECK(names() == "");
}

TEST_CASE_METHOD(Fixture, "a damaged mailbox or name hides no other, and is never renamed or deleted by halves") {
  create("Work");
  create("Work/2026");
  const auto damage = [this](lmdb::Table table, const std::string& key) {
    write([&](WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(const auto stored, txn.get(table, key));
      std::string octets(stored.value_or(""));
      octets.back() = static_cast<char>(octets.back() ^ 1);
      return txn.put(table, key, octets);
    });
  };
  SECTION("its record") { damage(kMailboxes, std::string(std::string_view(id_key(box("Work").id.value)))); }
  SECTION("its name") { damage(kNames, name_key(kAnn, "Work")); }
  SECTION("its record is not there") {
    const auto key = id_key(box("Work").id.value);
    write([&](WriteTxn& txn) -> base::Status {
      TRY(txn.erase(kMailboxes, key));
      return base::ok();
    });
  }
  CHECK(names() == "Archive Drafts INBOX Junk Sent Trash Work/2026 ");
  CHECK(read([](const ReadTxn& txn) { return find_special(txn, kAnn, SpecialUse::Sent); }).name == "Sent");
  CHECK_FALSE(store->env().write([](WriteTxn& txn) { return delete_account(txn, kAnn); }).ok());
  CHECK(names() == "Archive Drafts INBOX Junk Sent Trash Work/2026 ");
  CHECK_FALSE(store->env().write([](WriteTxn& txn) { return rename_mailbox(txn, kAnn, "Work", "Play"); }).ok());
  CHECK(names() == "Archive Drafts INBOX Junk Sent Trash Work/2026 ");
}

}  // namespace hearthmail::store::mail
