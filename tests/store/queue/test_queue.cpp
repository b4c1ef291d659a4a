#include <string>

#include "common/base/delivery_id.hpp"
#include "tests/store/queue/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::test;

TEST_CASE_METHOD(QueueFixture, "what is enqueued is there, due at once, with its body") {
  const std::string message = "Subject: x\r\n\r\n" + std::string(300'000, 'y') + "\r\n";
  const auto id = put(to({"bob@x.test", "eve@y.test"}, queue::kNotifySuccess), "anna@example.test", message);
  const auto entry = find(id);
  REQUIRE(entry.has_value());
  CHECK(entry->envelope.reverse_path == "anna@example.test");
  CHECK(entry->envelope.octets == message.size());
  REQUIRE(entry->recipients.size() == 2);
  CHECK(entry->recipients[1].address == "eve@y.test");
  CHECK(entry->recipients[1].notify == queue::kNotifySuccess);
  CHECK(entry->recipients[1].state == State::Waiting);
  CHECK(next_due() == now);
  const auto body = [&](std::uint64_t offset, std::uint64_t count) {
    return read([&](const ReadTxn& txn) { return queue::read_body(txn, id, offset, count); });
  };
  CHECK(*body(0, message.size() + 10) == message);
  CHECK(*body(131'000, 200) == message.substr(131'000, 200));
  CHECK(*body(message.size() - 3, 100) == "y\r\n");
  CHECK(body(message.size(), 10)->empty());
  CHECK(*read([](const ReadTxn& txn) { return queue::count(txn); }) == 1);
  check_indexes();
}

TEST_CASE_METHOD(QueueFixture, "every field survives a restart") {
  Envelope envelope;
  envelope.reverse_path = "anna@example.test";
  envelope.account = base::AccountId{7};
  envelope.envid = "QQ314159";
  envelope.ret = queue::Ret::Headers;
  envelope.eight_bit = true;
  envelope.smtputf8 = true;
  envelope.arrived = now;
  envelope.message_id = "<1@example.test>";
  auto recipients = to({"bob@x.test"}, queue::kNotifyNever);
  recipients[0].original = "rfc822;bob@x.test";
  const auto body = queue::prepare_body("x\r\n");
  const auto id = *write([&](WriteTxn& txn) { return queue::enqueue(txn, envelope, recipients, body); });
  const auto claimed = claim();
  REQUIRE(claimed.size() == 1);
  const std::string delivery = claimed[0].entry.delivery_id;
  REQUIRE(delivery.size() == base::kDeliveryIdOctets);
  REQUIRE(finish(id, {outcome(0, State::Waiting, now + 60)}).ok());
  store.reset();
  store = std::move(queue::Store::open(directory)).value();
  const auto entry = find(id);
  REQUIRE(entry.has_value());
  CHECK(entry->envelope.account == base::AccountId{7});
  CHECK(entry->envelope.envid == "QQ314159");
  CHECK(entry->envelope.ret == queue::Ret::Headers);
  CHECK(entry->envelope.eight_bit);
  CHECK(entry->envelope.smtputf8);
  CHECK(entry->envelope.message_id == "<1@example.test>");
  CHECK(entry->recipients[0].original == "rfc822;bob@x.test");
  CHECK(entry->recipients[0].notify == queue::kNotifyNever);
  CHECK(entry->recipients[0].attempts == 1);
  CHECK(entry->recipients[0].route == "main");
  CHECK(entry->recipients[0].reply == "a reply");
  CHECK(entry->recipients[0].status == "2.0.0");
  CHECK(entry->generation == 2);
  CHECK(entry->delivery_id == delivery);
  CHECK(next_due() == now + 60);
}

TEST_CASE_METHOD(QueueFixture, "no two entries share a delivery's id, also in a queue made anew") {
  std::set<std::string> ids;
  ids.insert(find(put(to({"bob@x.test"})))->delivery_id);
  ids.insert(find(put(to({"bob@x.test"})))->delivery_id);
  store.reset();
  std::filesystem::remove_all(directory);
  store = std::move(queue::Store::open(directory)).value();
  const auto id = put(to({"bob@x.test"}));
  CHECK(id == QueueId{1});
  ids.insert(find(id)->delivery_id);
  CHECK(ids.size() == 3);
}

TEST_CASE_METHOD(QueueFixture,
                 "an entry that was queued without a delivery's id gets one before it is tried, and keeps it") {
  const auto id = put(to({"bob@x.test"}));
  REQUIRE(write([&](WriteTxn& txn) -> base::Status {
            TRY_ASSIGN(auto entry, queue::load_entry(txn, id));
            entry.delivery_id.clear();
            return txn.put(queue::kEntries, queue::entry_key(id), queue::encode_entry(entry));
          }).ok());
  REQUIRE(find(id)->delivery_id.empty());
  const auto first = claim();
  REQUIRE(first.size() == 1);
  CHECK(first[0].entry.delivery_id.size() == base::kDeliveryIdOctets);
  CHECK(find(id)->delivery_id == first[0].entry.delivery_id);
  now += 1'000;  // the lease is over
  const auto second = claim();
  REQUIRE(second.size() == 1);
  CHECK(second[0].entry.delivery_id == first[0].entry.delivery_id);
}

TEST_CASE_METHOD(QueueFixture, "an entry needs 1 to 1,000 recipients") {
  CHECK(queue::kMaxRecipients == 1'000);
  const auto body = queue::prepare_body("x");
  const auto with = [&](std::size_t count) {
    return write([&](WriteTxn& txn) { return queue::enqueue(txn, Envelope{}, std::vector<Recipient>(count), body); });
  };
  CHECK(with(0).error().code == Errc::Invalid);
  CHECK(with(1'000).ok());
  CHECK(with(1'001).error().code == Errc::OverLimit);
}

TEST_CASE_METHOD(QueueFixture, "a claim takes the oldest due first, at most what was asked, and once") {
  auto later = to({"late@x.test"});
  later[0].next_attempt = now + 100;
  const auto late = put(later);
  now += 10;
  const auto second = put(to({"b@x.test"}));
  now -= 5;
  const auto first = put(to({"a@x.test"}));
  now += 5;
  auto claims = claim(1);
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].entry.id == first);
  CHECK(claims[0].recipients == std::vector<std::size_t>{0});
  CHECK(claims[0].entry.recipients[0].state == State::InFlight);
  claims = claim();
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].entry.id == second);
  CHECK(claim().empty());
  CHECK(next_due() == 1'000'100);
  now += 90;
  claims = claim();
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].entry.id == late);
  check_indexes();
}

TEST_CASE_METHOD(QueueFixture, "a lease that runs out gives the work to the next claim, without a counted attempt") {
  const auto id = put(to({"a@x.test"}));
  REQUIRE(claim(10, 300).size() == 1);
  CHECK(next_due() == now + 300);
  now += 299;
  CHECK(claim().empty());
  REQUIRE(write([&](WriteTxn& txn) { return queue::extend_lease(txn, id, now + 100); }).ok());
  now += 99;
  CHECK(claim().empty());
  now += 1;
  const auto claims = claim();
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].entry.recipients[0].attempts == 0);
  check_indexes();
}

TEST_CASE_METHOD(QueueFixture, "release_leases gives everything back at once") {
  const auto one = put(to({"a@x.test", "b@x.test"}));
  put(to({"c@x.test"}));
  auto held = to({"d@x.test"});
  held[0].next_attempt = now + 500;
  put(held);
  REQUIRE(claim().size() == 2);
  REQUIRE(write([&](WriteTxn& txn) { return queue::mark_in_doubt(txn, one, {0}, now + 900); }).ok());
  CHECK(*write([&](WriteTxn& txn) { return queue::release_leases(txn, now); }) == 2);
  CHECK(find(one)->recipients[0].state == State::InDoubt);  // in doubt stays in doubt
  CHECK(find(one)->recipients[1].state == State::Waiting);
  check_indexes();
  const auto claims = claim();
  REQUIRE(claims.size() == 2);
  CHECK(claims[0].recipients == std::vector<std::size_t>{1});
}

TEST_CASE_METHOD(QueueFixture, "one entry is worked on once: what falls due waits for the running lease") {
  auto recipients = to({"a@x.test", "b@x.test"});
  recipients[1].next_attempt = now + 50;
  const auto id = put(recipients);
  REQUIRE(claim(10, 300).size() == 1);
  now += 60;
  CHECK(claim().empty());
  REQUIRE(finish(id, {outcome(0, State::Waiting, now + 1000)}).ok());
  const auto claims = claim();
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].recipients == std::vector<std::size_t>{1});
}

TEST_CASE_METHOD(QueueFixture, "an entry goes with its body when every recipient has ended and nothing is to be told") {
  const auto id = put(to({"a@x.test", "b@x.test"}));
  REQUIRE(claim().size() == 1);
  REQUIRE(finish(id, {outcome(0, State::Delivered), outcome(1, State::Waiting, now + 60)}).ok());
  CHECK(find(id)->recipients[0].finished == now);
  CHECK(find(id)->recipients[0].dsn_done);
  now += 60;
  const auto claims = claim();
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].recipients == std::vector<std::size_t>{1});
  REQUIRE(finish(id, {outcome(1, State::Delivered)}).ok());
  CHECK_FALSE(find(id).has_value());
  CHECK(entries_of(queue::kBodies) == 0);
  CHECK(next_due() == std::nullopt);
  CHECK(finish(id, {outcome(1, State::Delivered)}).error().code == Errc::NotFound);
}

TEST_CASE_METHOD(QueueFixture, "a failure stays until it is reported, in the index that survives a crash") {
  const auto id = put(to({"a@x.test", "b@x.test"}));
  REQUIRE(claim().size() == 1);
  REQUIRE(finish(id, {outcome(0, State::Failed), outcome(1, State::Delivered)}).ok());
  CHECK_FALSE(find(id)->recipients[0].dsn_done);
  CHECK(next_due() == std::nullopt);
  auto owed = read([](const ReadTxn& txn) { return queue::list_unreported(txn, 10); });
  REQUIRE(owed->size() == 1);
  CHECK(owed->front().id == id);
  check_indexes();
  REQUIRE(write([&](WriteTxn& txn) { return queue::mark_reported(txn, id, {0}, false); }).ok());
  CHECK_FALSE(find(id).has_value());
  CHECK(read([](const ReadTxn& txn) { return queue::list_unreported(txn, 10); })->empty());
}

TEST_CASE_METHOD(QueueFixture, "a failed report is not reported: an empty reverse-path, RFC 5321 4.5.5") {
  const auto id = put(to({"a@x.test"}), "");
  REQUIRE(claim().size() == 1);
  REQUIRE(finish(id, {outcome(0, State::Failed)}).ok());
  CHECK_FALSE(find(id).has_value());
}

TEST_CASE_METHOD(QueueFixture, "reports: a delay is noted once, an end only after the end") {
  const auto id = put(to({"a@x.test"}));
  REQUIRE(write([&](WriteTxn& txn) { return queue::mark_reported(txn, id, {0}, true); }).ok());
  CHECK(find(id)->recipients[0].delay_notified);
  CHECK(write([&](WriteTxn& txn) { return queue::mark_reported(txn, id, {0}, false); }).error().code == Errc::Invalid);
  CHECK(write([&](WriteTxn& txn) { return queue::mark_reported(txn, id, {1}, true); }).error().code == Errc::Invalid);
}

TEST_CASE_METHOD(QueueFixture, "in doubt: marked before the last octets, tried again later, ended by a late answer") {
  const auto id = put(to({"a@x.test"}));
  CHECK(write([&](WriteTxn& txn) { return queue::mark_in_doubt(txn, id, {0}, now + 900); }).error().code ==
        Errc::Invalid);
  REQUIRE(claim().size() == 1);
  REQUIRE(write([&](WriteTxn& txn) { return queue::mark_in_doubt(txn, id, {0}, now + 900); }).ok());
  CHECK(find(id)->recipients[0].state == State::InDoubt);
  CHECK(next_due() == now + 900);
  SECTION("a crash here: not before the hold is over") {
    now += 899;
    CHECK(*write([&](WriteTxn& txn) { return queue::release_leases(txn, now); }) == 0);
    CHECK(claim().empty());
    now += 1;
    CHECK(claim().size() == 1);
  }
  SECTION("the answer comes") {
    REQUIRE(finish(id, {outcome(0, State::Delivered)}).ok());
    CHECK_FALSE(find(id).has_value());
  }
  SECTION("the connection breaks without an answer") {
    REQUIRE(finish(id, {outcome(0, State::InDoubt, now + 1000)}).ok());
    CHECK(next_due() == now + 1000);
    CHECK(find(id)->recipients[0].attempts == 1);
  }
  check_indexes();
}

TEST_CASE_METHOD(QueueFixture, "an attempt that a route's fault ended does not count") {
  const auto id = put(to({"a@x.test"}));
  REQUIRE(claim().size() == 1);
  auto paused = outcome(0, State::Waiting, now + 60);
  paused.counts = false;
  REQUIRE(finish(id, {paused}).ok());
  CHECK(find(id)->recipients[0].attempts == 0);
}

TEST_CASE_METHOD(QueueFixture, "an illegal change is refused as a whole") {
  const auto id = put(to({"a@x.test", "b@x.test"}));
  REQUIRE(claim().size() == 1);
  const auto refused = finish(id, {outcome(0, State::Delivered), outcome(1, State::Held)});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::Invalid);
  CHECK(find(id)->recipients[0].state == State::InFlight);
  CHECK(finish(id, {outcome(2, State::Delivered)}).error().code == Errc::Invalid);
  CHECK(write([&](WriteTxn& txn) { return queue::claim_due(txn, now, now, 1); }).error().code == Errc::Invalid);
  check_indexes();
}

TEST_CASE_METHOD(QueueFixture, "a late answer to one recipient that the operator retried costs no other its answer") {
  const auto id = put(to({"a@x.test", "b@x.test"}));
  REQUIRE(claim().size() == 1);
  REQUIRE(write([&](WriteTxn& txn) { return queue::mark_in_doubt(txn, id, {0}, now + 900); }).ok());
  REQUIRE(write([&](WriteTxn& txn) { return queue::retry_now(txn, id, now); }).ok());
  const auto late = GENERATE(State::Waiting, State::InDoubt, State::Failed);
  REQUIRE(finish(id, {outcome(0, late, now + 5000), outcome(1, State::Waiting, now + 60)}).ok());
  CHECK(find(id)->recipients[0].state == State::Waiting);
  CHECK(find(id)->recipients[0].next_attempt == now);
  CHECK(find(id)->recipients[1].next_attempt == now + 60);
  check_indexes();
}

TEST_CASE_METHOD(QueueFixture,
                 "a late Delivered after the lease ran out and another attempt ended keeps it from going again") {
  const auto id = put(to({"a@x.test"}));
  REQUIRE(claim(10, 10).size() == 1);
  now += 10;
  REQUIRE(claim(10, 10).size() == 1);
  REQUIRE(finish(id, {outcome(0, State::Waiting, now + 60)}).ok());  // of the second claimer
  REQUIRE(finish(id, {outcome(0, State::Delivered)}).ok());          // of the first
  CHECK_FALSE(find(id).has_value());
}

TEST_CASE_METHOD(QueueFixture, "hold, retry and remove") {
  const auto id = put(to({"a@x.test"}));
  REQUIRE(write([&](WriteTxn& txn) { return queue::hold(txn, id); }).ok());
  CHECK(claim().empty());
  CHECK(next_due() == std::nullopt);
  now += 100;
  REQUIRE(write([&](WriteTxn& txn) { return queue::retry_now(txn, id, now); }).ok());
  CHECK(next_due() == now);
  REQUIRE(claim().size() == 1);
  REQUIRE(write([&](WriteTxn& txn) { return queue::remove(txn, id); }).ok());
  CHECK(entries_of(queue::kEntries) == 0);
  CHECK(entries_of(queue::kBodies) == 0);
  CHECK(entries_of(queue::kDue) == 0);
  // The worker meets it before the final octets.
  CHECK(write([&](WriteTxn& txn) { return queue::mark_in_doubt(txn, id, {0}, now); }).error().code == Errc::NotFound);
  CHECK(write([&](WriteTxn& txn) { return queue::hold(txn, id); }).error().code == Errc::NotFound);
  CHECK(write([&](WriteTxn& txn) { return queue::retry_now(txn, id, now); }).error().code == Errc::NotFound);
  CHECK(write([&](WriteTxn& txn) { return queue::remove(txn, id); }).error().code == Errc::NotFound);
}

TEST_CASE_METHOD(QueueFixture, "a hold in flight stops the final octets, and outlives the attempt") {
  const auto id = put(to({"a@x.test"}));
  REQUIRE(claim().size() == 1);
  REQUIRE(write([&](WriteTxn& txn) { return queue::hold(txn, id); }).ok());
  CHECK(write([&](WriteTxn& txn) { return queue::mark_in_doubt(txn, id, {0}, now); }).error().code == Errc::Invalid);
  REQUIRE(finish(id, {outcome(0, State::Waiting, now + 60)}).ok());
  CHECK(find(id)->recipients[0].state == State::Held);
  REQUIRE(finish(id, {outcome(0, State::Delivered)}).ok());
  CHECK_FALSE(find(id).has_value());
}

TEST_CASE_METHOD(QueueFixture, "retry makes an entry in doubt due, and leaves what is in flight alone") {
  const auto id = put(to({"a@x.test", "b@x.test"}));
  REQUIRE(claim().size() == 1);
  REQUIRE(write([&](WriteTxn& txn) { return queue::mark_in_doubt(txn, id, {0}, now + 900); }).ok());
  REQUIRE(write([&](WriteTxn& txn) { return queue::retry_now(txn, id, now + 1); }).ok());
  CHECK(find(id)->recipients[0].state == State::Waiting);
  CHECK(find(id)->recipients[0].next_attempt == now + 1);
  CHECK(find(id)->recipients[1].state == State::InFlight);
}

TEST_CASE_METHOD(QueueFixture, "a reply is kept on one line and cut") {
  const auto id = put(to({"a@x.test"}));
  REQUIRE(claim().size() == 1);
  auto long_reply = outcome(0, State::Waiting, now + 60);
  long_reply.reply = "451 first\r\n" + std::string(5'000, 'x');
  REQUIRE(finish(id, {long_reply}).ok());
  const auto reply = find(id)->recipients[0].reply;
  CHECK(reply.find('\n') == std::string::npos);
  CHECK(reply.size() <= queue::kMaxReplyKept + 16);  // with the mark of the cut
}

TEST_CASE_METHOD(QueueFixture, "pauses of routes survive, and the operator's is not replaced by the relay's") {
  const auto pause = [&](const std::string& route, const std::string& reason, bool by_operator) {
    queue::RoutePause one;
    one.route = route;
    one.reason = reason;
    one.since = now;
    one.until = by_operator ? 0 : now + 600;
    one.by_operator = by_operator;
    return write([&](WriteTxn& txn) { return queue::pause_route(txn, one); });
  };
  const auto pauses = [&] { return *read([](const ReadTxn& txn) { return queue::list_pauses(txn); }); };
  REQUIRE(pause("main", "535 wrong password", false).ok());
  REQUIRE(pause("main", "535 still wrong", false).ok());
  REQUIRE(pauses().size() == 1);
  CHECK(pauses()[0].reason == "535 still wrong");
  CHECK(pauses()[0].until == now + 600);
  REQUIRE(pause("main", "moving house", true).ok());
  REQUIRE(pause("main", "connection refused", false).ok());
  CHECK(pauses()[0].reason == "moving house");
  CHECK(pauses()[0].by_operator);
  REQUIRE(write([](WriteTxn& txn) { return queue::resume_route(txn, "main"); }).ok());
  REQUIRE(write([](WriteTxn& txn) { return queue::resume_route(txn, "main"); }).ok());
  CHECK(pauses().empty());
}

TEST_CASE_METHOD(QueueFixture, "damaged records and chunks are Corrupt, never wrong") {
  const auto id = put(to({"a@x.test"}), "anna@example.test", std::string(1000, 'z'));
  const auto damage = [&](store::lmdb::Table table, const std::string& key) {
    REQUIRE(write([&](WriteTxn& txn) -> base::Status {
              auto stored = txn.get(table, key);
              std::string octets(**stored);
              octets[octets.size() / 2] = static_cast<char>(octets[octets.size() / 2] ^ 4);
              return txn.put(table, key, octets);
            }).ok());
  };
  damage(queue::kBodies, queue::chunk_key(id, 0));
  CHECK(read([&](const ReadTxn& txn) { return queue::read_body(txn, id, 0, 10); }).error().code == Errc::Corrupt);
  damage(queue::kEntries, queue::entry_key(id));
  CHECK(read([&](const ReadTxn& txn) { return queue::find(txn, id); }).error().code == Errc::Corrupt);
}
TEST_CASE_METHOD(QueueFixture, "a damaged entry is set aside, and everything else goes on") {
  const QueueId first = put(to({"a@far.example"})), damaged = put(to({"b@far.example"})),
                last = put(to({"c@far.example"}));
  const auto damage = [&](WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto stored, txn.get(queue::kEntries, queue::entry_key(damaged)));
    std::string octets(*stored);
    octets[octets.size() / 2] = static_cast<char>(octets[octets.size() / 2] ^ 8);
    return txn.put(queue::kEntries, queue::entry_key(damaged), octets);
  };
  REQUIRE(write(damage).ok());
  const auto listed = read([](const ReadTxn& txn) { return queue::list(txn, 10); });
  REQUIRE(listed.ok());
  CHECK(listed->size() == 2);
  const auto ids = [&] { return *read([](const ReadTxn& txn) { return queue::list_damaged(txn); }); };
  CHECK(ids() == std::vector<QueueId>{damaged});
  SECTION("by claim_due") {
    const auto claims = claim();
    REQUIRE(claims.size() == 2);
    CHECK(claims[0].entry.id == first);
    CHECK(claims[1].entry.id == last);
  }
  SECTION("by release_leases at the relay's start") {
    CHECK(write([&](WriteTxn& txn) { return queue::release_leases(txn, now); }).ok());
    CHECK(claim().size() == 2);
  }
  CHECK(ids() == std::vector<QueueId>{damaged});
  check_indexes();
  CHECK(entries_of(queue::kDamaged) == 1);
  CHECK(write([&](WriteTxn& txn) { return queue::remove(txn, damaged); }).ok());
  CHECK(ids().empty());
  CHECK(entries_of(queue::kDamaged) == 0);
  CHECK(entries_of(queue::kBodies) == 2);
}

TEST_CASE_METHOD(QueueFixture, "a counter that is missing gives no number a second time") {
  const QueueId id = put(to({"a@far.example"}));
  const auto lose = [](WriteTxn& txn) -> base::Status {
    TRY(txn.erase(queue::kCounters, "queue"));
    return base::ok();
  };
  REQUIRE(write(lose).ok());
  const auto refused = write(
      [&](WriteTxn& txn) { return queue::enqueue(txn, {}, to({"b@far.example"}), queue::prepare_body("other")); });
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::Corrupt);
  CHECK(find(id)->recipients[0].address == "a@far.example");
}

TEST_CASE_METHOD(QueueFixture, "rows of the indexes that are missing come back at the relay's start") {
  const QueueId waiting = put(to({"a@far.example"})), leased = put(to({"b@far.example"}));
  REQUIRE(claim().size() == 2);
  const queue::Outcome failed{.state = State::Failed, .route = "mx", .reply = "550 no", .status = "5.1.1"};
  REQUIRE(write([&](WriteTxn& txn) { return queue::finish(txn, waiting, {failed}, now); }).ok());
  REQUIRE(entries_of(queue::kUnreported) == 1);
  const auto damage = [&](WriteTxn& txn) -> base::Status {
    TRY(txn.erase_prefix(queue::kDue, ""));
    TRY(txn.erase_prefix(queue::kUnreported, ""));
    return base::ok();
  };
  REQUIRE(write(damage).ok());
  CHECK(*write([&](WriteTxn& txn) { return queue::release_leases(txn, now); }) == 1);
  check_indexes();
  CHECK(entries_of(queue::kUnreported) == 1);
  const auto claims = claim();
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].entry.id == leased);
}

TEST_CASE_METHOD(QueueFixture,
                 "rows of the due index that do not follow from an entry are put right when they are met") {
  const QueueId id = put(to({"a@far.example"}));
  REQUIRE(claim().size() == 1);  // leased until later
  const auto damage = [&](WriteTxn& txn) -> base::Status {
    TRY(txn.put(queue::kDue, queue::due_key(5, id), ""));
    TRY(txn.put(queue::kDue, queue::due_key(6, QueueId{99}), ""));
    return txn.put(queue::kDue, "x", "");
  };
  REQUIRE(write(damage).ok());
  CHECK(claim().empty());
  now += 1'000;
  CHECK(claim().size() == 1);
  check_indexes();
}
