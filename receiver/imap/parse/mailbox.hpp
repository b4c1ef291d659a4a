// Commands about mailboxes: SELECT, EXAMINE, CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE: RFC 9051 §6.3; RFC 6154 §3.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"

namespace hearthmail::receiver::imap::parse {

// SELECT, EXAMINE, DELETE, SUBSCRIBE, UNSUBSCRIBE.
struct MailboxArgs {
  std::string mailbox;  // UTF-8
};
struct CreateArgs {
  std::string mailbox;       // a trailing "/" is cut (RFC 9051 §6.3.4)
  bool only_parent = false;  // the name ended with "/": the client means to make children
  std::vector<std::string>
      uses;  // USE (\Drafts ...), as written; one that we do not know is NO [USEATTR] (RFC 6154 §3)
};
struct RenameArgs {
  std::string from;
  std::string to;
};

base::Result<MailboxArgs> parse_mailbox_only(Cursor& in);
base::Result<CreateArgs> parse_create(Cursor& in);
base::Result<RenameArgs> parse_rename(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
