// Provider: how one mail API takes a raw message, and what its answers mean. Pure; one file per provider, one table each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/secret.hpp"
#include "relay/carrier.hpp"
#include "relay/http/transfer.hpp"

namespace hearthmail::relay {

constexpr std::size_t kMaxJsonDepth = 64;  // limits.md: nlohmann/json dies of deep nesting

struct ApiRoute {
  std::string base_url;
  std::string region;  // SES
  std::string domain;  // Mailgun
  std::string user;
  base::Secret password;
  std::string ca_file;
  bool plain_allowed = false;  // the endpoint is http:// on loopback
};

class Provider {
 public:
  virtual ~Provider() = default;
  // What this API can never carry, before anything is sent.
  virtual std::optional<Outcome> refuses(const Parcel& parcel) const = 0;
  virtual HttpRequest request(const Parcel& parcel, std::string message) const = 0;
  // An answer (Reached::Answered) to a call for `recipients` recipients. again_at_once with more than one: the API does not say which
  // recipient it dislikes; offer them one by one.
  virtual Outcome classify(const HttpAnswer& answer, std::size_t recipients) const = 0;
  virtual std::uint32_t max_recipients() const = 0;  // per call
};

std::unique_ptr<Provider> make_ses(ApiRoute route);
std::unique_ptr<Provider> make_mailgun(ApiRoute route);

// The member `key` of the JSON object `text` when it is a string; empty when it is not, or `text` is not an object, or is
// nested deeper than kMaxJsonDepth.
std::string json_text(std::string_view text, std::string_view key);
// True when no array or object of `text` is nested deeper than `most`. Looks at octets only; never recurses.
bool json_is_shallow(std::string_view text, std::size_t most);

// One row of a provider's table. The first that fits decides.
struct AnswerRow {
  int lowest, highest;     // HTTP status
  std::string_view type;   // error type, exact; empty: any
  std::string_view words;  // any of these in the text, separated by "|", lower case; empty: any
  Verdict verdict;
  std::string_view status;  // enhanced code for the queue and the report
  bool about_sender = false;
  bool one_by_one = false;  // about some recipient, the API does not say which
};

// A 2xx answer: accepted under `id`, or in doubt when the answer has none (it came from something that is not this API).
Outcome accepted_outcome(std::string_view provider, const HttpAnswer& answer, std::string_view id);

// Picks the row and fills in words, status and Retry-After.
Outcome answer_outcome(const AnswerRow* rows, std::size_t count, const HttpAnswer& answer, std::string_view type,
                       std::string_view text, std::size_t recipients);

}  // namespace hearthmail::relay
