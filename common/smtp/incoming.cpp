#include "common/smtp/incoming.hpp"

#include "common/log/log.hpp"

namespace hearthmail::smtp {

Incoming::Incoming(const ServerOptions& options)
    : most_(options.max_octets),
      filter_(options.line_endings, options.max_octets),
      spool_(options.spool_dir, options.reserve_octets) {}

void Incoming::take(std::string_view octets) {
  block_.clear();
  filter_.feed(octets, block_);
  if (filter_.flaw() != Flaw::None || !spooled_.ok()) return;
  spooled_ = spool_.write(block_);
  if (!spooled_.ok()) log::error("spool failed", {{"error", spooled_.error().text}});
}

void Incoming::finish() {
  filter_.finish();
  if (filter_.flaw() != Flaw::None || !spooled_.ok()) return;
  spooled_ = spool_.check_room();
  if (!spooled_.ok()) log::error("no room for mail", {{"error", spooled_.error().text}});
}

bool Incoming::flooded() const { return filter_.seen() > 2 * most_ + kReadBlock; }

std::optional<ServerReply> Incoming::refusal() const {
  switch (filter_.flaw()) {
    case Flaw::None: break;
    case Flaw::BareCr: return ServerReply{550, "5.6.0", "Message has a bare CR: lines must end with CRLF"};
    case Flaw::BareLf: return ServerReply{550, "5.6.0", "Message has a bare LF: lines must end with CRLF"};
    case Flaw::Nul: return ServerReply{550, "5.6.0", "Message has a NUL octet"};
    case Flaw::TooBig: return ServerReply{552, "5.3.4", "Message is too big"};
  }
  if (!spooled_.ok()) return ServerReply{452, "4.3.1", "Insufficient storage, try again later"};
  return std::nullopt;
}

}  // namespace hearthmail::smtp
