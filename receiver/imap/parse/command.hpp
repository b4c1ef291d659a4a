// Command: one whole client command as a struct. parse_command() is the second of two stages: the framer (framer.hpp)
// gives it a complete text, so it needs no input of its own. RFC 9051 §6, §9, with the leniency of RFC 3501; ID RFC 2971;
// UID EXPUNGE RFC 4315 §2.1; initial responses RFC 4959; LIST RFC 5258, RFC 5819, RFC 6154; MOVE RFC 6851.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/result.hpp"
#include "receiver/imap/parse/acl.hpp"
#include "receiver/imap/parse/cursor.hpp"
#include "receiver/imap/parse/fetch.hpp"
#include "receiver/imap/parse/list.hpp"
#include "receiver/imap/parse/mailbox.hpp"
#include "receiver/imap/parse/message.hpp"
#include "receiver/imap/parse/metadata.hpp"
#include "receiver/imap/parse/notify.hpp"
#include "receiver/imap/parse/quota.hpp"
#include "receiver/imap/parse/search.hpp"
#include "receiver/imap/parse/session.hpp"

namespace hearthmail::receiver::imap::parse {

enum class Verb : std::uint8_t {
  Capability,
  Noop,
  Logout,
  Id,  // any state
  StartTls,
  Authenticate,
  Login,  // not authenticated
  Unauthenticate,
  Enable,
  Select,
  Examine,
  Create,
  Delete,
  Rename,
  Subscribe,
  Unsubscribe,
  List,
  Lsub,
  Namespace,
  Status,
  Append,
  Idle,
  Check,
  Close,
  Unselect,
  Expunge,
  Search,
  Fetch,
  Store,
  Copy,
  Move,
  Sort,
  Thread,       // selected
  MultiSearch,  // ESEARCH, logged in
  Compress,     // logged in
  Replace,      // selected
  SetAcl,       // logged in
  DeleteAcl,
  GetAcl,
  ListRights,
  MyRights,
  Notify,    // logged in
  GetQuota,  // this one and the next two: logged in
  GetQuotaRoot,
  SetQuota,
  GetMetadata,  // this one and the next: logged in
  SetMetadata,
};
std::string_view name(Verb verb);  // "UNSUBSCRIBE"

struct NoArgs {};

// Which alternative: Select, Examine -> SelectArgs; Delete, Subscribe, Unsubscribe, GetAcl, MyRights, GetQuotaRoot ->
// MailboxArgs; SetAcl, DeleteAcl, ListRights -> AclArgs; GetQuota, SetQuota -> QuotaArgs; Copy, Move -> CopyArgs; the others
// have the struct of their name; those without arguments NoArgs. APPEND and REPLACE come as framer events
// (parse/append.hpp); as a Command they are always an error.
using Args = std::variant<NoArgs, IdArgs, AuthenticateArgs, LoginArgs, EnableArgs, MailboxArgs, SelectArgs, CreateArgs,
                          RenameArgs, ListArgs, LsubArgs, StatusArgs, ExpungeArgs, SearchArgs, FetchArgs, StoreArgs,
                          CopyArgs, SortArgs, ThreadArgs, MultiSearchArgs, CompressArgs, AclArgs, NotifyArgs, QuotaArgs,
                          GetMetadataArgs, SetMetadataArgs>;

struct Command {
  std::string tag;
  Verb verb = Verb::Noop;
  bool uid = false;  // UID FETCH, UID STORE, UID SEARCH, UID COPY, UID MOVE, UID EXPUNGE
  Args args;
};

// The front of a command: enough to answer it and to check whether it is legal in this state.
struct Head {
  std::string tag;
  Verb verb = Verb::Noop;
  bool uid = false;
};

// The command's tag, or "*" when it has none that can be used (RFC 9051 §7.1.3: answer untagged then).
std::string tag_of(std::string_view text);
// Invalid (no tag, unknown command): the text is fit for a BAD response. Leaves `in` after the verb.
base::Result<Head> parse_head(Cursor& in);
// The arguments of `head` and the end of the command.
base::Result<Args> parse_args(Cursor& in, const Head& head);
// Both. Every error is Invalid: answer BAD with its text and tag_of(text).
base::Result<Command> parse_command(std::string_view text, bool utf8 = false);

}  // namespace hearthmail::receiver::imap::parse
