// Commands about mailboxes: SELECT, EXAMINE, CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE: RFC 9051 §6.3; RFC 6154 §3;
// RFC 7162 §3.1.8, §3.2.5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "receiver/imap/parse/numset.hpp"

namespace hearthmail::receiver::imap::parse {

// DELETE, SUBSCRIBE, UNSUBSCRIBE.
struct MailboxArgs {
  std::string mailbox;  // UTF-8
};
// What a client remembers of the mailbox, RFC 7162 §3.2.5. Its sets are without "*".
struct QResync {
  std::uint32_t uid_validity = 0;
  std::uint64_t modseq = 0;
  std::optional<NumSet> known_uids;
  NumSet match_sequences;  // message sequence match data: both empty, or pairs
  NumSet match_uids;
};
// `supplied`: how the client wrote the name, where that was not in NFC (Cursor::supplied()); empty otherwise.
struct SelectArgs {
  std::string mailbox;  // UTF-8
  std::string supplied;
  bool condstore = false;
  std::optional<QResync> qresync;
};
struct CreateArgs {
  std::string mailbox;  // a trailing "/" is cut (RFC 9051 §6.3.4)
  std::string supplied;
  bool only_parent = false;  // the name ended with "/": the client means to make children
  std::vector<std::string>
      uses;  // USE (\Drafts ...), as written; one that we do not know is NO [USEATTR] (RFC 6154 §3)
};
struct RenameArgs {
  std::string from;
  std::string to;
  std::string supplied;  // of `to`
};

base::Result<MailboxArgs> parse_mailbox_only(Cursor& in);
base::Result<SelectArgs> parse_select(Cursor& in);  // EXAMINE too
base::Result<CreateArgs> parse_create(Cursor& in);
base::Result<RenameArgs> parse_rename(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
