// The ESMTP parameters of MAIL and RCPT, RFC 5321 §4.1.1.11. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::smtp {

enum class Body : std::uint8_t { Unstated, SevenBit, EightBitMime };  // RFC 6152 §3
enum class Ret : std::uint8_t { Unstated, Full, Headers };            // RFC 3461 §4.3

// NOTIFY, RFC 3461 §4.1. The values are those of store/queue.
constexpr std::uint8_t kNotifyUnstated = 0;
constexpr std::uint8_t kNotifyNever = 1;
constexpr std::uint8_t kNotifySuccess = 2;
constexpr std::uint8_t kNotifyFailure = 4;
constexpr std::uint8_t kNotifyDelay = 8;

struct MailParameters {
  std::optional<std::uint64_t> size;  // octets, RFC 1870 §6
  Body body = Body::Unstated;
  bool smtputf8 = false;  // RFC 6531 §3.4
  Ret ret = Ret::Unstated;
  std::string envid;                // decoded, RFC 3461 §4.4; empty: none
  std::optional<std::string> auth;  // decoded mailbox or "<>", RFC 4954 §5
  std::string delivery_id;          // XDELIVERYID: kDeliveryIdOctets octets; empty: none
};

struct RcptParameters {
  std::uint8_t notify = kNotifyUnstated;
  std::string original;  // ORCPT as given ("rfc822;user+2Btag@example.org"); empty: none
};

// The private extension of our LMTP socket (a name that begins with X, RFC 5321 §2.2.2): "MAIL FROM:<a@b> XDELIVERYID=" and
// the id in hex. receiver/README.md has the whole of it.
constexpr std::string_view kDeliveryIdKeyword = "XDELIVERYID";

// Which extensions were offered: parameters of others are refused as unknown.
struct ParameterSet {
  bool size = true;
  bool eight_bit = true;
  bool smtputf8 = true;
  bool dsn = false;
  bool auth = false;
  bool delivery_id = false;
};

// `rest` is what follows the path: "" or " KEY=value KEY ...". Errors: Invalid (syntax, value, repeated: 501),
// Unsupported (a parameter that was not offered: 555).
base::Result<MailParameters> parse_mail_parameters(std::string_view rest, const ParameterSet& offered);
base::Result<RcptParameters> parse_rcpt_parameters(std::string_view rest, const ParameterSet& offered);

}  // namespace hearthmail::smtp
