#include "relay/smtp/classify.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/base/text.hpp"

namespace hearthmail::relay {

using smtp::Reply;
using smtp::Stage;

namespace {

// Sets of stages.
enum : unsigned {
  kGreeting = 1U << 0U,
  kHello = 1U << 1U,  // EHLO, STARTTLS
  kAuth = 1U << 2U,
  kMail = 1U << 3U,
  kRcpt = 1U << 4U,
  kData = 1U << 5U,   // the DATA command
  kFinal = 1U << 6U,  // after the final dot
  kSession = kGreeting | kHello | kAuth,
  kMessage = kData | kFinal,
  kTransaction = kMail | kRcpt | kMessage,
  kAny = kSession | kTransaction,
};

enum class When : std::uint8_t { Always, NullSender, Lmtp, NotLmtp };
// What else is set in the outcome.
enum class Mark : std::uint8_t { None, Sender, AgainAtOnce };

struct Row {
  unsigned stages;
  int lowest, highest;        // reply code
  std::string_view enhanced;  // prefix of the enhanced code; "x." matches class 4 and 5; empty: any
  std::string_view words;     // any of these, separated by "|", lower case; empty: any text
  When when;
  Verdict verdict;
  Mark mark = Mark::None;
};

constexpr std::string_view kDailyWords =
    "daily user sending|daily sending|daily message quota|daily quota|daily limit|daily email|per day|per-day|"
    "monthly limit|monthly quota|sending quota|sending limit exceeded|out of credits|not enough credits";
constexpr std::string_view kRateWords =
    "throttl|rate limit|ratelimit|sending rate|rate exceeded|too many messages|too many connections|too many "
    "concurrent|"
    "concurrent connections|slow down|try again at a slower|hourly limit|per hour|per minute";
constexpr std::string_view kRelayWords =
    "relay access denied|relaying denied|relay denied|relay not permitted|relaying not|not permitted to relay|"
    "unable to relay|authentication required|must authenticate|please authenticate|authentication is required|"
    "basic authentication is disabled";
constexpr std::string_view kSenderWords =
    "not verified|unverified|verify your|not owned by user|send as|sendas|sender address rejected|sender not|sender is "
    "not|"
    "from address|from header|sender identity|not allowed to send|not authorized to send|verified sender|sender domain";
constexpr std::string_view kAccountWords =
    "sending paused|sending is paused|account suspended|account is suspended|account disabled|account is disabled|"
    "account has been|account not active|not activated|sandbox|traffic not accepted|bad outbound sender";
// What Postfix and Exim say at RCPT, where their checks of client, HELO and sender come to light (smtpd_delay_reject); and
// what they say there about the recipient alone, whatever else is quoted in it.
constexpr std::string_view kClientWords =
    "client host rejected|client host [|client address|helo command rejected|blocked using";
constexpr std::string_view kDelayedSenderWords =
    "sender address rejected|not owned by user|sender not verified|sender is not verified|sender verify failed|"
    "sender domain";
constexpr std::string_view kRecipientWords =
    "recipient address rejected|user unknown|unknown user|no such user|recipient unknown|does not exist|"
    "mailbox unavailable|address verification";
constexpr std::string_view kTooManyWords = "too many recipients|recipient limit|too many rcpt";
constexpr std::string_view kUtf8Words = "smtputf8|internationali";

// The first row that fits decides. Sources: RFC 5321 §4.2, RFC 3463, RFC 4954 §6, and what the providers answer.
constexpr auto kRows = std::to_array<Row>({
    // Our own receiver: every refusal is about this recipient; its absence is a matter of moments.
    {kAny, 421, 421, "", "", When::Lmtp, Verdict::RouteAway},
    {kSession | kMail | kData, 400, 599, "", "", When::Lmtp, Verdict::RouteAway},
    {kRcpt | kFinal, 500, 599, "", "", When::Lmtp, Verdict::RecipientPermanent},
    {kRcpt | kFinal, 400, 499, "", "", When::Lmtp, Verdict::Temporary},

    // A mailbox that is full or busy, not our quota.
    {kRcpt | kMessage, 500, 599, "5.2.2", "", When::Always, Verdict::RecipientPermanent},
    {kRcpt | kMessage, 400, 499, "4.2.", "", When::Always, Verdict::Temporary},

    // Quotas, wherever they are told. Gmail: 550 5.4.5; SES: 454 Throttling failure; Microsoft 365: 432 4.3.2.
    {kAny, 400, 599, "5.4.5", "", When::Always, Verdict::RouteExhausted},
    {kAny, 400, 599, "", kDailyWords, When::Always, Verdict::RouteExhausted},
    {kRcpt, 452, 452, "4.5.3", "", When::Always, Verdict::Temporary, Mark::AgainAtOnce},  // Cloudflare: 50 per session
    {kRcpt, 450, 452, "", kTooManyWords, When::Always, Verdict::Temporary, Mark::AgainAtOnce},
    {kAny, 400, 599, "", kRateWords, When::Always, Verdict::RouteThrottled},
    {kAny, 432, 432, "4.3.2", "", When::Always, Verdict::RouteThrottled},

    // RFC 5321 §3.8: the service ends this session.
    {kAny, 421, 421, "", "", When::Always, Verdict::RouteAway},

    // Before a transaction everything is about the route. RFC 4954 §6: 454 is a passing fault, 432 asks for a new password.
    {kAuth, 432, 432, "", "", When::Always, Verdict::RouteBroken},
    {kSession, 400, 499, "", "", When::Always, Verdict::RouteAway},
    {kSession, 500, 599, "", "", When::Always, Verdict::RouteBroken},

    // AUTH was wanted after all, or the account is closed: RFC 4954 §6 and what smarthosts write.
    {kTransaction, 530, 530, "", "", When::Always, Verdict::RouteBroken},
    {kTransaction, 534, 535, "", "", When::Always, Verdict::RouteBroken},
    {kTransaction, 538, 538, "", "", When::Always, Verdict::RouteBroken},
    {kTransaction, 500, 599, "5.7.30", "", When::Always, Verdict::RouteBroken},
    {kTransaction, 400, 599, "", kRelayWords, When::Always, Verdict::RouteBroken},
    {kTransaction, 400, 599, "", kAccountWords, When::Always, Verdict::RouteBroken},

    // SES refuses the null reverse-path with 501: another route must carry reports.
    {kMail, 500, 599, "", "", When::NullSender, Verdict::NotCarried},

    // Size: RFC 1870 §6, RFC 3463 X.3.4, X.2.3.
    {kMail | kMessage, 552, 552, "", "", When::Always, Verdict::TooBig},
    {kTransaction, 500, 599, "5.3.4", "", When::Always, Verdict::TooBig},
    {kMail | kMessage, 500, 599, "5.2.3", "", When::Always, Verdict::TooBig},
    {kRcpt, 552, 552, "", "", When::Always, Verdict::Temporary, Mark::AgainAtOnce},  // RFC 5321 §4.5.3.1.10: means 452

    // What this peer cannot transport: RFC 6531 §3.5, RFC 6152 §2, parameters that it does not take after all.
    {kTransaction, 500, 599, "5.6.7", "", When::Always, Verdict::NotCarried},
    {kTransaction, 500, 599, "5.6.3", "", When::Always, Verdict::NotCarried},
    {kTransaction, 550, 553, "", kUtf8Words, When::Always, Verdict::NotCarried},
    {kMail | kRcpt, 555, 555, "", "", When::Always, Verdict::NotCarried},

    // A sender that the provider has not verified is the operator's to mend, not the writer's mistake.
    {kMail, 400, 599, "x.7.", "", When::Always, Verdict::RouteBroken, Mark::Sender},
    {kMail | kMessage, 500, 599, "5.7.60", "", When::Always, Verdict::RouteBroken, Mark::Sender},
    {kMail | kMessage, 500, 599, "5.2.252", "", When::Always, Verdict::RouteBroken, Mark::Sender},
    {kMail | kMessage, 500, 599, "", kSenderWords, When::Always, Verdict::RouteBroken, Mark::Sender},

    // The same, and of ourselves, told only at RCPT.
    {kRcpt, 500, 599, "", kRecipientWords, When::Always, Verdict::RecipientPermanent},
    {kRcpt, 500, 599, "5.1.1", "", When::Always, Verdict::RecipientPermanent},
    {kMail | kRcpt, 500, 599, "", kClientWords, When::Always, Verdict::RouteBroken},
    {kRcpt, 500, 599, "", kDelayedSenderWords, When::Always, Verdict::RouteBroken, Mark::Sender},

    // Plain refusals.
    {kRcpt, 500, 599, "", "", When::Always, Verdict::RecipientPermanent},
    {kMail | kMessage, 500, 599, "", "", When::Always, Verdict::MessagePermanent},
    {kTransaction, 400, 499, "", "", When::Always, Verdict::Temporary},
});

unsigned bit(Stage stage) {
  switch (stage) {
    case Stage::Connect:
    case Stage::Tls:
    case Stage::Greeting: return kGreeting;
    case Stage::Ehlo:
    case Stage::StartTls: return kHello;
    case Stage::Auth: return kAuth;
    case Stage::Mail: return kMail;
    case Stage::Rcpt: return kRcpt;
    case Stage::Data:
    case Stage::Body: return kData;
    case Stage::Final: return kFinal;
  }
  return kFinal;
}

bool code_fits(std::string_view pattern, std::string_view enhanced) {
  if (pattern.empty()) return true;
  if (enhanced.empty()) return false;
  if (pattern[0] == 'x') return enhanced.substr(1).starts_with(pattern.substr(1));
  if (pattern.back() == '.') return enhanced.starts_with(pattern);
  return enhanced == pattern;
}

bool words_fit(std::string_view words, std::string_view text) {
  if (words.empty()) return true;
  const auto choices = base::split(words, '|');
  return std::any_of(choices.begin(), choices.end(),
                     [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

bool when_fits(When when, const ReplyContext& context) {
  switch (when) {
    case When::Always: return true;
    case When::NullSender: return context.null_sender;
    case When::Lmtp: return context.lmtp;
    case When::NotLmtp: return !context.lmtp;
  }
  return false;
}

Outcome outcome_of(const Row& row, unsigned stage, const Reply& reply) {
  Outcome out;
  out.verdict = row.verdict;
  out.reply = reply.str();
  out.status = reply.enhanced;
  if (out.status.empty()) out.status = reply.permanent() ? "5.0.0" : "4.0.0";
  out.about_sender = row.mark == Mark::Sender;
  out.again_at_once = row.mark == Mark::AgainAtOnce;
  const bool permanent = row.verdict == Verdict::RecipientPermanent || row.verdict == Verdict::MessagePermanent;
  // RFC 3463 §2 gives the class twice; when they differ, the milder one is believed.
  if (permanent && reply.enhanced.starts_with("4")) out.verdict = Verdict::Temporary;
  out.another_route = out.verdict == Verdict::Temporary && stage != kFinal && !out.again_at_once;
  return out;
}

// RFC 5321 §4.2 knows no other answer here: the peer has lost its place. Nothing was handed over before the final dot.
Outcome unexpected(unsigned stage, const Reply& reply) {
  Outcome out;
  out.verdict = stage == kFinal ? Verdict::InDoubt : Verdict::RouteAway;
  out.reply = "unexpected reply: " + reply.str();
  out.status = "4.5.0";
  return out;
}

}  // namespace

Outcome classify(Stage stage, const Reply& reply, const ReplyContext& context) {
  const unsigned where = bit(stage);
  if (reply.positive() && stage == Stage::Final) {
    Outcome out;
    out.verdict = Verdict::Accepted;
    out.reply = reply.str();
    out.status = reply.enhanced.empty() ? "2.0.0" : reply.enhanced;
    return out;
  }
  const std::string text = base::lower(reply.str());
  for (const Row& row : kRows) {
    if ((row.stages & where) == 0 || reply.code < row.lowest || reply.code > row.highest) continue;
    if (!when_fits(row.when, context) || !code_fits(row.enhanced, reply.enhanced) || !words_fit(row.words, text))
      continue;
    return outcome_of(row, where, reply);
  }
  return unexpected(where, reply);
}

Outcome classify(const smtp::SessionFault& fault, const ReplyContext& context) {
  if (fault.reply) return classify(fault.stage, *fault.reply, context);
  Outcome out;
  out.reply = std::string(smtp::name(fault.stage)) + ": " + base::printable(fault.error.text, 400);
  out.status = "4.4.1";  // RFC 3463 X.4.1: no answer from host
  switch (fault.stage) {
    case Stage::Connect:
    case Stage::Greeting:
    case Stage::Ehlo: out.verdict = Verdict::RouteAway; break;
    // A handshake that runs out of time is a network's fault, a certificate that does not verify is not.
    case Stage::Tls:
    case Stage::StartTls:
    case Stage::Auth: {
      const bool passing = fault.error.code == base::Errc::Timeout || fault.error.code == base::Errc::Closed ||
                           fault.error.code == base::Errc::Unavailable;
      out.verdict = passing ? Verdict::RouteAway : Verdict::RouteBroken;
      out.status = fault.stage == Stage::Auth ? "4.7.0" : "4.7.5";
      break;
    }
    case Stage::Mail:
    case Stage::Rcpt:
    case Stage::Data:
      out.verdict = Verdict::RouteAway;
      out.status = "4.4.2";  // RFC 3463 X.4.2: bad connection
      break;
    // A peer that hangs up in the middle of one message may only dislike this one: the route stays open for others.
    case Stage::Body:
      out.verdict = Verdict::Temporary;
      out.another_route = true;
      out.status = "4.4.2";
      break;
    case Stage::Final:
      out.verdict = Verdict::InDoubt;
      out.status = "4.4.2";
      break;
  }
  return out;
}

std::vector<Outcome> classify(const smtp::Transfer& transfer, const ReplyContext& context) {
  std::vector<Outcome> out(transfer.answers.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const smtp::Answer& answer = transfer.answers[i];
    if (answer.reply) {
      out[i] = classify(answer.stage, *answer.reply, context);
      continue;
    }
    if (!transfer.fault) continue;  // Temporary: cannot happen, and then it waits
    const bool taken = std::find(transfer.accepted.begin(), transfer.accepted.end(), i) != transfer.accepted.end();
    out[i] = classify(*transfer.fault, context);
    if (transfer.local_fault) {
      out[i].verdict = Verdict::Temporary;
      out[i].another_route = false;
      out[i].status = "4.3.0";
    } else if (!transfer.dot_sent || !taken) {
      if (out[i].verdict == Verdict::InDoubt) out[i].verdict = Verdict::Temporary;
    } else {
      out[i].verdict = Verdict::InDoubt;
    }
  }
  return out;
}

}  // namespace hearthmail::relay
