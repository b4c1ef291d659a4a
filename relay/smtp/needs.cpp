#include "relay/smtp/needs.hpp"

#include <algorithm>

#include "common/base/text.hpp"

namespace hearthmail::relay {

base::Result<Needs> scan_needs(smtp::BodySource& body) {
  Needs needs;
  bool in_header = true;
  bool line_empty = true;
  while (true) {
    TRY_ASSIGN(const std::string piece, body.next());
    if (piece.empty()) return needs;
    if (!in_header && needs.eight_bit) return needs;
    for (const char c : piece) {
      if (static_cast<unsigned char>(c) > 127) {
        needs.eight_bit = true;
        if (in_header) needs.utf8_header = true;
      }
      if (!in_header) continue;
      if (c == '\n') {
        if (line_empty) in_header = false;
        line_empty = true;
      } else if (c != '\r') {
        line_empty = false;
      }
    }
  }
}

bool needs_smtputf8(const Parcel& parcel, const Needs& needs) {
  if (!base::is_ascii(parcel.envelope.reverse_path)) return true;
  const auto& recipients = parcel.envelope.recipients;
  const bool address =
      std::any_of(recipients.begin(), recipients.end(), [](const auto& to) { return !base::is_ascii(to.address); });
  return address || (parcel.envelope.smtputf8 && needs.utf8_header);
}

std::optional<Outcome> lacking(const smtp::Capabilities& peer, const Parcel& parcel, const Needs& needs,
                               std::uint64_t most_octets) {
  Outcome out;
  const std::uint64_t octets = parcel.envelope.octets;
  const bool over_ours = most_octets != 0 && octets > most_octets;
  if (over_ours || (peer.max_octets != 0 && octets > peer.max_octets)) {
    out.verdict = Verdict::TooBig;
    out.reply = "the message has " + std::to_string(octets) + " octets, the route takes " +
                std::to_string(over_ours ? most_octets : peer.max_octets);
    out.status = "5.3.4";
    return out;
  }
  out.verdict = Verdict::NotCarried;
  if (!peer.smtputf8 && needs_smtputf8(parcel, needs)) {
    out.reply = "the route does not offer SMTPUTF8, which an address or the header of this message needs";
    out.status = "5.6.7";
    return out;
  }
  if (!peer.eight_bit && needs.eight_bit) {
    out.reply = "the route does not offer 8BITMIME, which this message needs";
    out.status = "5.6.3";
    return out;
  }
  return std::nullopt;
}

}  // namespace hearthmail::relay
