#include "common/smtp/incoming.hpp"

#include "common/log/log.hpp"

namespace hearthmail::smtp {

Incoming::Incoming(const ServerOptions& options)
    : most_(options.max_octets),
      disk_(options.disk),
      filter_(options.line_endings, options.max_octets),
      spool_(options.spool_dir, options.disk) {}

void Incoming::take(std::string_view octets) {
  block_.clear();
  filter_.feed(octets, block_);
  if (filter_.flaw() != Flaw::None || !spooled_.ok()) return;
  spooled_ = spool_.write(block_);
  tell_failure();
}

void Incoming::finish() {
  filter_.finish();
  if (filter_.flaw() != Flaw::None || !spooled_.ok()) return;
  spooled_ = spool_.check_room();
  tell_failure();
}

// A full disk was told when it became full.
void Incoming::tell_failure() const {
  if (spooled_.ok()) return;
  const auto level = disk_ != nullptr && disk_->reached() ? log::Level::Debug : log::Level::Error;
  log::write(level, "spool failed", {{"error", spooled_.error().text}});
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
  if (!spooled_.ok()) return no_room();
  return std::nullopt;
}

}  // namespace hearthmail::smtp
