// EHLO's reply.
#include "common/auth/sasl.hpp"
#include "common/smtp/limits.hpp"
#include "common/smtp/parameters.hpp"
#include "common/smtp/server_core.hpp"

namespace hearthmail::smtp {

std::string offered_extensions(const ServerOptions& options, const ClientInfo& client, bool can_start_tls) {
  std::string out = "PIPELINING\n";                              // RFC 2920
  out += "SIZE " + std::to_string(options.max_octets) + "\n";    // RFC 1870
  if (can_start_tls && !client.tls.active) out += "STARTTLS\n";  // RFC 3207
  if (options.auth && client.tls.active && !client.account) {    // RFC 4954 §4: only where it may be used
    out += "AUTH " + std::string(auth::ServerSasl::offered(!client.tls.exporter.empty())) + "\n";
  }
  out += "ENHANCEDSTATUSCODES\n8BITMIME\nSMTPUTF8\nCHUNKING\n";  // RFC 2034, RFC 6152, RFC 6531, RFC 3030
  if (options.dsn) out += "DSN\n";                               // RFC 3461
  if (options.delivery_id) out += std::string(kDeliveryIdKeyword) + "\n";
  out += "LIMITS RCPTMAX=" + std::to_string(kMaxRecipients);  // RFC 9422
  if (options.dialect != Dialect::Lmtp) out += "\nHELP";
  return out;
}

}  // namespace hearthmail::smtp
