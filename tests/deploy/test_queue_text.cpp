#include "deploy/cli/queue_text.hpp"

#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::cli;
using store::queue::Entry;
using store::queue::Recipient;
using store::queue::RoutePause;
using store::queue::State;

namespace {

constexpr base::UnixTime kNow = 1'795'459'130;  // 2026-11-23T18:38:50Z

Recipient recipient(State state) {
  Recipient one;
  one.address = "bob@x.test";
  one.state = state;
  return one;
}

Entry entry() {
  Entry one;
  one.id = base::QueueId{12};
  one.envelope.reverse_path = "anna@example.test";
  one.envelope.arrived = kNow - 3600;
  one.envelope.octets = 4096;
  one.envelope.message_id = "<1@example.test>";
  Recipient waiting = recipient(State::Waiting);
  waiting.next_attempt = kNow + 300;
  waiting.attempts = 2;
  waiting.route = "main";
  waiting.reply = "451 4.7.1 greylisted";
  one.recipients = {waiting};
  return one;
}

}  // namespace

TEST_CASE("a recipient's state is told in words, with the next try, the route and the reason") {
  CHECK(recipient_in_words(entry().recipients[0], kNow) ==
        "waiting, next try in 5 min (2 tries so far) by route main: 451 4.7.1 greylisted");
  CHECK(recipient_in_words(recipient(State::Waiting), kNow) == "waiting, next try now");
  Recipient doubt = recipient(State::InDoubt);
  doubt.next_attempt = kNow + 900;
  doubt.attempts = 1;
  CHECK(recipient_in_words(doubt, kNow) ==
        "in doubt: the whole message was sent and no answer has come; sent again in 15 min (1 try so far)");
  Recipient flight = recipient(State::InFlight);
  flight.lease_until = kNow + 60;
  CHECK(recipient_in_words(flight, kNow).starts_with("being sent"));
  Recipient failed = recipient(State::Failed);
  failed.finished = kNow - 60;
  failed.reply = "550 5.1.1 no such user";
  CHECK(recipient_in_words(failed, kNow).starts_with("failed "));
  CHECK(recipient_in_words(failed, kNow).ends_with(": 550 5.1.1 no such user"));
  CHECK(recipient_in_words(recipient(State::Held), kNow) == "on hold; `hearthmail queue retry` ends that");
}

TEST_CASE("the queue is a line per entry and a line per recipient") {
  CHECK(queue_in_words({}, kNow) == "the queue is empty: nothing waits to go out\n");
  const std::string text = queue_in_words({entry()}, kNow);
  CHECK(text.starts_with("12  from anna@example.test, 4096 octets, "));
  CHECK(text.find("\n    to bob@x.test: waiting, next try in 5 min") != std::string::npos);
}

TEST_CASE("what a stranger wrote cannot move the operator's cursor") {
  Entry hostile = entry();
  hostile.envelope.reverse_path = "a\x1b[2J@x.test";
  hostile.recipients[0].address = "b\r\nfake@x.test";
  hostile.recipients[0].reply = "451 \x1b]0;title\x07";
  for (const auto& text : {queue_in_words({hostile}, kNow), entry_in_words(hostile, kNow)}) {
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\r') == std::string::npos);
    CHECK(text.find('\x07') == std::string::npos);
  }
  CHECK(for_terminal("a\x1b[2Jb\tc\r\nd\re") == "a\\x1b[2Jb\tc\nd\\x0de");
}

TEST_CASE("a report's empty reverse-path is shown as one") {
  Entry report = entry();
  report.envelope.reverse_path.clear();
  CHECK(queue_in_words({report}, kNow).starts_with("12  from <> (a report)"));
}

TEST_CASE("an entry in JSON has every field that a program needs") {
  const auto json = entry_json(entry());
  CHECK(json["id"] == 12);
  CHECK(json["from"] == "anna@example.test");
  CHECK(json["octets"] == 4096);
  CHECK(json["message_id"] == "<1@example.test>");
  const auto& one = json["recipients"][0];
  CHECK(one["address"] == "bob@x.test");
  CHECK(one["state"] == "waiting");
  CHECK(one["attempts"] == 2);
  CHECK(one["route"] == "main");
  CHECK(one["reply"] == "451 4.7.1 greylisted");
  CHECK(one["next_attempt"] == base::rfc3339(kNow + 300));
  CHECK(one["finished"].is_null());
  Entry done = entry();
  done.recipients[0].state = State::Delivered;
  done.recipients[0].finished = kNow;
  const auto delivered = entry_json(done)["recipients"][0];
  CHECK(delivered["next_attempt"].is_null());  // there is none, though the store keeps the last one's time
  CHECK(delivered["finished"] == base::rfc3339(kNow));
}

TEST_CASE("the header ends at the first empty line") {
  CHECK(header_of("A: 1\r\nB: 2\r\n\r\nbody\r\n\r\nmore") == "A: 1\r\nB: 2\r\n");
  CHECK(header_of("\r\nbody") == "");
  CHECK(header_of("A: 1\r\n") == "A: 1\r\n");
  CHECK(header_of("") == "");
}

TEST_CASE("routes are shown in their order, with pauses, and paused ones that are gone from the configuration") {
  config::Settings settings;
  config::Route main;
  main.name = "main";
  main.url = "smtps://smtp.example.net:465";
  config::Route backup;
  backup.name = "backup";
  backup.url = "ses+https://eu-west-1";
  settings.routes = {main, backup};
  CHECK(routes_in_words(route_states(config::Settings{}, {}), kNow).starts_with("no route is configured"));

  std::vector<RoutePause> pauses(2);
  pauses[0] = {"main", "535 5.7.8 wrong password; set relay.main.password", kNow - 120, kNow + 600, false};
  pauses[1] = {"old", "moving", kNow - 60, 0, true};
  const auto states = route_states(settings, pauses);
  REQUIRE(states.size() == 3);
  CHECK(states[0].name == "main");
  CHECK(states[1].pause == nullptr);
  CHECK(states[2].name == "old");
  const std::string text = routes_in_words(states, kNow);
  CHECK(text.find("main  smtps://smtp.example.net:465\n    paused 2 min ago: 535 5.7.8 wrong password") !=
        std::string::npos);
  CHECK(text.find("    tried again in 10 min\n") != std::string::npos);
  CHECK(text.find("backup  ses+https://eu-west-1\n    active\n") != std::string::npos);
  CHECK(text.find("old  (no longer configured)\n    paused by the operator ") != std::string::npos);
  CHECK(text.find("    until `hearthmail route resume old`\n") != std::string::npos);
  const auto json = routes_json(states);
  CHECK(json[0]["paused"] == true);
  CHECK(json[1]["paused"] == false);
  for (const char* key : {"reason", "since", "until", "by_operator"}) CHECK(json[1].contains(key));
  CHECK(json[2]["by_operator"] == true);
  CHECK(json[2]["until"].is_null());
}
