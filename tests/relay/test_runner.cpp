#include "common/base/delivery_id.hpp"
#include "store/queue/tables.hpp"
#include "tests/relay/fixture.hpp"

using namespace hearthmail;
using namespace std::chrono_literals;
using relay::Verdict;
using store::queue::State;
using test::answer;
using test::RelayFixture;
using Sent = std::vector<std::vector<std::string>>;

TEST_CASE_METHOD(RelayFixture, "a mail goes out by the first route and leaves the queue") {
  const auto id = put({"b@x.example", "c@y.example"});
  settle();
  CHECK(ways["main"].sent == Sent{{"b@x.example", "c@y.example"}});
  CHECK(ways["main"].bodies[0] == message);
  CHECK(ways["backup"].sent.empty());
  CHECK(local.sent.empty());
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "recipients in our own domains never leave") {
  const auto id = put({"b@x.example", "bob@example.test", "Carol@EXAMPLE.test"});
  settle();
  CHECK(ways["main"].sent == Sent{{"b@x.example"}});
  CHECK(local.sent == Sent{{"bob@example.test", "Carol@EXAMPLE.test"}});
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "retries come after 1, 5, 15, 30, 50 and then every 70 minutes") {
  ways["main"].all = ways["backup"].all = answer(Verdict::Temporary, "451 4.3.0 later", "4.3.0");
  const auto id = put({"b@x.example"});
  settle();
  for (const auto wait : {1min, 5min, 15min, 30min, 50min, 70min, 70min}) {
    const auto waiting = recipient(id);
    CHECK(waiting.state == State::Waiting);
    CHECK(waiting.next_attempt - clock.now() == base::Seconds{wait}.count());
    CHECK(waiting.reply == "451 4.3.0 later");
    const auto before = ways["main"].sent.size();
    later(base::Seconds{wait} - 1s);
    CHECK(ways["main"].sent.size() == before);
    later(1s);
    CHECK(ways["main"].sent.size() == before + 1);
  }
  CHECK(recipient(id).attempts == 8);
}

TEST_CASE_METHOD(RelayFixture, "a refusal before the final dot passes the mail to the next route") {
  ways["main"].all = answer(Verdict::Temporary, "450 4.3.0 not now", "4.3.0");
  ways["main"].all.another_route = true;
  const auto id = put({"b@x.example"});
  settle();
  CHECK(ways["backup"].sent == Sent{{"b@x.example"}});
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "a failing route is passed by, rests, and is lifted by the probe that works") {
  ways["main"].all = answer(Verdict::RouteBroken, "535 5.7.8 bad password", "5.7.8");
  put({"b@x.example"});
  settle();
  CHECK(ways["main"].sent.size() == 1);
  CHECK(ways["backup"].sent.size() == 1);
  REQUIRE(pauses().size() == 1);
  CHECK(pauses()[0].route == "main");
  CHECK(pauses()[0].reason.find("535 5.7.8 bad password") == 0);
  CHECK(pauses()[0].reason.find("hearthmail route resume main") != std::string::npos);
  CHECK(pauses()[0].until == clock.now() + 60);
  CHECK_FALSE(pauses()[0].by_operator);
  put({"c@x.example"});
  settle();
  CHECK(ways["main"].sent.size() == 1);  // it rests
  CHECK(ways["backup"].sent.size() == 2);
  clock.advance(60s);
  ways["main"].all = answer(Verdict::Accepted);
  put({"d@x.example"});
  settle();
  CHECK(ways["main"].sent.size() == 2);
  CHECK(pauses().empty());
}

TEST_CASE_METHOD(RelayFixture,
                 "when every route rests the mail is kept, uncounted, and goes out when one is well again") {
  ways["main"].all = answer(Verdict::RouteAway, "connect: refused", "4.4.1");
  ways["backup"].all = answer(Verdict::RouteBroken, "535 5.7.8 bad password", "5.7.8");
  const auto id = put({"b@x.example"});
  settle();
  auto waiting = recipient(id);
  CHECK(waiting.state == State::Waiting);
  CHECK(waiting.attempts == 0);
  CHECK(waiting.next_attempt == clock.now() + 60);
  CHECK(waiting.reply.find(relay::kParked) == 0);
  const auto other = put({"c@x.example"});  // arrives while all rest
  settle();
  CHECK(recipient(other).attempts == 0);
  CHECK(recipient(other).reply.find("main") != std::string::npos);
  // The probes come after 1, 2, 5, 15, 15 minutes.
  std::size_t probes = ways["main"].sent.size();
  for (const auto wait : {1min, 2min, 5min, 15min, 15min}) {
    later(wait);
    CHECK(ways["main"].sent.size() == ++probes);
    CHECK(recipient(id).attempts == 0);
  }
  ways["main"].all = answer(Verdict::Accepted);
  later(15min);
  CHECK_FALSE(entry(id));
  CHECK_FALSE(entry(other));  // it was hurried when the route came back
  CHECK(local.sent.empty());  // nobody was bothered
}

TEST_CASE_METHOD(RelayFixture, "a throttled route rests as long as it was told, an exhausted one for up to an hour") {
  ways["main"].all = answer(Verdict::RouteThrottled, "429", "4.7.0");
  ways["main"].all.retry_after = 600s;
  ways["backup"].all = answer(Verdict::RouteExhausted, "550 5.4.5 daily", "5.4.5");
  put({"b@x.example"});
  settle();
  REQUIRE(pauses().size() == 2);
  CHECK(pauses()[1].until == clock.now() + 600);
  CHECK(pauses()[0].until > clock.now());
  CHECK(pauses()[0].until <= clock.now() + 3600);
}

TEST_CASE_METHOD(RelayFixture, "the operator's pause is respected and lifting it sends at once") {
  route_names = {"main"};
  restart();
  store::queue::RoutePause pause;
  pause.route = "main";
  pause.reason = "testing";
  pause.by_operator = true;
  const auto paused =
      queue->env().write([&](store::lmdb::WriteTxn& txn) { return store::queue::pause_route(txn, pause); });
  REQUIRE(paused.ok());
  const auto id = put({"b@x.example"});
  settle();
  CHECK(ways["main"].sent.empty());
  CHECK(recipient(id).reply.find("testing") != std::string::npos);
  CHECK(recipient(id).attempts == 0);
  later(10h);
  CHECK(ways["main"].sent.empty());
  const auto resumed =
      queue->env().write([&](store::lmdb::WriteTxn& txn) { return store::queue::resume_route(txn, "main"); });
  REQUIRE(resumed.ok());
  settle();
  CHECK(ways["main"].sent.size() == 1);
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "a message that no route can carry fails, one that a resting route might take waits") {
  ways["main"].all = answer(Verdict::TooBig, "552 5.3.4 too big", "5.3.4");
  ways["backup"].all = answer(Verdict::RouteAway, "connect: refused", "4.4.1");
  const auto id = put({"b@x.example"});
  settle();
  CHECK(recipient(id).state == State::Waiting);
  ways["backup"].all = answer(Verdict::NotCarried, "no SMTPUTF8", "5.6.7");
  later(1min);
  CHECK_FALSE(entry(id));  // failed and reported
  REQUIRE(local.sent == Sent{{"anna@example.test"}});
  CHECK(local.bodies[0].find("Action: failed") != std::string::npos);
}

TEST_CASE_METHOD(RelayFixture, "only a reply about recipient or content makes a report, to the sender, RFC 3464") {
  ways["main"].by_address["b@x.example"] = answer(Verdict::RecipientPermanent, "550 5.1.1 no such user", "5.1.1");
  const auto id = put({"b@x.example", "c@x.example"});
  settle();
  CHECK_FALSE(entry(id));
  REQUIRE(local.sent == Sent{{"anna@example.test"}});
  CHECK(local.parcels[0].envelope.reverse_path.empty());
  const std::string& report = local.bodies[0];
  CHECK(report.find("Final-Recipient: rfc822; b@x.example") != std::string::npos);
  CHECK(report.find("c@x.example") == std::string::npos);
  CHECK(report.find("Status: 5.1.1") != std::string::npos);
  CHECK(report.find("Diagnostic-Code: smtp; 550 5.1.1 no such user") != std::string::npos);
  CHECK(report.find("Reporting-MTA: dns; mail.example.test") != std::string::npos);
  CHECK(report.find("Subject: hello") != std::string::npos);
  CHECK(report.find("There is no such address") != std::string::npos);
}

TEST_CASE_METHOD(RelayFixture, "there is no report about a report, nor with NOTIFY=NEVER, RFC 3461 4.1") {
  ways["main"].all = answer(Verdict::RecipientPermanent, "550 5.1.1 no such user", "5.1.1");
  const auto null_sender = put({"b@x.example"}, [](auto& envelope) { envelope.reverse_path.clear(); });
  const auto never = put({"b@x.example"}, {}, store::queue::kNotifyNever);
  settle();
  CHECK_FALSE(entry(null_sender));
  CHECK_FALSE(entry(never));
  CHECK(local.sent.empty());
}

TEST_CASE_METHOD(RelayFixture, "a success is reported when it was asked for and the next hop does not, RFC 3461 5.2") {
  const auto asked = store::queue::kNotifySuccess;
  SECTION("relayed") {
    put(
        {"b@x.example"}, [](auto& envelope) { envelope.envid = "QQ314159"; }, asked);
    settle();
    REQUIRE(local.sent == Sent{{"anna@example.test"}});
    CHECK(local.bodies[0].find("Action: relayed") != std::string::npos);
    CHECK(local.bodies[0].find("Original-Envelope-Id: QQ314159") != std::string::npos);
  }
  SECTION("delivered here") {
    put({"bob@example.test"}, {}, asked);
    settle();
    REQUIRE(local.sent == Sent{{"bob@example.test"}, {"anna@example.test"}});
    CHECK(local.bodies[1].find("Action: delivered") != std::string::npos);
  }
  SECTION("passed on") {
    ways["main"].all.dsn_passed_on = true;
    const auto id = put({"b@x.example"}, {}, asked);
    settle();
    CHECK(local.sent.empty());
    CHECK_FALSE(entry(id));
    CHECK(ways["main"].parcels[0].envelope.recipients[0].notify == "SUCCESS");
  }
}

TEST_CASE_METHOD(RelayFixture, "the sender hears of a delay once, after 4 hours") {
  ways["main"].all = ways["backup"].all = answer(Verdict::Temporary, "451 4.3.0 later", "4.3.0");
  const auto id = put({"b@x.example"});
  const auto quiet = put({"c@x.example"}, {}, store::queue::kNotifyFailure);
  for (int i = 0; i < 4 * 60 - 1; ++i) later(1min);
  CHECK(local.sent.empty());
  for (int i = 0; i < 72; ++i) later(1min);
  REQUIRE(local.sent == Sent{{"anna@example.test"}});
  CHECK(local.bodies[0].find("Action: delayed") != std::string::npos);
  CHECK(local.bodies[0].find("Will-Retry-Until: ") != std::string::npos);
  CHECK(local.bodies[0].find("451 4.3.0 later") != std::string::npos);
  CHECK(recipient(id).delay_notified);
  CHECK_FALSE(recipient(quiet).delay_notified);
  for (int i = 0; i < 5; ++i) later(70min);
  CHECK(local.sent.size() == 1);
}

TEST_CASE_METHOD(RelayFixture, "after 5 days the mail is given up with a report") {
  ways["main"].all = ways["backup"].all = answer(Verdict::Temporary, "451 4.3.0 later", "4.3.0");
  const auto id = put({"b@x.example"});
  settle();
  for (int i = 0; i < 5 * 24 * 2 - 1; ++i) later(30min);
  REQUIRE(entry(id));
  CHECK(recipient(id).state == State::Waiting);
  CHECK(recipient(id).next_attempt <= 1'800'000'000 + 5 * 24 * 3600);
  later(30min);
  CHECK_FALSE(entry(id));
  REQUIRE(local.sent.size() == 2);  // the delay notice, then the failure
  CHECK(local.bodies[1].find("Status: 4.4.7") != std::string::npos);
  CHECK(local.bodies[1].find("given up after 5 d") != std::string::npos);
}

TEST_CASE_METHOD(RelayFixture, "a route's fault never bounces a mail, not even after its lifetime") {
  const auto fault = GENERATE(answer(Verdict::RouteAway, "connect: refused", "4.4.1"),
                              answer(Verdict::RouteBroken, "535 5.7.8 bad password", "5.7.8"),
                              answer(Verdict::RouteExhausted, "550 5.4.5 daily", "5.4.5"));
  ways["main"].all = ways["backup"].all = fault;
  const auto id = put({"b@x.example"});
  settle();
  for (int i = 0; i < 8 * 24; ++i) later(1h);
  REQUIRE(entry(id));
  CHECK(recipient(id).state == State::Waiting);
  CHECK(recipient(id).attempts == 0);
  CHECK(recipient(id).next_attempt > clock.now());
  CHECK(local.sent.size() == 1);  // the delay notice
  CHECK(local.bodies[0].find("Action: delayed") != std::string::npos);
  SECTION("it goes out when the route is well again") {
    ways["main"].all = answer(Verdict::Accepted);
    later(1h);
    CHECK_FALSE(entry(id));
    CHECK(local.sent.size() == 1);
  }
  SECTION("a recipient that asks for patience then gets the usual attempts before it fails") {
    ways["main"].all = ways["backup"].all = answer(Verdict::Temporary, "450 4.7.1 greylisted", "4.7.1");
    later(1h);
    REQUIRE(entry(id));
    CHECK(recipient(id).attempts >= 1);
    for (int i = 0; i < 60; ++i) later(1min);
    REQUIRE(entry(id));
    CHECK(recipient(id).attempts < 6);  // at the usual pace
    for (int i = 0; i < 10; ++i) later(70min);
    CHECK_FALSE(entry(id));
    CHECK(local.bodies.back().find("Status: 4.4.7") != std::string::npos);
  }
}

TEST_CASE_METHOD(RelayFixture, "our own receiver's absence never bounces a mail either") {
  local.all = answer(Verdict::RouteAway, "connect: no such file", "4.4.1");
  const auto id = put({"bob@example.test"}, [](auto& envelope) { envelope.reverse_path.clear(); });
  settle();
  for (int i = 0; i < 8 * 24; ++i) later(1h);
  REQUIRE(entry(id));
  local.all = answer(Verdict::Accepted);
  later(10min);
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "a message that stays in doubt is sent again ever more slowly") {
  ways["main"].all = answer(Verdict::InDoubt, "final: closed", "4.4.2");
  const auto id = put({"b@x.example"});
  settle();
  for (const auto wait : {15min, 15min, 15min, 30min, 50min, 70min, 70min}) {
    CHECK(recipient(id).state == State::InDoubt);
    CHECK(recipient(id).next_attempt - clock.now() == base::Seconds{wait}.count());
    later(wait);
  }
}

TEST_CASE_METHOD(RelayFixture, "the operator's retry of a mail that is being sent loses no answer") {
  ways["main"].by_address["c@x.example"] = answer(Verdict::RecipientPermanent, "550 5.1.1 no", "5.1.1");
  ways["main"].by_address["d@x.example"] = answer(Verdict::InDoubt, "final: closed", "4.4.2");
  const auto id = put({"b@x.example", "c@x.example", "d@x.example"});
  ways["main"].before_dot = [&] {
    const auto retried =
        queue->env().write([&](store::lmdb::WriteTxn& txn) { return store::queue::retry_now(txn, id, clock.now()); });
    REQUIRE(retried.ok());
    ways["main"].before_dot = nullptr;
  };
  CHECK(test::run_task(runner->run_due()) == 1);
  CHECK(recipient(id, 0).state == State::Delivered);
  CHECK(recipient(id, 1).state == State::Failed);
  CHECK(recipient(id, 2).state == State::Waiting);  // as the operator wished
}

TEST_CASE_METHOD(RelayFixture, "a body that is lost stops neither its report nor the relay's start") {
  const auto id = put({"b@x.example"});
  const auto died = queue->env().write([&](store::lmdb::WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto claims, store::queue::claim_due(txn, clock.now(), clock.now() + 300, 10));
    store::queue::Outcome failed;
    failed.state = State::Failed;
    failed.reply = "550 5.1.1 no such user";
    failed.status = "5.1.1";
    TRY(txn.erase_prefix(store::queue::kBodies, store::queue::entry_key(id)));
    return store::queue::finish(txn, claims[0].entry.id, {failed}, clock.now());
  });
  REQUIRE(died.ok());
  restart();
  settle();
  CHECK(local.sent == Sent{{"anna@example.test"}});
  CHECK(local.bodies[0].find("550 5.1.1 no such user") != std::string::npos);
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "the commit before the final dot names the accepted recipients") {
  std::vector<State> states;
  ways["main"].by_address["c@x.example"] = answer(Verdict::RecipientPermanent, "550 5.1.1 no", "5.1.1");
  const auto id = put({"b@x.example", "c@x.example"});
  ways["main"].before_dot = [&] {
    const auto now = entry(id);
    for (const auto& one : now->recipients) states.push_back(one.state);
  };
  settle();
  CHECK(states == std::vector<State>{State::InDoubt, State::InFlight});
}

TEST_CASE_METHOD(RelayFixture, "a recipient in doubt is tried again only after the hold, also by a new relay") {
  ways["main"].all = answer(Verdict::InDoubt, "final: closed", "4.4.2");
  const auto id = put({"b@x.example"});
  settle();
  CHECK(recipient(id).state == State::InDoubt);
  CHECK(ways["backup"].sent.empty());  // never by another route at once: it may have been delivered
  restart();
  ways["main"].all = answer(Verdict::Accepted);
  later(15min - 1s);
  CHECK(ways["main"].sent.size() == 1);
  later(1s);
  CHECK(ways["main"].sent.size() == 2);
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "a crash returns the claim: at the next start at once, else when the lease runs out") {
  const auto id = put({"b@x.example"});
  const auto lost = queue->env().write(
      [&](store::lmdb::WriteTxn& txn) { return store::queue::claim_due(txn, clock.now(), clock.now() + 300, 10); });
  REQUIRE(lost.ok());
  REQUIRE(lost->size() == 1);
  SECTION("restart") {
    restart();
    settle();
    CHECK(ways["main"].sent.size() == 1);
    CHECK_FALSE(entry(id));
  }
  SECTION("lease") {
    later(299s);
    CHECK(ways["main"].sent.empty());
    later(1s);
    CHECK(ways["main"].sent.size() == 1);
  }
}

TEST_CASE_METHOD(RelayFixture, "a report that a killed relay owed is made at the next start") {
  const auto id = put({"b@x.example"});
  const auto died = queue->env().write([&](store::lmdb::WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto claims, store::queue::claim_due(txn, clock.now(), clock.now() + 300, 10));
    store::queue::Outcome failed;
    failed.state = State::Failed;
    failed.reply = "550 5.1.1 no such user";
    failed.status = "5.1.1";
    return store::queue::finish(txn, claims[0].entry.id, {failed}, clock.now());
  });
  REQUIRE(died.ok());
  REQUIRE(entry(id));
  restart();
  settle();
  CHECK(local.sent == Sent{{"anna@example.test"}});
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "a delivery has the same name in every attempt, and in every transaction of one") {
  local.all = answer(Verdict::InDoubt, "", "");
  const auto id = put({"anna@example.test", "b@x.example"});
  settle();
  later(15min);
  restart();
  local.all = answer(Verdict::Accepted);
  later(base::Seconds{6 * 3600});
  CHECK_FALSE(entry(id));
  REQUIRE(local.parcels.size() >= 3);
  const std::string name = local.parcels[0].envelope.delivery_id;
  CHECK(name.size() == base::kDeliveryIdOctets);
  for (const auto& parcel : local.parcels) CHECK(parcel.envelope.delivery_id == name);
  CHECK(ways["main"].parcels.at(0).envelope.delivery_id == name);
  put({"anna@example.test"});
  settle();
  CHECK(local.parcels.back().envelope.delivery_id != name);
}

TEST_CASE_METHOD(RelayFixture, "recipients go out in transactions of at most max_recipients") {
  max_recipients = 2;
  restart();
  put({"a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"});
  settle();
  CHECK(ways["main"].sent == Sent{{"a@x.example", "b@x.example"}, {"c@x.example", "d@x.example"}, {"e@x.example"}});
}

TEST_CASE_METHOD(RelayFixture, "what one transaction had no room for follows in the next at once") {
  auto full = answer(Verdict::Temporary, "452 4.5.3 too many recipients", "4.5.3");
  full.again_at_once = true;
  ways["main"].by_address["b@x.example"] = full;
  const auto id = put({"a@x.example", "b@x.example"});
  settle();
  CHECK(ways["main"].sent == Sent{{"a@x.example", "b@x.example"}, {"b@x.example"}});
  CHECK(recipient(id, 1).state == State::Waiting);  // no room even alone: like any temporary failure
  CHECK(recipient(id, 1).attempts == 1);
}

TEST_CASE_METHOD(RelayFixture, "our own receiver's absence is soon over, counts no attempt and pauses nothing") {
  local.all = answer(Verdict::RouteAway, "connect: no such file", "4.4.1");
  const auto id = put({"bob@example.test"});
  settle();
  CHECK(recipient(id).state == State::Waiting);
  CHECK(recipient(id).next_attempt == clock.now() + 5);
  CHECK(recipient(id).attempts == 0);
  CHECK(pauses().empty());
  later(2h);
  CHECK(recipient(id).next_attempt == clock.now() + 300);
  local.all = answer(Verdict::Accepted);
  later(5min);
  CHECK_FALSE(entry(id));
}

TEST_CASE_METHOD(RelayFixture, "mail of an unverified sender does not keep the route shut for others") {
  route_names = {"main"};
  restart();
  ways["main"].all = answer(Verdict::RouteBroken, "554 Email address is not verified", "5.0.0");
  ways["main"].all.about_sender = true;
  const auto bad = put({"b@x.example"});
  settle();
  CHECK(recipient(bad).next_attempt >= clock.now() + 120);  // after the probe at 60 s
  CHECK(recipient(bad).attempts == 0);
  ways["main"].all = answer(Verdict::Accepted);
  const auto good = put({"c@x.example"});
  later(1min);
  CHECK_FALSE(entry(good));
  CHECK(pauses().empty());
}

TEST_CASE_METHOD(RelayFixture, "without a route the mail waits and says why") {
  route_names = {};
  restart();
  const auto id = put({"b@x.example"});
  settle();
  CHECK(recipient(id).state == State::Waiting);
  CHECK(recipient(id).reply.find("relay.routes") != std::string::npos);
  CHECK(recipient(id).attempts == 0);
}

TEST_CASE_METHOD(RelayFixture, "DSN parameters travel with the mail, RFC 3461 5.2.1") {
  put(
      {"b@x.example"},
      [](auto& envelope) {
        envelope.envid = "id 1";
        envelope.ret = store::queue::Ret::Headers;
        envelope.eight_bit = true;
      },
      store::queue::kNotifyFailure | store::queue::kNotifyDelay);
  settle();
  const auto& parcel = ways["main"].parcels[0];
  CHECK(parcel.envelope.envid == "id 1");
  CHECK(parcel.envelope.ret == "HDRS");
  CHECK(parcel.eight_bit_declared);
  CHECK(parcel.envelope.recipients[0].notify == "FAILURE,DELAY");
  CHECK(parcel.envelope.octets == message.size());
}
