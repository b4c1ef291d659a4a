// A queue in a directory of its own, with short forms of its steps.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/queue/queue.hpp"
#include "store/queue/states.hpp"
#include "store/queue/tables.hpp"
#include "tests/support/catch.hpp"

namespace hearthmail::test {

using base::Errc;
using base::QueueId;
using base::UnixTime;
using store::queue::Claim;
using store::queue::Entry;
using store::queue::Envelope;
using store::queue::Outcome;
using store::queue::ReadTxn;
using store::queue::Recipient;
using store::queue::State;
using store::queue::WriteTxn;
namespace queue = store::queue;

struct QueueFixture {
  std::string directory;
  std::unique_ptr<queue::Store> store;
  UnixTime now = 1'000'000;

  QueueFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearthmail-queue-XXXXXX").string();
    directory = mkdtemp(pattern.data());
    store = std::move(queue::Store::open(directory)).value();
  }
  ~QueueFixture() {
    store.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  QueueFixture(const QueueFixture&) = delete;
  QueueFixture& operator=(const QueueFixture&) = delete;

  template <class F>
  auto write(F fn) {
    return store->env().write(fn);
  }
  template <class F>
  auto read(F fn) const {
    return store->env().read(fn);
  }

  static std::vector<Recipient> to(std::initializer_list<std::string> addresses, std::uint8_t notify = 0) {
    std::vector<Recipient> recipients;
    for (const auto& address : addresses) {
      Recipient one;
      one.address = address;
      one.notify = notify;
      recipients.push_back(std::move(one));
    }
    return recipients;
  }
  QueueId put(const std::vector<Recipient>& recipients, const std::string& from = "anna@example.test",
              const std::string& message = "Subject: x\r\n\r\nbody\r\n") {
    Envelope envelope;
    envelope.reverse_path = from;
    envelope.arrived = now;
    const auto body = queue::prepare_body(message);
    auto id = write([&](WriteTxn& txn) { return queue::enqueue(txn, envelope, recipients, body); });
    REQUIRE(id.ok());
    return *id;
  }
  std::vector<Claim> claim(std::size_t most = 10, UnixTime lease = 300) {
    auto claims = write([&](WriteTxn& txn) { return queue::claim_due(txn, now, now + lease, most); });
    REQUIRE(claims.ok());
    return std::move(*claims);
  }
  base::Status finish(QueueId id, const std::vector<Outcome>& outcomes) {
    return write([&](WriteTxn& txn) { return queue::finish(txn, id, outcomes, now); });
  }
  static Outcome outcome(std::size_t recipient, State state, UnixTime next = 0) {
    Outcome out;
    out.recipient = recipient;
    out.state = state;
    out.next_attempt = next;
    out.route = "main";
    out.reply = "a reply";
    out.status = "2.0.0";
    return out;
  }
  std::optional<Entry> find(QueueId id) const {
    auto entry = read([&](const ReadTxn& txn) { return queue::find(txn, id); });
    REQUIRE(entry.ok());
    return *entry;
  }
  std::optional<UnixTime> next_due() const {
    auto due = read([](const ReadTxn& txn) { return queue::next_due(txn); });
    REQUIRE(due.ok());
    return *due;
  }
  std::uint64_t entries_of(store::lmdb::Table table) const {
    return *read([&](const ReadTxn& txn) { return txn.entries(table); });
  }

  // Recounts both indexes from the entries and compares.
  void check_indexes() const {
    std::set<std::string> due;
    std::set<std::string> unreported;
    auto entries = read([](const ReadTxn& txn) { return queue::list(txn, 1'000'000); });
    REQUIRE(entries.ok());
    for (const Entry& entry : *entries) {
      if (const auto time = queue::due_time(entry)) due.insert(queue::due_key(*time, entry.id));
      if (queue::has_unreported(entry)) unreported.insert(queue::entry_key(entry.id));
    }
    CHECK(keys_of(queue::kDue) == due);
    CHECK(keys_of(queue::kUnreported) == unreported);
  }
  std::set<std::string> keys_of(store::lmdb::Table table) const {
    std::set<std::string> keys;
    auto done = read([&](const ReadTxn& txn) -> base::Status {
      auto cursor = txn.cursor(table);
      TRY_ASSIGN(auto at, cursor.seek(""));
      while (at) {
        keys.emplace(at->key);
        TRY_ASSIGN(at, cursor.next());
      }
      return base::ok();
    });
    REQUIRE(done.ok());
    return keys;
  }
};

}  // namespace hearthmail::test
