// How far back the log of changes reaches, and what is said beyond it.
#include "tests/store/mail/fixture.hpp"

namespace hearthmail::store::mail {

namespace {

struct Log : Fixture {
  // `count` changes of one message's flags, each a record of the log.
  void flip(Uid uid, std::uint32_t count) {
    write([&](WriteTxn& txn) -> base::Status {
      for (std::uint32_t i = 0; i < count; ++i) {
        TRY_ASSIGN(const auto message, find_message(txn, inbox, uid));
        const bool seen = (message->flags.system & kSeen) != 0;
        const std::vector<Uid> one{uid};
        TRY(store_flags(txn, inbox, one, FlagChange{seen ? FlagMode::Remove : FlagMode::Add, kSeen, {}}));
      }
      return base::ok();
    });
  }
  // `count` messages that come and go, one expunge each.
  void come_and_go(std::uint32_t count) {
    const PreparedBody body = prepare_body("passing", "summary");
    write([&](WriteTxn& txn) -> base::Status {
      Arrival arrival;
      arrival.body = &body;
      for (std::uint32_t i = 0; i < count; ++i) {
        TRY_ASSIGN(const auto appended, append(txn, inbox, arrival));
        const std::vector<Uid> one{appended.uid};
        TRY(expunge(txn, inbox, one, false));
      }
      return base::ok();
    });
  }
  void drop(std::vector<Uid> uids) {
    write([&](WriteTxn& txn) { return expunge(txn, inbox, uids, false); });
  }
  ModSeq now() { return box(inbox).highest_modseq; }
};

}  // namespace

TEST_CASE_METHOD(Log, "expunges are exact beyond the log of changes, RFC 7162 3.2.5.1") {
  for (const auto* text : {"1", "2", "3", "4"}) add(inbox, text);
  drop(uid_list({1}));
  const auto start = now();
  drop(uid_list({2}));
  add(inbox, "5");
  const auto later = now();
  flip(Uid{3}, kMaxLogEntries);
  CHECK(entries(7) == kMaxLogEntries);
  CHECK(entries(12) == 2);  // the expunges that left the log
  const Changes old = since(inbox, start);
  CHECK(old.exact);
  CHECK(old.changed == uid_list({3, 5}));
  CHECK(expand(old.expunged) == uid_list({2}));  // not 1: it was gone before
  CHECK(since(inbox, later).changed == uid_list({3}));
  CHECK(since(inbox, later).expunged.empty());
  CHECK(expand(since(inbox, ModSeq{1}).expunged) == uid_list({1, 2}));
  write([&](WriteTxn& txn) { return delete_mailbox(txn, trash); });
  CHECK(entries(12) == 2);
}

TEST_CASE_METHOD(Log, "beyond kMaxExpungeEntries every UID that is missing is named, RFC 7162 3.2.5.2") {
  for (const auto* text : {"1", "2", "3", "4"}) add(inbox, text);
  drop(uid_list({1}));
  const auto start = now();
  drop(uid_list({3}));
  come_and_go(kMaxExpungeEntries);
  flip(Uid{4}, kMaxLogEntries);
  CHECK(entries(12) == kMaxExpungeEntries);
  const auto last = Uid{box(inbox).uid_next - 1};
  const Changes old = since(inbox, start);
  CHECK_FALSE(old.exact);
  CHECK(old.changed == uid_list({4}));
  const std::vector<UidRange> missing{{Uid{1}, Uid{1}}, {Uid{3}, Uid{3}}, {Uid{5}, last}};
  CHECK(old.expunged == missing);  // UID 1 too, which was gone before
  // The two oldest expunges are forgotten; from there on the answer is exact again.
  const ModSeq known{start.value + 1};
  CHECK(since(inbox, known).exact);
  const std::vector<UidRange> passed{{Uid{5}, last}};
  CHECK(since(inbox, known).expunged == passed);
}

TEST_CASE_METHOD(Log, "a mailbox that is deleted leaves no expunges behind") {
  const auto work = create("Work").id;
  add(work, "1");
  add(inbox, "1");
  write([&](WriteTxn& txn) { return expunge(txn, work, uid_list({1}), false); });
  add(work, "2");
  write([&](WriteTxn& txn) -> base::Status {
    for (std::uint32_t i = 0; i < kMaxLogEntries; ++i) {
      TRY(store_flags(txn, work, uid_list({2}), FlagChange{i % 2 == 0 ? FlagMode::Add : FlagMode::Remove, kSeen, {}}));
    }
    return base::ok();
  });
  CHECK(entries(12) == 1);
  write([&](WriteTxn& txn) { return delete_mailbox(txn, work); });
  CHECK(entries(12) == 0);
}

}  // namespace hearthmail::store::mail
