// Amazon SES v2: POST /v2/email/outbound-emails with the raw message, signed by libcurl (AWS Signature Version 4).
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/text.hpp"
#include "relay/http/provider.hpp"

namespace hearthmail::relay {

namespace {

constexpr std::uint32_t kSesRecipients = 50;                       // per call, SES quota
constexpr std::uint64_t kSesOctets = 40ULL * 1024 * 1024 / 4 * 3;  // 40 MB after base64, SES quota

constexpr auto kRows = std::to_array<AnswerRow>({
    // Quotas. SES drops a throttled message and tells no time; a day's quota counts the last 24 hours.
    {400, 499, "", "daily message quota|daily quota", Verdict::RouteExhausted, "4.5.3"},
    {400, 499, "LimitExceededException", "", Verdict::RouteExhausted, "4.5.3"},
    {400, 499, "TooManyRequestsException", "", Verdict::RouteThrottled, "4.5.3"},
    {400, 499, "ThrottlingException", "", Verdict::RouteThrottled, "4.5.3"},
    {400, 499, "Throttling", "", Verdict::RouteThrottled, "4.5.3"},
    {429, 429, "", "", Verdict::RouteThrottled, "4.5.3"},
    // The sender is not verified with SES: the operator's to mend.
    {400, 499, "MailFromDomainNotVerifiedException", "", Verdict::RouteBroken, "4.7.1", true},
    {400, 499, "MessageRejected", "not verified|not authorized", Verdict::RouteBroken, "4.7.1", true},
    {400, 499, "", "email address is not verified|identities failed the check", Verdict::RouteBroken, "4.7.1", true},
    // The account.
    {400, 499, "SendingPausedException", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "AccountSuspendedException", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "MessageRejected", "sending paused|sending suspended|account", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "AccessDeniedException", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "ExpiredTokenException", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "IncompleteSignatureException", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "IncompleteSignature", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "InvalidSignatureException", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "SignatureDoesNotMatch", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "InvalidClientTokenId", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "UnrecognizedClientException", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "MissingAuthenticationTokenException", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "NotFoundException", "", Verdict::RouteBroken, "4.7.0"},
    {401, 401, "", "", Verdict::RouteBroken, "4.7.0"},
    {403, 404, "", "", Verdict::RouteBroken, "4.7.0"},
    // A redirection, a proxy or an address that is none of the API's: the endpoint is set wrong.
    {300, 399, "", "", Verdict::RouteBroken, "4.7.0"},
    {405, 407, "", "", Verdict::RouteBroken, "4.7.0"},
    {410, 410, "", "", Verdict::RouteBroken, "4.7.0"},
    // The message.
    {413, 413, "", "", Verdict::TooBig, "5.3.4"},
    {400, 400, "", "message length|message size|too large|exceeds the maximum", Verdict::TooBig, "5.3.4"},
    {400, 499, "MessageRejected", "", Verdict::MessagePermanent, "5.6.0"},
    // A bad address refuses the whole call without saying which one it is.
    {400, 400, "BadRequestException", "address|recipient|domain|local part", Verdict::RecipientPermanent, "5.1.3",
     false, true},
    {400, 400, "BadRequestException", "", Verdict::MessagePermanent, "5.6.0"},
    // SES.
    {503, 503, "", "", Verdict::RouteAway, "4.3.2"},
    {408, 408, "", "", Verdict::Temporary, "4.4.2"},
    {500, 599, "", "", Verdict::Temporary, "4.3.0"},
});

// "BadRequestException:http://internal.amazon.com/..." in the header, "com.amazonaws.ses#BadRequestException" in the body.
std::string type_of(const HttpAnswer& answer) {
  std::string type = answer.error_type;
  if (type.empty()) type = json_text(answer.body, "__type");
  if (type.empty()) type = json_text(answer.body, "code");
  type = type.substr(0, type.find(':'));
  const std::size_t hash = type.rfind('#');
  return hash == std::string::npos ? type : type.substr(hash + 1);
}

class Ses : public Provider {
 public:
  explicit Ses(ApiRoute route) : route_(std::move(route)) {}

  std::optional<Outcome> refuses(const Parcel& parcel) const override {
    Outcome out;
    out.verdict = Verdict::NotCarried;
    if (parcel.envelope.octets > kSesOctets) {
      out.verdict = Verdict::TooBig;
      out.reply = "SES takes 40 MB after base64";
      out.status = "5.3.4";
      return out;
    }
    if (parcel.envelope.reverse_path.empty()) {
      out.reply = "SES takes no message with a null reverse-path";
      out.status = "5.1.7";
      return out;
    }
    bool ascii = base::is_ascii(parcel.envelope.reverse_path);
    for (const auto& to : parcel.envelope.recipients) ascii = ascii && base::is_ascii(to.address);
    if (ascii) return std::nullopt;
    out.reply = "SES takes no addresses with non-ASCII characters";
    out.status = "5.6.7";
    return out;
  }

  HttpRequest request(const Parcel& parcel, std::string message) const override {
    nlohmann::json to = nlohmann::json::array();
    for (const auto& recipient : parcel.envelope.recipients) to.push_back(recipient.address);
    HttpRequest out;
    out.url = route_.base_url + "/v2/email/outbound-emails";
    out.content_type = "application/json";
    // Written by hand around the body: base64 needs no escapes, and a copy of 40 MB less is a copy less.
    out.body = R"({"FromEmailAddress":)" + nlohmann::json(parcel.envelope.reverse_path).dump() +
               R"(,"Destination":{"ToAddresses":)" + to.dump() + R"(},"Content":{"Raw":{"Data":")";
    out.body += base::base64(message);
    out.body += R"("}}})";
    out.user = route_.user;
    out.password = route_.password;
    out.aws_region = route_.region;
    out.ca_file = route_.ca_file;
    out.plain_allowed = route_.plain_allowed;
    return out;
  }

  Outcome classify(const HttpAnswer& answer, std::size_t recipients) const override {
    if (answer.status >= 200 && answer.status < 300) {
      return accepted_outcome("SES", answer, json_text(answer.body, "MessageId"));
    }
    std::string text = json_text(answer.body, "message");
    if (text.empty()) text = json_text(answer.body, "Message");
    if (text.empty()) text = answer.body.substr(0, 1000);
    return answer_outcome(kRows.data(), kRows.size(), answer, type_of(answer), text, recipients);
  }

  std::uint32_t max_recipients() const override { return kSesRecipients; }

 private:
  ApiRoute route_;
};

}  // namespace

std::unique_ptr<Provider> make_ses(ApiRoute route) { return std::make_unique<Ses>(std::move(route)); }

}  // namespace hearthmail::relay
