// Mailgun: POST /v3/DOMAIN/messages.mime, the raw message as a file part and the envelope's recipients in "to".
#include <array>
#include <utility>

#include "common/base/text.hpp"
#include "relay/http/provider.hpp"

namespace hearthmail::relay {

namespace {

constexpr std::uint32_t kMailgunRecipients = 1'000;            // per call, Mailgun's documentation
constexpr std::uint64_t kMailgunOctets = 25ULL * 1024 * 1024;  // of the message, Mailgun's documentation

constexpr auto kRows = std::to_array<AnswerRow>({
    // Quotas.
    {400, 499, "", "daily|per day|monthly", Verdict::RouteExhausted, "4.5.3"},
    {429, 429, "", "", Verdict::RouteThrottled, "4.5.3"},
    {400, 499, "", "rate limit|too many requests|hourly|sending limit|limit exceeded", Verdict::RouteThrottled,
     "4.5.3"},
    // The account and its domain. 402 is "request failed" or payment, 404 an unknown domain.
    {401, 404, "", "", Verdict::RouteBroken, "4.7.0"},
    {400, 499, "",
     "sandbox|not allowed to send|is not active|disabled|activate your|free accounts|suspended|unverified|not verified|"
     "domain not found|forbidden",
     Verdict::RouteBroken, "4.7.0"},
    // A redirection, a proxy or an address that is none of the API's: the endpoint is set wrong.
    {300, 399, "", "", Verdict::RouteBroken, "4.7.0"},
    {405, 407, "", "", Verdict::RouteBroken, "4.7.0"},
    {410, 410, "", "", Verdict::RouteBroken, "4.7.0"},
    // The message.
    {413, 413, "", "", Verdict::TooBig, "5.3.4"},
    {400, 499, "", "too large|exceeds maximum|message size", Verdict::TooBig, "5.3.4"},
    {400, 400, "", "'from'|from parameter|sender", Verdict::MessagePermanent, "5.1.7"},
    // A bad address refuses the whole call without saying which one it is.
    {400, 400, "", "'to'|to parameter|not a valid address|recipient", Verdict::RecipientPermanent, "5.1.3", false,
     true},
    {400, 400, "", "", Verdict::MessagePermanent, "5.6.0"},
    // Mailgun.
    {503, 503, "", "", Verdict::RouteAway, "4.3.2"},
    {408, 408, "", "", Verdict::Temporary, "4.4.2"},
    {500, 599, "", "", Verdict::Temporary, "4.3.0"},
});

class Mailgun : public Provider {
 public:
  explicit Mailgun(ApiRoute route) : route_(std::move(route)) {}

  std::optional<Outcome> refuses(const Parcel& parcel) const override {
    Outcome out;
    if (parcel.envelope.octets > kMailgunOctets) {
      out.verdict = Verdict::TooBig;
      out.reply = "Mailgun takes 25 MB";
      out.status = "5.3.4";
      return out;
    }
    for (const auto& to : parcel.envelope.recipients) {
      // "to" is a list with commas: an address that has one inside quotes cannot be told apart.
      if (base::is_ascii(to.address) && to.address.find(',') == std::string::npos) continue;
      out.verdict = Verdict::NotCarried;
      out.reply = "Mailgun cannot be given an address with a comma or non-ASCII characters";
      out.status = base::is_ascii(to.address) ? "5.1.3" : "5.6.7";
      return out;
    }
    return std::nullopt;
  }

  HttpRequest request(const Parcel& parcel, std::string message) const override {
    std::vector<std::string> to;
    for (const auto& recipient : parcel.envelope.recipients) to.push_back(recipient.address);
    HttpRequest out;
    out.url = route_.base_url + "/v3/" + route_.domain + "/messages.mime";
    out.parts.push_back({"to", base::join(to, ","), "", ""});
    out.parts.push_back({"o:tracking", "no", "", ""});  // tracking rewrites the body, which breaks signatures
    out.parts.push_back({"message", std::move(message), "message.eml", "message/rfc822"});
    out.user = route_.user.empty() ? "api" : route_.user;
    out.password = route_.password;
    out.ca_file = route_.ca_file;
    out.plain_allowed = route_.plain_allowed;
    return out;
  }

  Outcome classify(const HttpAnswer& answer, std::size_t recipients) const override {
    if (answer.status >= 200 && answer.status < 300) {
      // 200 with plain text ("Mailgun Magnificent API") is the answer of a wrong URL, not of an accepted message.
      return accepted_outcome("Mailgun", answer, json_text(answer.body, "id"));
    }
    std::string text = json_text(answer.body, "message");
    if (text.empty()) text = answer.body.substr(0, 1000);
    return answer_outcome(kRows.data(), kRows.size(), answer, "", text, recipients);
  }

  std::uint32_t max_recipients() const override { return kMailgunRecipients; }

 private:
  ApiRoute route_;
};

}  // namespace

std::unique_ptr<Provider> make_mailgun(ApiRoute route) { return std::make_unique<Mailgun>(std::move(route)); }

}  // namespace hearthmail::relay
