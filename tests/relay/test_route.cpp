#include "relay/route.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using relay::RouteBook;
using relay::RouteKeys;
using relay::RouteKind;
using relay::RouteTls;
using Gate = relay::RouteBook::Gate;

namespace {

RouteKeys keys(const std::string& url) {
  RouteKeys k;
  k.name = "main";
  k.url = url;
  k.user = "u";
  k.has_password = true;
  return k;
}

}  // namespace

TEST_CASE("route URLs") {
  const auto smtps = relay::parse_route(keys("smtps://smtp.example.net"));
  REQUIRE(smtps.ok());
  CHECK(smtps->kind == RouteKind::Smtp);
  CHECK(smtps->tls == RouteTls::Implicit);
  CHECK(smtps->host == "smtp.example.net");
  CHECK(smtps->port == 465);
  const auto smtp = relay::parse_route(keys("smtp://[::1]:2525/"));
  REQUIRE(smtp.ok());
  CHECK(smtp->tls == RouteTls::StartTls);
  CHECK(smtp->host == "::1");
  CHECK(smtp->port == 2525);
  CHECK(relay::parse_route(keys("smtp://smtp.example.net"))->port == 587);
  const auto ses = relay::parse_route(keys("ses+https://EU-west-1"));
  REQUIRE(ses.ok());
  CHECK(ses->base_url == "https://email.eu-west-1.amazonaws.com");
  CHECK(ses->region == "eu-west-1");
  const auto mailgun = relay::parse_route(keys("mailgun+https://api.eu.mailgun.net/mg.example.test"));
  REQUIRE(mailgun.ok());
  CHECK(mailgun->base_url == "https://api.eu.mailgun.net");
  CHECK(mailgun->domain == "mg.example.test");
  CHECK(relay::parse_route(keys("capture:"))->kind == RouteKind::Capture);
}

TEST_CASE("an endpoint replaces the provider's own, in clear only on loopback") {
  RouteKeys k = keys("ses+https://eu-west-1");
  k.endpoint = "http://127.0.0.1:8080/";
  CHECK(relay::parse_route(k)->base_url == "http://127.0.0.1:8080");
  k.endpoint = "https://proxy.example.net/ses";
  CHECK(relay::parse_route(k)->base_url == "https://proxy.example.net/ses");
  k.endpoint = "http://proxy.example.net";
  CHECK_FALSE(relay::parse_route(k).ok());
  k.endpoint = "ftp://127.0.0.1";
  CHECK_FALSE(relay::parse_route(k).ok());
  k.endpoint = "https://key:secret@proxy.example.net";
  CHECK_FALSE(relay::parse_route(k).ok());
}

TEST_CASE("plain SMTP only with a loopback host") {
  RouteKeys k = keys("smtp://127.0.0.1:2525");
  k.tls = "none";
  CHECK(relay::parse_route(k)->tls == RouteTls::None);
  k.url = "smtp://smtp.example.net:25";
  CHECK(relay::parse_route(k).error().text.find("relay.main.tls") == 0);
  k.url = "smtps://127.0.0.1";
  CHECK_FALSE(relay::parse_route(k).ok());
  k.url = "ses+https://eu-west-1";
  CHECK_FALSE(relay::parse_route(k).ok());
  CHECK(relay::is_loopback("localhost"));
  CHECK(relay::is_loopback("127.8.9.10"));
  CHECK_FALSE(relay::is_loopback("127.0.0.1.example.net"));
  CHECK_FALSE(relay::is_loopback("128.0.0.1"));
}

TEST_CASE("errors name the key and what to write") {
  const auto text = [](const std::string& url) { return relay::parse_route(keys(url)).error().text; };
  CHECK(text("smpts://host").find("did you mean smtps") != std::string::npos);
  CHECK(text("smtp.example.net").find("relay.main.url: write smtps://") == 0);
  CHECK(text("smtps://host:99999").find("relay.main.url") == 0);
  CHECK(text("smtps://").find("relay.main.url") == 0);
  CHECK(text("mailgun+https://api.mailgun.net").find("/DOMAIN") != std::string::npos);
  const std::string secret = text("smtps://user:hunter2@host");
  CHECK(secret.find("credentials do not belong in a URL") != std::string::npos);
  CHECK(secret.find("hunter2") == std::string::npos);
  RouteKeys k = keys("smtps://host");
  k.has_password = false;
  CHECK(relay::parse_route(k).error().text.find("relay.main.password") == 0);
  k = keys("ses+https://eu-west-1");
  k.user.clear();
  CHECK(relay::parse_route(k).error().text.find("relay.main.user") == 0);
}

TEST_CASE("a route that failed rests and is probed by one mail, half-open") {
  RouteBook book({"a", "b"});
  CHECK(book.enter(0, 1000) == Gate::Open);
  CHECK(book.fault(0, 1000, base::Seconds{0}) == 1060);
  CHECK(book.enter(0, 1059) == Gate::Shut);
  CHECK(book.enter(1, 1059) == Gate::Open);
  CHECK(book.enter(0, 1060) == Gate::Probe);
  CHECK(book.enter(0, 1060) == Gate::Shut);  // one at a time
  CHECK(book.fault(0, 1060, base::Seconds{0}) == 1180);
  CHECK(book.enter(0, 1180) == Gate::Probe);
  CHECK(book.fault(0, 1180, base::Seconds{0}) == 1480);
  CHECK(book.enter(0, 1480) == Gate::Probe);
  CHECK(book.recovered(0));
  CHECK(book.enter(0, 1480) == Gate::Open);
  CHECK_FALSE(book.recovered(0));
  CHECK(book.fault(0, 2000, base::Seconds{0}) == 2060);  // faults count from one again
}

TEST_CASE("many mails that fail together are one fault; a told time is kept") {
  RouteBook book({"a"});
  CHECK(book.fault(0, 1000, base::Seconds{0}) == 1060);
  CHECK(book.fault(0, 1001, base::Seconds{0}) == 1061);
  CHECK(book.fault(0, 1002, base::Seconds{0}) == 1062);
  CHECK(book.enter(0, 1062) == Gate::Probe);
  CHECK(book.fault(0, 1062, base::Seconds{600}) == 1662);
  CHECK(book.earliest(1100) == 1662);
}

TEST_CASE("a probe without an answer lets the next mail probe") {
  RouteBook book({"a"});
  book.fault(0, 1000, base::Seconds{0});
  CHECK(book.enter(0, 1060) == Gate::Probe);
  book.abandon(0);
  CHECK(book.enter(0, 1060) == Gate::Probe);
}

TEST_CASE("the operator's pause holds until it is lifted") {
  RouteBook book({"a", "b"});
  book.begin_load();
  book.load("a", 0, true);
  book.load("gone", 0, true);
  CHECK_FALSE(book.end_load());
  CHECK(book.enter(0, 1'000'000) == Gate::Shut);
  CHECK(book.earliest(5) == 5);  // b is open
  CHECK_FALSE(book.recovered(0));
  CHECK(book.enter(0, 1'000'000) == Gate::Shut);
  book.fault(1, 100, base::Seconds{0});
  book.begin_load();
  book.load("b", 160, false);
  CHECK(book.end_load());  // a was lifted
  CHECK(book.enter(0, 100) == Gate::Open);
  CHECK(book.enter(1, 100) == Gate::Shut);
  RouteBook alone({"a"});
  alone.begin_load();
  alone.load("a", 0, true);
  alone.end_load();
  CHECK_FALSE(alone.earliest(5));
}
