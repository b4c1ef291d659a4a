#include "receiver/imap/reply.hpp"

#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap {
namespace {

using base::Errc;
using parse::Verb;

// RFC 5464 §4.3, with the store's limit.
constexpr std::string_view kMetadataMaxSize = "METADATA MAXSIZE 16384";

bool is_login(Verb verb) { return verb == Verb::Login || verb == Verb::Authenticate; }

// These name a target that the client may make and then try again, RFC 9051 §7.1 TRYCREATE.
bool has_target(Verb verb) {
  return verb == Verb::Append || verb == Verb::Replace || verb == Verb::Copy || verb == Verb::Move;
}

}  // namespace

Refusal refusal(const base::Error& error, Verb verb) {
  switch (error.code) {
    case Errc::Invalid:
      if (verb == Verb::SetMetadata) return {"NO", kMetadataMaxSize, error.text};
      // An operation that the server can never do, RFC 5530 §3 CANNOT: an empty level in a name, deleting INBOX.
      return {"NO", "CANNOT", error.text.empty() ? "Not possible" : error.text};
    case Errc::NotFound:
      if (verb == Verb::GetQuota) return {"NO", "NONEXISTENT", "No such quota root"};
      return {"NO", has_target(verb) ? "TRYCREATE" : "NONEXISTENT", "No such mailbox"};
    case Errc::Exists: return {"NO", "ALREADYEXISTS", "Mailbox already exists"};
    case Errc::Denied:
      if (is_login(verb)) return {"NO", "AUTHENTICATIONFAILED", "Authentication failed"};
      return {"NO", "NOPERM", error.text.empty() ? "Not permitted" : error.text};
    case Errc::OverLimit:
      if (verb == Verb::SetMetadata) return {"NO", "METADATA TOOMANY", "The mailbox has too many annotations"};
      if (has_target(verb)) return {"NO", "OVERQUOTA", "Mailbox is full"};
      return {"NO", "LIMIT", "A limit of this server is reached"};
    case Errc::Unavailable: return {"NO", "UNAVAILABLE", "Temporary problem, try again later"};
    case Errc::Timeout: return {"NO", "UNAVAILABLE", "Took too long, try again later"};
    case Errc::Closed: return {"NO", "UNAVAILABLE", "Connection is closing"};
    case Errc::Interrupted: return {"NO", "UNAVAILABLE", "Interrupted, try again"};
    case Errc::Corrupt: return {"NO", "CORRUPTION", "A stored record is damaged; the operator has been told"};
    case Errc::Unsupported:
      if (verb == Verb::Append) return {"NO", "UNKNOWN-CTE", error.text};                      // RFC 3516 §4.4
      if (verb == Verb::Create) return {"NO", "USEATTR", "That special use cannot be given"};  // RFC 6154 §3
      return {"NO", "CANNOT", error.text.empty() ? "Not supported" : error.text};
    case Errc::Protocol: return {"BAD", "", error.text.empty() ? "Syntax error" : error.text};
    case Errc::Internal: return {"NO", "SERVERBUG", "Internal error; the operator has been told"};
  }
  return {"NO", "SERVERBUG", "Internal error"};
}

void put_tagged(std::string& out, std::string_view tag, std::string_view word, std::string_view code,
                std::string_view text) {
  out += tag;
  out += ' ';
  out += word;
  out += ' ';
  if (!code.empty()) {
    out += '[';
    out += code;
    out += "] ";
  }
  out += text::response_text(text);
  out += "\r\n";
}

}  // namespace hearthmail::receiver::imap
