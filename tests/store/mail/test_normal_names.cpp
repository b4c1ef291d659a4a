#include "store/mail/normal_names.hpp"

#include "tests/store/mail/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::store::mail;

namespace {

// "e" and a combining acute become one character: all that these names need.
std::string composed(std::string_view name) {
  std::string text(name);
  for (auto at = text.find("e\xCC\x81"); at != std::string::npos; at = text.find("e\xCC\x81")) {
    text.replace(at, 3, "\xC3\xA9");
  }
  return text;
}

const std::string kOld = "Cafe\xCC\x81", kNew = "Caf\xC3\xA9";

struct Names : Fixture {
  MailboxId make(const std::string& name, AccountId account = kAnn) {
    return write([&](WriteTxn& txn) { return create_mailbox(txn, account, name); }).id;
  }
  std::string rename(AccountId account = kAnn) {
    std::string text;
    for (const auto& [from, to] : write([&](WriteTxn& txn) { return rename_to_form(txn, account, composed); })) {
      text += from + " > " + to + "\n";
    }
    return text;
  }
  bool others(AccountId account = kAnn) {
    return read([&](const ReadTxn& txn) { return has_other_names(txn, account, composed); });
  }
};

}  // namespace

TEST_CASE_METHOD(Names, "a mailbox gets its composed name and keeps everything else") {
  const MailboxId old = make(kOld + "/Sub");  // and its parent
  CHECK(others());
  const auto before = read([&](const ReadTxn& txn) { return load_mailbox(txn, old); });
  CHECK(rename() == kOld + " > " + kNew + "\n" + kOld + "/Sub > " + kNew + "/Sub\n");
  const Mailbox after = box(kNew + "/Sub");
  CHECK(after.id == old);
  CHECK(after.uid_validity == before.uid_validity);
  CHECK(after.highest_modseq == before.highest_modseq);
  CHECK_FALSE(store->env().read([](const ReadTxn& txn) { return find_mailbox(txn, kAnn, kOld); }).ok());
  CHECK_FALSE(others());
  CHECK(rename().empty());
}

TEST_CASE_METHOD(Names, "when the composed name is taken, it gets a number; children find their place by themselves") {
  const MailboxId first = make(kNew);
  make(kNew + " (2)");
  const MailboxId child = make(kOld + "/Sub");
  CHECK(rename() == kOld + " > " + kNew + " (3)\n" + kOld + "/Sub > " + kNew + "/Sub\n");
  CHECK(box(kNew).id == first);
  CHECK(box(kNew + "/Sub").id == child);
}

TEST_CASE_METHOD(Names, "subscriptions go along, also those of mailboxes that are gone") {
  make(kNew);
  make(kOld);
  for (const auto& name : {kOld, std::string("Gone e\xCC\x81")}) {
    write([&](WriteTxn& txn) { return set_subscribed(txn, kAnn, name, true); });
  }
  rename();
  const auto names = read([](const ReadTxn& txn) { return list_subscriptions(txn, kAnn); });
  const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  CHECK(has(kNew + " (2)"));
  CHECK(has("Gone \xC3\xA9"));
  CHECK_FALSE(has(kOld));
  CHECK_FALSE(has(kNew));
  // A subscription alone is reason enough to look.
  write([&](WriteTxn& txn) { return set_subscribed(txn, kAnn, "Other e\xCC\x81", true); });
  CHECK(others());
  CHECK(rename().empty());
  CHECK_FALSE(others());
}

TEST_CASE_METHOD(Names, "a name that would become too long stays") {
  const std::string longest = std::string(kMaxMailboxName - kNew.size() - 1, 'x') + "/" + kNew;
  REQUIRE(longest.size() == kMaxMailboxName);
  make(longest);
  const std::string other = std::string(kMaxMailboxName - kNew.size() - 1, 'x') + "/" + kNew;
  const NameForm same = [&](std::string_view name) { return name == kOld ? other : std::string(name); };
  make(kOld);
  CHECK(write([&](WriteTxn& txn) { return rename_to_form(txn, kAnn, same); }).empty());
  CHECK(box(kOld).name == kOld);
}

TEST_CASE_METHOD(Names, "accounts in the order of their numbers") {
  write([](WriteTxn& txn) { return ensure_account(txn, AccountId{9}); });
  const auto after = [&](std::uint64_t account) {
    const auto next = read([&](const ReadTxn& txn) { return next_account(txn, AccountId{account}); });
    return next ? next->value : 0;
  };
  CHECK(after(0) == kAnn.value);
  CHECK(after(kAnn.value) == 9);
  CHECK(after(9) == 0);
}
