// The words and fields of delivery reports, RFC 3461 and RFC 3464.
#include "relay/dsn/report.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using relay::dsn::Kind;
namespace dsn = relay::dsn;
namespace queue = store::queue;

namespace {

queue::Entry entry() {
  queue::Entry out;
  out.id = base::QueueId{7};
  out.envelope.reverse_path = "anna@example.test";
  out.envelope.arrived = 1'800'000'000;
  out.envelope.octets = 1000;
  queue::Recipient to;
  to.address = "b@x.example";
  to.original = "rfc822;b+2Btag@x.example";
  to.route = "main";
  to.reply = "550 5.1.1 no such user";
  to.status = "5.1.1";
  to.attempts = 1;
  out.recipients.push_back(to);
  return out;
}

std::string report(const queue::Entry& about, Kind kind, const std::string& original = "Subject: hi\r\n\r\nbody\r\n") {
  dsn::Request request;
  request.kind = kind;
  request.entry = &about;
  request.recipients = {0};
  request.hostname = "mail.example.test";
  request.now = 1'800'003'600;
  request.gives_up = 1'800'432'000;
  request.original = original;
  return dsn::compose(request);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a failure report has the fields of RFC 3464 and goes to the sender") {
  const std::string text = report(entry(), Kind::Failed);
  CHECK(has(text, "Content-Type: multipart/report; report-type=delivery-status;"));
  CHECK(has(text, "\r\nTo: anna@example.test\r\n"));
  CHECK(has(text, "\r\nFrom: Mail Delivery System <mailer-daemon@mail.example.test>\r\n"));
  CHECK(has(text, "Original-Recipient: rfc822; b+tag@x.example\r\n"));
  CHECK(has(text, "Final-Recipient: rfc822; b@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"));
  CHECK(has(text, "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"));
  CHECK(has(text, "Subject: hi"));
  CHECK_FALSE(has(text, "\r\nbody\r\n"));  // RET was not given: the header only
}

TEST_CASE("RET=FULL returns the whole message of a failure only, up to a size, RFC 3461 4.3") {
  queue::Entry about = entry();
  about.envelope.ret = queue::Ret::Full;
  CHECK(has(report(about, Kind::Failed), "\r\nbody\r\n"));
  CHECK_FALSE(has(report(about, Kind::Delayed), "\r\nbody\r\n"));
  about.envelope.octets = dsn::kMostReturned + 1;
  CHECK_FALSE(has(report(about, Kind::Failed), "\r\nbody\r\n"));
}

TEST_CASE("the status' class follows the action, RFC 3464 2.3.4") {
  queue::Entry about = entry();
  about.recipients[0].status = "4.3.0";
  CHECK(has(report(about, Kind::Failed), "Status: 5.3.0\r\n"));
  CHECK(has(report(about, Kind::Delayed), "Status: 4.3.0\r\n"));
  about.recipients[0].status.clear();
  CHECK(has(report(about, Kind::Delayed), "Status: 4.0.0\r\n"));
  about.recipients[0].status = "4.4.7";
  CHECK(has(report(about, Kind::Failed), "Status: 4.4.7\r\n"));
}

TEST_CASE("a delay notice says until when it is tried") {
  const std::string text = report(entry(), Kind::Delayed);
  CHECK(has(text, "Action: delayed\r\n"));
  CHECK(has(text, "Will-Retry-Until: " + base::rfc5322_date(1'800'432'000)));
  CHECK(has(text, "You need not do anything"));
}

TEST_CASE("our own words are not passed off as the peer's answer") {
  queue::Entry about = entry();
  about.recipients[0].reply = "waiting for a route: main: connect: refused";
  CHECK_FALSE(has(report(about, Kind::Delayed), "Diagnostic-Code"));
}

TEST_CASE("who hears of a delay, RFC 3461 4.1") {
  queue::Entry about = entry();
  queue::Recipient& to = about.recipients[0];
  CHECK(dsn::wants_delay_notice(about.envelope, to));
  to.notify = queue::kNotifyDelay;
  CHECK(dsn::wants_delay_notice(about.envelope, to));
  to.notify = queue::kNotifyFailure;
  CHECK_FALSE(dsn::wants_delay_notice(about.envelope, to));
  to.notify = queue::kNotifyNever;
  CHECK_FALSE(dsn::wants_delay_notice(about.envelope, to));
  to.notify = queue::kNotifyDefault;
  about.envelope.reverse_path.clear();
  CHECK_FALSE(dsn::wants_delay_notice(about.envelope, to));
}

TEST_CASE("a reply cannot add lines to a report") {
  queue::Entry about = entry();
  about.recipients[0].reply = "550 x\r\nStatus: 2.0.0";
  CHECK_FALSE(has(report(about, Kind::Failed), "\r\nStatus: 2.0.0"));
}
