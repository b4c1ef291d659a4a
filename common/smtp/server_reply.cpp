#include "common/smtp/server_reply.hpp"

#include "common/base/text.hpp"
#include "common/smtp/limits.hpp"

namespace hearthmail::smtp {
namespace {

// One line's text without control characters, so that no peer's words can end a reply early. UTF-8 stays.
std::string clean(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxReplyText)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  }
  return out;
}

}  // namespace

std::string format(const ServerReply& reply) {
  std::string out;
  const auto lines = base::split(reply.text, '\n');
  for (std::size_t at = 0; at < lines.size(); ++at) {
    out += std::to_string(reply.code);
    out += at + 1 == lines.size() ? ' ' : '-';
    if (!reply.enhanced.empty()) out += reply.enhanced + ' ';
    out += clean(lines[at]) + "\r\n";
  }
  return out;
}

ServerReply to_reply(const base::Error& error) {
  using base::Errc;
  switch (error.code) {
    case Errc::Invalid: return {501, "5.5.4", "Syntax error in parameters"};
    case Errc::NotFound: return {550, "5.1.1", "No such recipient here"};
    case Errc::Denied: return {550, "5.7.1", "Not permitted"};
    case Errc::OverLimit: return {452, "4.2.2", "Mailbox is full"};
    case Errc::Unsupported: return {555, "5.5.4", "Parameter is not offered"};
    case Errc::Exists:
    case Errc::Unavailable:
    case Errc::Timeout:
    case Errc::Closed:
    case Errc::Interrupted:
    case Errc::Corrupt:
    case Errc::Protocol:
    case Errc::Internal: break;
  }
  return {451, "4.3.0", "Local error, try again later"};
}

}  // namespace hearthmail::smtp
