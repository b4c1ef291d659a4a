// The address of a message or a part of one on this server, as CATENATE takes it: RFC 4469 §3, RFC 5092 §7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "receiver/imap/parse/fetch.hpp"

namespace hearthmail::receiver::imap::parse {

struct MessageUrl {
  std::string mailbox;  // UTF-8
  std::optional<std::uint32_t> uid_validity;
  std::uint32_t uid = 0;
  Section section;  // the whole message unless it says more
  std::optional<Partial> partial;
};

// "/Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.2/;PARTIAL=0.1024". Invalid: anything else, such as another server's.
base::Result<MessageUrl> parse_message_url(std::string_view text);

}  // namespace hearthmail::receiver::imap::parse
