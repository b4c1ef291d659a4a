#include <numeric>

#include "common/base/bytes.hpp"
#include "store/body/body.hpp"
#include "store/mail/expected_uids.hpp"
#include "store/mail/known_body.hpp"
#include "tests/store/mail/fixture.hpp"

namespace hearthmail::store::mail {

using base::Errc;

namespace {

std::string letter(std::size_t octets) {
  std::string text = "Subject: x\r\n\r\n";
  while (text.size() < octets) text += "line " + std::to_string(text.size()) + "\r\n";
  text.resize(octets);
  return text;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a body that is stored needs no octets to be added again; one that is not is refused") {
  add(inbox, "hello");
  const auto append_stored = [&](std::string_view text) {
    const PreparedBody body = stored_body(body_id(text), text.size());
    Arrival arrival;
    arrival.body = &body;
    return store->env().write([&](WriteTxn& txn) { return append(txn, inbox, arrival); });
  };
  CHECK(read([](const ReadTxn& txn) { return is_stored(txn, body_id("hello")); }));
  CHECK_FALSE(read([](const ReadTxn& txn) { return is_stored(txn, body_id("never")); }));
  const auto again = append_stored("hello");
  REQUIRE(again.ok());
  const auto blob = message(inbox, again->uid).blob;
  CHECK(blob == message(inbox, Uid{1}).blob);
  CHECK(read([&](const ReadTxn& txn) { return read_body(txn, blob, 0, 5); }) == "hello");
  const auto refused = append_stored("never");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::Unavailable);
  CHECK(box(inbox).messages == 2);
}

TEST_CASE_METHOD(Fixture, "an appended message comes back with all it had, also after a restart") {
  const auto before = box(inbox);
  const auto appended = add(inbox, "hello", kSeen | kFlagged, {"work", "$Forwarded"});
  CHECK(appended.uid == Uid{1});
  CHECK(appended.uid_validity == before.uid_validity);
  open();
  const Message found = message(inbox, Uid{1});
  CHECK(found.flags.system == (kSeen | kFlagged));
  CHECK(found.flags.keywords == std::vector<KeywordId>{0, 1});
  CHECK(found.internal_date == 1'700'000'000);
  CHECK(found.zone_minutes == -90);
  CHECK(found.save_date == -5);
  CHECK(found.octets == 5);
  CHECK(found.email == appended.email);
  CHECK(found.modseq == ModSeq{before.highest_modseq.value + 1});
  CHECK(read([&](const ReadTxn& txn) { return keywords(txn, inbox); }) ==
        std::vector<std::string>{"work", "$Forwarded"});
  const auto summary = [&](const ReadTxn& txn) -> base::Result<std::string> {
    TRY_ASSIGN(auto view, read_summary(txn, found.blob));
    return std::string(view);
  };
  CHECK(read(summary) == "summary of hello");
  const Mailbox after = box(inbox);
  CHECK((after.messages == 1 && after.unseen == 0 && after.deleted == 0 && after.octets == 5 && after.uid_next == 2));
}

TEST_CASE_METHOD(Fixture, "any range of a body is read, across chunks") {
  const std::string text = letter(200'000);
  const auto blob = message(inbox, add(inbox, text).uid).blob;
  const auto part = [&](std::uint64_t offset, std::uint64_t count) {
    return read([&](const ReadTxn& txn) { return read_body(txn, blob, offset, count); });
  };
  CHECK(part(0, ~0ULL) == text);
  CHECK(part(65'530, 20) == text.substr(65'530, 20));
  CHECK(part(199'999, 5) == text.substr(199'999));
  CHECK(part(65'536, 65'536) == text.substr(65'536, 65'536));
  CHECK(part(200'000, 1).empty());
  CHECK(part(~0ULL, ~0ULL).empty());
  const auto empty = message(inbox, add(inbox, "").uid).blob;
  CHECK(read([&](const ReadTxn& txn) { return read_body(txn, empty, 0, 10); }).empty());
}

TEST_CASE_METHOD(Fixture, "two copies of a message cost one body; it goes a while after the last one") {
  const std::string text = letter(150'000);
  add(inbox, text);
  add(inbox, text);
  add(trash, text);
  CHECK(entries(9) == 1);
  const auto chunks = entries(10);
  CHECK(chunks >= 3);
  CHECK(chunks <= 3 * 5);  // each in at most five parts
  write([&](WriteTxn& txn) { return expunge(txn, inbox, uid_list({1, 2}), false); });
  CHECK(entries(10) == chunks);
  const auto blob = message(trash, Uid{1}).blob;
  CHECK(read([&](const ReadTxn& txn) { return read_body(txn, blob, 0, ~0ULL); }) == text);
  write([&](WriteTxn& txn) { return expunge(txn, trash, uid_list({1}), false); });
  CHECK(read([&](const ReadTxn& txn) { return read_body(txn, blob, 0, ~0ULL); }) == text);
  const auto collect = [&](base::UnixTime upto) {
    return write([&](WriteTxn& txn) { return collect_garbage(txn, upto, ~0ULL); });
  };
  CHECK(collect(base::Clock::system().now() - 60).bodies == 0);
  CHECK(entries(13) == 1);
  CHECK(collect(base::Clock::system().now()).octets == text.size());
  for (const std::uint32_t table : {8u, 9u, 10u, 11u, 13u}) CHECK(entries(table) == 0);
}

TEST_CASE_METHOD(Fixture, "a body that comes again before it is collected is the same one") {
  add(inbox, "once");
  const auto blob = message(inbox, Uid{1}).blob;
  write([&](WriteTxn& txn) { return expunge(txn, inbox, uid_list({1}), false); });
  CHECK(entries(13) == 1);
  CHECK(message(inbox, add(inbox, "once").uid).blob == blob);
  CHECK(entries(13) == 0);
  CHECK(write([](WriteTxn& txn) { return collect_garbage(txn, 0x7FFFFFFF, ~0ULL); }).bodies == 0);
  CHECK(read([&](const ReadTxn& txn) { return read_body(txn, blob, 0, 10); }) == "once");
}

TEST_CASE_METHOD(Fixture, "garbage goes in small jobs, oldest first") {
  for (int i = 0; i < 4; ++i) add(inbox, std::string(1'000, static_cast<char>('a' + i)));
  write([&](WriteTxn& txn) { return expunge(txn, inbox, uid_list({1, 2, 3, 4}), false); });
  const auto some = write([](WriteTxn& txn) { return collect_garbage(txn, 0x7FFFFFFF, 1'500); });
  CHECK(some.bodies == 2);
  CHECK(some.more);
  CHECK(entries(9) == 2);
  const auto rest = write([](WriteTxn& txn) { return collect_garbage(txn, 0x7FFFFFFF, 1'500); });
  CHECK(rest.bodies == 2);
  CHECK_FALSE(rest.more);
}

TEST_CASE_METHOD(Fixture, "a damaged record hides its own message only") {
  for (int i = 0; i < 3; ++i) add(inbox, "text " + std::to_string(i));
  write([&](WriteTxn& txn) -> base::Status {
    std::string key;
    key = base::Encoder().u64(inbox.value).u32(2).str();
    TRY_ASSIGN(const auto stored, txn.get(lmdb::Table{6}, key));
    std::string value(*stored);
    value.back() = static_cast<char>(value.back() ^ 1);
    return txn.put(lmdb::Table{6}, key, value);
  });
  std::vector<std::uint32_t> seen;
  std::vector<Uid> damaged;
  read([&](const ReadTxn& txn) {
    const auto each = [&](const Message& message) {
      seen.push_back(message.uid.value);
      return true;
    };
    return scan_messages(txn, inbox, Uid{1}, Uid{9}, each, &damaged);
  });
  CHECK(seen == std::vector<std::uint32_t>{1, 3});
  CHECK(damaged == uid_list({2}));
  CHECK(uids(inbox) == uid_list({1, 2, 3}));
  FlagChange change;
  change.system = kFlagged;
  const auto stored = write([&](WriteTxn& txn) { return store_flags(txn, inbox, uid_list({1, 2, 3}), change); });
  CHECK(stored.changed == uid_list({1, 3}));
  const auto copied = write([&](WriteTxn& txn) { return mail::copy(txn, inbox, uid_list({1, 2, 3}), trash); });
  CHECK(copied.source == uid_list({1, 3}));
}

TEST_CASE_METHOD(Fixture, "a flipped bit in a stored chunk is Corrupt, never wrong octets") {
  const auto blob = message(inbox, add(inbox, letter(100'000)).uid).blob;
  write([](WriteTxn& txn) -> base::Status {
    std::string key, value;
    {
      auto cursor = txn.cursor(lmdb::Table{10});
      TRY_ASSIGN(auto second, cursor.last());
      key = second->key;
      value = second->value;
    }
    value[value.size() / 2] ^= 4;
    return txn.put(lmdb::Table{10}, key, value);
  });
  const auto attempt = [&](std::uint64_t offset) {
    return store->env().read([&](const ReadTxn& txn) { return read_body(txn, blob, offset, 10); });
  };
  CHECK(attempt(0).ok());
  REQUIRE_FALSE(attempt(70'000).ok());
  CHECK(attempt(70'000).error().code == Errc::Corrupt);
}

TEST_CASE_METHOD(Fixture, "a flipped bit in any record of a message's mailbox is Corrupt") {
  add(inbox, "text", 0, {"word"});
  const std::uint32_t table = GENERATE(2u, 3u, 5u, 6u, 7u, 9u, 11u);
  write([&](WriteTxn& txn) -> base::Status {
    std::vector<std::pair<std::string, std::string>> rows;
    {
      auto cursor = txn.cursor(lmdb::Table{table});
      TRY_ASSIGN(auto at, cursor.seek(""));
      while (at) {
        rows.emplace_back(at->key, at->value);
        TRY_ASSIGN(at, cursor.next());
      }
    }
    for (auto& [key, value] : rows) {
      value.back() ^= 1;
      TRY(txn.put(lmdb::Table{table}, key, value));
    }
    return base::ok();
  });
  const auto look = [&](const ReadTxn& txn) -> base::Status {
    TRY(find_mailbox(txn, kAnn, "INBOX"));
    TRY(keywords(txn, inbox));
    TRY(find_message(txn, inbox, Uid{1}));
    TRY(changes_since(txn, inbox, ModSeq{0}));
    TRY(read_body(txn, 1, 0, 1));
    TRY(read_summary(txn, 1));
    return base::ok();
  };
  const base::Status looked = store->env().read(look);
  REQUIRE_FALSE(looked.ok());
  CHECK(looked.error().code == Errc::Corrupt);
}

TEST_CASE_METHOD(Fixture, "UIDs grow and are never given twice, RFC 9051 2.3.1.1") {
  add(inbox, "1");
  add(inbox, "2");
  write([&](WriteTxn& txn) { return expunge(txn, inbox, uid_list({2}), false); });
  CHECK(add(inbox, "3").uid == Uid{3});
  CHECK(uids(inbox) == uid_list({1, 3}));
}

TEST_CASE_METHOD(Fixture, "the UIDs that are expected are those that are there, with gaps and without") {
  const auto same = [this](MailboxId id) {
    const auto expected = read([&](const ReadTxn& txn) { return expected_uids(txn, id); });
    return expected == uids(id) && expected.size() == box(id).messages;
  };
  CHECK((same(inbox) && same(trash)));  // empty
  for (int i = 0; i < 5; ++i) add(inbox, std::to_string(i));
  CHECK((same(inbox) && same(trash)));
  add(trash, "other");
  CHECK((same(inbox) && same(trash)));
  for (const std::uint32_t gone : {1U, 5U, 3U}) {  // an end, the other, a gap
    write([&](WriteTxn& txn) { return expunge(txn, inbox, uid_list({gone}), false); });
    CHECK(same(inbox));
  }
  CHECK(uids(inbox) == uid_list({2, 4}));
}

TEST_CASE_METHOD(Fixture, "a scan stops where it is told and goes on from there") {
  for (int i = 0; i < 5; ++i) add(inbox, std::to_string(i));
  add(trash, "other");
  std::vector<Uid> seen;
  const auto scan = [&](std::uint32_t first, std::uint32_t last, std::size_t most) {
    seen.clear();
    return read([&](const ReadTxn& txn) {
      return scan_messages(txn, inbox, Uid{first}, Uid{last}, [&](const Message& each) {
        seen.push_back(each.uid);
        return seen.size() < most;
      });
    });
  };
  CHECK(scan(1, 0xFFFFFFFF, 2) == Uid{3});
  CHECK(scan(3, 0xFFFFFFFF, 99) == Uid{0});
  CHECK(seen == uid_list({3, 4, 5}));
  CHECK(scan(2, 3, 2) == Uid{0});
  CHECK(seen == uid_list({2, 3}));
  CHECK(scan(6, 9, 9) == Uid{0});
}

TEST_CASE_METHOD(Fixture, "STORE replaces, adds and removes flags and tells what changed, RFC 9051 6.4.6") {
  for (int i = 0; i < 3; ++i) add(inbox, std::to_string(i), i == 0 ? kSeen : 0);
  const auto modseq = box(inbox).highest_modseq;
  const auto set = [&](FlagMode mode, std::uint8_t flags, std::vector<std::string> words) {
    return write([&](WriteTxn& txn) {
      return store_flags(txn, inbox, uid_list({1, 2, 2, 9}), FlagChange{mode, flags, words});
    });
  };
  auto stored = set(FlagMode::Add, kSeen, {});
  CHECK(stored.changed == uid_list({2}));
  CHECK(stored.modseq == ModSeq{modseq.value + 1});
  CHECK(message(inbox, Uid{2}).modseq == stored.modseq);
  CHECK(message(inbox, Uid{1}).modseq < stored.modseq);
  CHECK(box(inbox).unseen == 1);
  stored = set(FlagMode::Add, kSeen, {});
  CHECK(stored.changed.empty());
  CHECK(stored.modseq == ModSeq{modseq.value + 1});
  CHECK(set(FlagMode::Add, kDeleted, {"b", "a", "B"}).changed == uid_list({1, 2}));
  CHECK(message(inbox, Uid{1}).flags.keywords == std::vector<KeywordId>{0, 1});
  CHECK(box(inbox).deleted == 2);
  set(FlagMode::Remove, kSeen, {"b", "unknown"});
  CHECK(message(inbox, Uid{1}).flags == Flags{kDeleted, {1}});
  set(FlagMode::Replace, kDraft, {"b"});
  CHECK(message(inbox, Uid{2}).flags == Flags{kDraft, {0}});
  CHECK((box(inbox).deleted == 0 && box(inbox).unseen == 3));
}

TEST_CASE_METHOD(Fixture, "STORE UNCHANGEDSINCE leaves what was changed since, RFC 7162 3.1.3") {
  for (int i = 0; i < 2; ++i) add(inbox, std::to_string(i));
  const auto seen = box(inbox).highest_modseq;
  write([&](WriteTxn& txn) { return store_flags(txn, inbox, uid_list({2}), FlagChange{FlagMode::Add, kSeen, {}}); });
  const auto stored = write([&](WriteTxn& txn) {
    return store_flags(txn, inbox, uid_list({1, 2, 1}), FlagChange{FlagMode::Add, kFlagged, {}}, seen);
  });
  CHECK(stored.changed == uid_list({1}));
  CHECK(stored.modified == uid_list({2}));
}

TEST_CASE_METHOD(Fixture, "keywords: an atom, 128 octets, 1024 in a mailbox, case-insensitive") {
  const auto intern = [&](std::vector<std::string> names) {
    return [this, names](WriteTxn& txn) { return intern_keywords(txn, inbox, names); };
  };
  CHECK(write(intern({"One", "two", "ONE"})) == std::vector<KeywordId>{0, 1, 0});
  CHECK(write(intern({std::string(kMaxKeywordName, 'k')})).size() == 1);
  for (const char* bad : {"", "a b", "a(", "\\Seen", "a\"", "a%", "a]", "\x7f"}) {
    CHECK(refused(intern({bad})) == Errc::Invalid);
  }
  CHECK(refused(intern({std::string(kMaxKeywordName + 1, 'k')})) == Errc::Invalid);
  std::vector<std::string> many;
  for (std::size_t i = 3; i < kMaxKeywords; ++i) many.push_back("k" + std::to_string(i));
  CHECK(write(intern(many)).size() == kMaxKeywords - 3);
  CHECK(refused(intern({"straw"})) == Errc::OverLimit);
  CHECK(write(intern({"two"})) == std::vector<KeywordId>{1});
}

TEST_CASE_METHOD(Fixture, "EXPUNGE takes those with \\Deleted only, when so asked") {
  for (int i = 0; i < 4; ++i) add(inbox, std::to_string(i), i % 2 == 0 ? kDeleted : 0);
  const auto gone = write([&](WriteTxn& txn) { return expunge(txn, inbox, uid_list({4, 3, 2, 1, 7}), true); });
  CHECK(gone == uid_list({1, 3}));
  CHECK(uids(inbox) == uid_list({2, 4}));
  CHECK((box(inbox).messages == 2 && box(inbox).deleted == 0 && box(inbox).octets == 2));
}

TEST_CASE_METHOD(Fixture, "COPY keeps flags, keywords, dates and EMAILID; ids of keywords are the target's") {
  write([&](WriteTxn& txn) { return intern_keywords(txn, trash, std::vector<std::string>{"other", "x"}); });
  add(inbox, "1", kSeen, {"a", "x"});
  add(inbox, "2");
  const auto copied = write([&](WriteTxn& txn) { return copy(txn, inbox, uid_list({2, 1, 9}), trash); });
  CHECK(copied.source == uid_list({1, 2}));
  CHECK(copied.target == uid_list({1, 2}));
  CHECK(copied.uid_validity == box(trash).uid_validity);
  const Message from = message(inbox, Uid{1}), to = message(trash, Uid{1});
  CHECK((to.email == from.email && to.blob == from.blob && to.internal_date == from.internal_date));
  CHECK(to.flags == Flags{kSeen, {1, 2}});
  CHECK((box(trash).messages == 2 && box(trash).unseen == 1));
  CHECK(uids(inbox).size() == 2);
  CHECK(refused([&](WriteTxn& txn) { return copy(txn, inbox, uid_list({1}), MailboxId{999}); }) == Errc::NotFound);
}

TEST_CASE_METHOD(Fixture, "MOVE is one arrival there and one expunge here; EMAILID stays, RFC 8474") {
  for (int i = 0; i < 3; ++i) add(inbox, std::to_string(i));
  const auto email = message(inbox, Uid{2}).email;
  const auto here = box(inbox).highest_modseq, there = box(trash).highest_modseq;
  const auto moved = write([&](WriteTxn& txn) { return move(txn, inbox, uid_list({1, 2}), trash); });
  CHECK(moved.target == uid_list({1, 2}));
  CHECK(message(trash, Uid{2}).email == email);
  CHECK(uids(inbox) == uid_list({3}));
  CHECK(box(inbox).highest_modseq.value == here.value + 1);
  CHECK(box(trash).highest_modseq.value == there.value + 1);
  CHECK(expand(since(inbox, here).expunged) == uid_list({1, 2}));
  CHECK(since(trash, there).changed == uid_list({1, 2}));
  CHECK(entries(9) == 3);
}

TEST_CASE_METHOD(Fixture, "MOVE into the same mailbox gives new UIDs") {
  add(inbox, "1");
  write([&](WriteTxn& txn) { return move(txn, inbox, uid_list({1}), inbox); });
  CHECK(uids(inbox) == uid_list({2}));
  CHECK((box(inbox).messages == 1 && box(inbox).octets == 1));
}

TEST_CASE_METHOD(Fixture, "changes_since tells what changed and what went, RFC 7162 3.2.5") {
  for (int i = 0; i < 5; ++i) add(inbox, std::to_string(i));
  const auto start = box(inbox).highest_modseq;
  CHECK(since(inbox, start).changed.empty());
  write([&](WriteTxn& txn) { return store_flags(txn, inbox, uid_list({1, 4}), FlagChange{FlagMode::Add, kSeen, {}}); });
  write([&](WriteTxn& txn) { return expunge(txn, inbox, uid_list({2, 4}), false); });
  add(inbox, "new");
  const Changes changes = since(inbox, start);
  CHECK(changes.exact);
  CHECK(changes.changed == uid_list({1, 6}));
  CHECK(expand(changes.expunged) == uid_list({2, 4}));
  CHECK(changes.highest == box(inbox).highest_modseq);
  CHECK(changes.uid_next == 7);
  CHECK(since(inbox, ModSeq{0}).changed == uid_list({1, 3, 5, 6}));
  CHECK(since(inbox, ModSeq{0}).exact);
}

TEST_CASE_METHOD(Fixture, "claim_recent hands each message to one session, RFC 3501 2.3.2") {
  add(inbox, "1");
  const auto claim = [&](WriteTxn& txn) { return claim_recent(txn, inbox); };
  CHECK(write(claim) == 1);
  CHECK(write(claim) == 2);
  add(inbox, "2");
  CHECK(write(claim) == 2);
}

}  // namespace hearthmail::store::mail
