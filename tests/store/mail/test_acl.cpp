#include "store/mail/acl.hpp"

#include "tests/store/mail/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::store::mail;

namespace {

constexpr AccountId kCarl{3};

struct Lists : Fixture {
  MailboxId make(const std::string& name, AccountId account = kAnn) {
    return write([&](WriteTxn& txn) { return create_mailbox(txn, account, name); }).id;
  }
  void grant(MailboxId box, AccountId who, std::string_view granted, std::string_view denied = "") {
    write([&](WriteTxn& txn) { return set_acl(txn, box, {who, *parse_rights(granted), *parse_rights(denied)}); });
  }
  std::string rights(MailboxId box, AccountId who) {
    return read([&](const ReadTxn& txn) -> base::Result<std::string> {
      TRY_ASSIGN(const auto mailbox, load_mailbox(txn, box));
      TRY_ASSIGN(const auto rights, rights_of(txn, mailbox, who));
      return rights.letters();
    });
  }
  std::vector<MailboxId> shared(AccountId who) {
    return read([&](const ReadTxn& txn) { return shared_with(txn, who); });
  }
  std::size_t entries(MailboxId box) {
    return read([&](const ReadTxn& txn) { return list_acl(txn, box); }).size();
  }
};

}  // namespace

TEST_CASE_METHOD(Lists, "an access list gives what it names, and the owner has everything, RFC 4314 2") {
  const MailboxId plans = make("Plans");
  CHECK(rights(plans, kBob).empty());
  CHECK(rights(plans, kAnn) == "lrswipkxtea");
  grant(plans, kBob, "lrs");
  CHECK(rights(plans, kBob) == "lrs");
  CHECK(rights(plans, kCarl).empty());
  CHECK(shared(kBob) == std::vector{plans});
  CHECK(shared(kCarl).empty());
  grant(plans, kBob, "lri");
  CHECK(rights(plans, kBob) == "lri");
  CHECK(entries(plans) == 1);
  grant(plans, kBob, "");
  CHECK(entries(plans) == 0);
  CHECK(shared(kBob).empty());
  grant(plans, kAnn, "", "lrswipkxtea");
  CHECK(rights(plans, kAnn) == "lrswipkxtea");
}

TEST_CASE_METHOD(Lists, "anyone and negative rights are combined with one's own, RFC 4314 2") {
  const MailboxId plans = make("Plans");
  grant(plans, kAnyone, "lr");
  CHECK(rights(plans, kBob) == "lr");
  grant(plans, kBob, "sw");
  CHECK(rights(plans, kBob) == "lrsw");
  CHECK(rights(plans, kCarl) == "lr");
  grant(plans, kCarl, "i", "r");
  CHECK(rights(plans, kCarl) == "li");
  grant(plans, kAnyone, "lr", "s");
  CHECK(rights(plans, kBob) == "lrw");
  CHECK(shared(kBob) == std::vector{plans});  // once, though it is named twice
  CHECK(shared(kCarl) == std::vector{plans});
}

TEST_CASE_METHOD(Lists, "a list stays with its mailbox under RENAME and goes with DELETE, RFC 4314 4") {
  const MailboxId plans = make("Plans");
  grant(plans, kBob, "lr");
  write([](WriteTxn& txn) { return rename_mailbox(txn, kAnn, "Plans", "Old/Plans"); });
  CHECK(rights(plans, kBob) == "lr");
  CHECK(entries(box("Old").id) == 0);
  write([&](WriteTxn& txn) { return delete_mailbox(txn, plans); });
  CHECK(shared(kBob).empty());
  CHECK(rights(make("Plans"), kBob).empty());
}

TEST_CASE_METHOD(Lists, "a new mailbox has the list of the one above it, RFC 4314 4") {
  grant(make("Team"), kBob, "lrk", "x");
  const MailboxId deep = make("Team/A/B");
  CHECK(rights(deep, kBob) == "lrk");
  CHECK(rights(box("Team/A").id, kBob) == "lrk");
  CHECK(read([&](const ReadTxn& txn) { return find_acl(txn, deep, kBob); }).denied.letters() == "x");
  CHECK(rights(make("Teamwork"), kBob).empty());
  grant(box("Team").id, kBob, "");
  CHECK(rights(deep, kBob) == "lrk");  // a copy, not a link
}

TEST_CASE_METHOD(Lists, "an account that goes is in no list any more, and its own lists go") {
  write([](WriteTxn& txn) { return ensure_account(txn, kBob); });
  const MailboxId plans = make("Plans"), his = make("His", kBob);
  grant(plans, kBob, "lr");
  grant(plans, kCarl, "l");
  grant(his, kCarl, "lr");
  write([](WriteTxn& txn) { return delete_account(txn, kBob); });
  CHECK(rights(plans, kBob).empty());
  CHECK(entries(plans) == 1);
  CHECK(shared(kBob).empty());
  CHECK(shared(kCarl) == std::vector{plans});
}

TEST_CASE_METHOD(Lists, "a list has at most 1000 identifiers, and a job that fails changes nothing") {
  const MailboxId plans = make("Plans");
  write([&](WriteTxn& txn) -> base::Status {
    for (std::uint64_t i = 0; i < kMaxAclEntries; ++i) TRY(set_acl(txn, plans, {AccountId{100 + i}, Right::Read, {}}));
    return base::ok();
  });
  CHECK(refused([&](WriteTxn& txn) { return set_acl(txn, plans, {kBob, Right::Read, {}}); }) == base::Errc::OverLimit);
  CHECK(refused([&](WriteTxn& txn) -> base::Status {
          TRY(set_acl(txn, plans, {AccountId{100}, Rights::all(), {}}));
          return set_acl(txn, plans, {kBob, Right::Read, {}});
        }) == base::Errc::OverLimit);
  CHECK(rights(plans, AccountId{100}) == "r");
  grant(plans, AccountId{100}, "lr");  // replacing one is no new one
  CHECK(rights(plans, AccountId{100}) == "lr");
}

TEST_CASE_METHOD(Lists, "a list outlives the closing of the store") {
  const MailboxId plans = make("Plans");
  grant(plans, kBob, "lr");
  open();
  CHECK(rights(plans, kBob) == "lr");
}

TEST_CASE_METHOD(Lists, "flags outside of the mask stay as they are, RFC 4314 4") {
  const FlagMask seen_only = flags_of({Right::Read, Right::KeepSeen});
  CHECK(seen_only.system == kSeen);
  CHECK_FALSE(seen_only.keywords);
  CHECK(flags_of(Right::DeleteMessages).system == kDeleted);
  CHECK(flags_of(Right::Write).system == (kAnswered | kFlagged | kDraft));
  CHECK(flags_of(Right::Write).keywords);
  const Uid uid = write([&](WriteTxn& txn) {
                    const PreparedBody body = prepare_body("Subject: x\r\n\r\n", "");
                    Arrival arrival;
                    arrival.body = &body;
                    arrival.system_flags = kFlagged | kDeleted;
                    arrival.keywords = {"$Work"};
                    return append(txn, inbox, arrival);
                  }).uid;
  const std::vector<Uid> uids{uid};
  const auto flags = [&] { return (*read([&](const ReadTxn& txn) { return find_message(txn, inbox, uid); })).flags; };
  const auto change_flags = [&](FlagMode mode, std::uint8_t system, std::vector<std::string> keywords,
                                FlagMask allowed) {
    const FlagChange change{mode, system, std::move(keywords), allowed};
    return write([&](WriteTxn& txn) { return store_flags(txn, inbox, uids, change); }).changed.size();
  };
  CHECK(change_flags(FlagMode::Replace, kSeen | kAnswered, {"$Other"}, seen_only) == 1);
  CHECK(flags().system == (kSeen | kFlagged | kDeleted));
  CHECK(flags().keywords.size() == 1);
  CHECK(change_flags(FlagMode::Remove, kSeen | kDeleted, {"$Work"}, flags_of(Right::DeleteMessages)) == 1);
  CHECK(flags().system == (kSeen | kFlagged));
  CHECK(change_flags(FlagMode::Add, kDeleted | kDraft, {"$Other"}, flags_of(Right::Read)) == 0);
  CHECK(change_flags(FlagMode::Replace, 0, {}, flags_of(Right::Write)) == 1);
  CHECK(flags().system == kSeen);
  CHECK(flags().keywords.empty());
  const auto copied = write([&](WriteTxn& txn) {
    return copy(txn, inbox, uids, trash, std::nullopt, FlagMask{0, false});
  });
  const auto there = read([&](const ReadTxn& txn) { return find_message(txn, trash, copied.target.front()); });
  CHECK(there->flags.system == 0);
}
