// Random work on two mailboxes beside a plain std::map that says what must be there.
#include <map>
#include <random>
#include <set>

#include "tests/store/mail/fixture.hpp"

namespace hearthmail::store::mail {

namespace {

struct Known {
  std::string text;
  std::uint8_t flags = 0;
  std::set<std::string> words;
  bool operator==(const Known&) const = default;
};
using Box = std::map<std::uint32_t, Known>;

const std::vector<std::string> kWords = {"red", "green", "blue", "$Junk"};

class Model : public Fixture {
 public:
  void start(std::uint32_t seed) {
    random.seed(seed);
    ids[0] = inbox;
    ids[1] = trash;
  }
  void step() {
    const std::size_t here = pick(2);
    switch (pick(6)) {
      case 0:
      case 1: return arrive(here);
      case 2: return change_flags(here);
      case 3: return expunge_some(here);
      case 4: return transfer(here, false);
      default: return transfer(here, true);
    }
  }
  void compare() {
    std::set<std::string> texts;
    for (std::size_t b = 0; b < 2; ++b) {
      compare_box(b);
      for (const auto& [uid, known] : boxes[b]) texts.insert(known.text);
    }
    write([](WriteTxn& txn) { return collect_garbage(txn, 0x7FFFFFFF, ~0ULL); });
    CHECK(entries(9) == texts.size());  // one blob for each different body
  }
  // What changes_since says from a moment at which the mailbox was `old`.
  void compare_changes(std::size_t b, ModSeq modseq, const Box& old) {
    std::vector<Uid> changed, expunged;
    for (const auto& [uid, known] : boxes[b]) {
      const auto before = old.find(uid);
      if (before == old.end() || touched[b][uid] > modseq.value) changed.push_back(Uid{uid});
    }
    for (const auto& [uid, known] : old) {
      if (boxes[b].count(uid) == 0) expunged.push_back(Uid{uid});
    }
    const Changes changes = since(ids[b], modseq);
    CHECK(changes.exact);
    CHECK(changes.changed == changed);
    // Those that came and went in between may be named too.
    const std::vector<Uid> gone = expand(changes.expunged);
    CHECK(std::includes(gone.begin(), gone.end(), expunged.begin(), expunged.end()));
    for (const Uid uid : gone) CHECK(boxes[b].count(uid.value) == 0);
  }

  std::size_t pick(std::size_t below) { return random() % below; }
  Box boxes[2];
  MailboxId ids[2];

 private:
  void arrive(std::size_t b) {
    Known known{"body " + std::to_string(pick(12)), static_cast<std::uint8_t>(pick(32)), some_words()};
    const auto appended = add(ids[b], known.text, known.flags, {known.words.begin(), known.words.end()});
    CHECK((boxes[b].empty() || appended.uid.value > boxes[b].rbegin()->first));
    boxes[b][appended.uid.value] = known;
    touch(b, {appended.uid});
  }
  void change_flags(std::size_t b) {
    const auto uids = some_uids(b);
    FlagChange change{static_cast<FlagMode>(pick(3)), static_cast<std::uint8_t>(pick(32)), {}};
    const auto words = some_words();
    change.keywords.assign(words.begin(), words.end());
    const auto stored = write([&](WriteTxn& txn) { return store_flags(txn, ids[b], uids, change); });
    std::vector<Uid> changed;
    for (const Uid uid : uids) {
      if (boxes[b].count(uid.value) == 0) continue;
      Known& known = boxes[b][uid.value];
      const Known before = known;
      if (change.mode == FlagMode::Replace) known = {known.text, change.system, words};
      if (change.mode == FlagMode::Add) {
        known.flags |= change.system;
        known.words.insert(words.begin(), words.end());
      }
      if (change.mode == FlagMode::Remove) {
        known.flags &= static_cast<std::uint8_t>(~change.system);
        for (const auto& word : words) known.words.erase(word);
      }
      if (known != before) changed.push_back(uid);
    }
    CHECK(stored.changed == changed);
    touch(b, changed);
  }
  void expunge_some(std::size_t b) {
    const auto uids = some_uids(b);
    const bool only_deleted = pick(2) == 0;
    const auto gone = write([&](WriteTxn& txn) { return expunge(txn, ids[b], uids, only_deleted); });
    std::vector<Uid> expected;
    for (const Uid uid : uids) {
      const auto at = boxes[b].find(uid.value);
      if (at == boxes[b].end() || (only_deleted && (at->second.flags & kDeleted) == 0)) continue;
      boxes[b].erase(at);
      expected.push_back(uid);
    }
    CHECK(gone == expected);
  }
  void transfer(std::size_t b, bool moves) {
    const auto uids = some_uids(b);
    const std::size_t to = pick(2);
    const auto copied = write([&](WriteTxn& txn) {
      return moves ? mail::move(txn, ids[b], uids, ids[to]) : mail::copy(txn, ids[b], uids, ids[to]);
    });
    REQUIRE(copied.source.size() == copied.target.size());
    for (std::size_t i = 0; i < copied.source.size(); ++i) {
      const Known known = boxes[b].at(copied.source[i].value);
      if (moves) boxes[b].erase(copied.source[i].value);
      boxes[to][copied.target[i].value] = known;
    }
    touch(to, copied.target);
  }
  void touch(std::size_t b, const std::vector<Uid>& uids) {
    const auto modseq = box(ids[b]).highest_modseq.value;
    for (const Uid uid : uids) touched[b][uid.value] = modseq;
  }
  void compare_box(std::size_t b) {
    Box found;
    Mailbox counted;
    const auto words = read([&](const ReadTxn& txn) { return keywords(txn, ids[b]); });
    const auto each = [&](const Message& message) {
      Known& known = found[message.uid.value];
      known.flags = message.flags.system;
      for (const KeywordId id : message.flags.keywords) known.words.insert(words.at(id));
      known.text = read([&](const ReadTxn& txn) { return read_body(txn, message.blob, 0, 99); });
      counted.messages += 1;
      counted.unseen += (message.flags.system & kSeen) == 0 ? 1U : 0U;
      counted.deleted += (message.flags.system & kDeleted) != 0 ? 1U : 0U;
      counted.octets += message.octets;
      return true;
    };
    read([&](const ReadTxn& txn) { return scan_messages(txn, ids[b], Uid{1}, Uid{0xFFFFFFFF}, each); });
    CHECK(found == boxes[b]);
    const Mailbox record = box(ids[b]);
    CHECK((record.messages == counted.messages && record.unseen == counted.unseen));
    CHECK((record.deleted == counted.deleted && record.octets == counted.octets));
  }
  // Ascending, some of them long gone or never there.
  std::vector<Uid> some_uids(std::size_t b) {
    std::vector<Uid> uids;
    const std::uint32_t last = boxes[b].empty() ? 3 : boxes[b].rbegin()->first + 2;
    const std::size_t one_in = 1 + pick(6);
    for (std::uint32_t uid = 1; uid <= last; ++uid) {
      if (pick(one_in) == 0 && (last < 40 || uid + 40 > last || pick(3) == 0)) uids.push_back(Uid{uid});
    }
    return uids;
  }
  std::set<std::string> some_words() {
    std::set<std::string> words;
    for (const auto& word : kWords) {
      if (pick(4) == 0) words.insert(word);
    }
    return words;
  }

  std::mt19937 random;
  std::map<std::uint32_t, std::uint64_t> touched[2];
};

}  // namespace

TEST_CASE_METHOD(Model, "random work leaves what a plain map says") {
  const auto seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  start(seed);
  for (int round = 0; round < 12; ++round) {
    const std::size_t watched = pick(2);
    const Box old = boxes[watched];
    const ModSeq modseq = box(ids[watched]).highest_modseq;
    for (int i = 0; i < 15; ++i) step();
    compare();
    compare_changes(watched, modseq, old);
  }
  open();
  compare();
}

}  // namespace hearthmail::store::mail
