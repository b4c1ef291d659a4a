#include "receiver/imap/parse/command.hpp"

#include <array>
#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t kMaxAnsweredTag = 1024;  // octets; a longer one is not repeated in an answer

struct NamedVerb {
  std::string_view name;
  Verb verb;
  bool with_uid;  // has a UID form
};
constexpr std::array<NamedVerb, 47> kVerbs{{
    {"CAPABILITY", Verb::Capability, false},
    {"NOOP", Verb::Noop, false},
    {"LOGOUT", Verb::Logout, false},
    {"ID", Verb::Id, false},
    {"STARTTLS", Verb::StartTls, false},
    {"AUTHENTICATE", Verb::Authenticate, false},
    {"LOGIN", Verb::Login, false},
    {"UNAUTHENTICATE", Verb::Unauthenticate, false},
    {"ENABLE", Verb::Enable, false},
    {"SELECT", Verb::Select, false},
    {"EXAMINE", Verb::Examine, false},
    {"CREATE", Verb::Create, false},
    {"DELETE", Verb::Delete, false},
    {"RENAME", Verb::Rename, false},
    {"SUBSCRIBE", Verb::Subscribe, false},
    {"UNSUBSCRIBE", Verb::Unsubscribe, false},
    {"LIST", Verb::List, false},
    {"LSUB", Verb::Lsub, false},
    {"NAMESPACE", Verb::Namespace, false},
    {"STATUS", Verb::Status, false},
    {"APPEND", Verb::Append, false},
    {"IDLE", Verb::Idle, false},
    {"CHECK", Verb::Check, false},
    {"CLOSE", Verb::Close, false},
    {"UNSELECT", Verb::Unselect, false},
    {"EXPUNGE", Verb::Expunge, true},
    {"SEARCH", Verb::Search, true},
    {"FETCH", Verb::Fetch, true},
    {"STORE", Verb::Store, true},
    {"COPY", Verb::Copy, true},
    {"MOVE", Verb::Move, true},
    {"SORT", Verb::Sort, true},
    {"THREAD", Verb::Thread, true},
    {"ESEARCH", Verb::MultiSearch, false},
    {"COMPRESS", Verb::Compress, false},
    {"REPLACE", Verb::Replace, true},
    {"SETACL", Verb::SetAcl, false},
    {"DELETEACL", Verb::DeleteAcl, false},
    {"GETACL", Verb::GetAcl, false},
    {"LISTRIGHTS", Verb::ListRights, false},
    {"MYRIGHTS", Verb::MyRights, false},
    {"NOTIFY", Verb::Notify, false},
    {"GETQUOTA", Verb::GetQuota, false},
    {"GETQUOTAROOT", Verb::GetQuotaRoot, false},
    {"SETQUOTA", Verb::SetQuota, false},
    {"GETMETADATA", Verb::GetMetadata, false},
    {"SETMETADATA", Verb::SetMetadata, false},
}};

// Turns the result of a family's parser into the variant.
template <class T>
Result<Args> as_args(Result<T> parsed) {
  if (!parsed.ok()) return std::move(parsed).error();
  return Args(std::move(parsed).value());
}

Result<Args> parse_by_verb(Cursor& in, const Head& head) {
  switch (head.verb) {
    case Verb::Capability:
    case Verb::Noop:
    case Verb::Logout:
    case Verb::StartTls:
    case Verb::Unauthenticate:
    case Verb::Namespace:
    case Verb::Idle:
    case Verb::Check:
    case Verb::Close:
    case Verb::Unselect: return Args(NoArgs{});
    case Verb::Id: return as_args(parse_id(in));
    case Verb::Authenticate: return as_args(parse_authenticate(in));
    case Verb::Login: return as_args(parse_login(in));
    case Verb::Enable: return as_args(parse_enable(in));
    case Verb::Select:
    case Verb::Examine: return as_args(parse_select(in));
    case Verb::Delete:
    case Verb::GetAcl:
    case Verb::MyRights:
    case Verb::GetQuotaRoot:
    case Verb::Subscribe:
    case Verb::Unsubscribe: return as_args(parse_mailbox_only(in));
    case Verb::Create: return as_args(parse_create(in));
    case Verb::Rename: return as_args(parse_rename(in));
    case Verb::List: return as_args(parse_list(in));
    case Verb::Lsub: return as_args(parse_lsub(in));
    case Verb::Status: return as_args(parse_status(in));
    case Verb::Replace:
    case Verb::Append: return in.error("a message as a literal");
    case Verb::Expunge: return as_args(parse_expunge(in, head.uid));
    case Verb::Search: return as_args(parse_search(in, head.uid));
    case Verb::Fetch: return as_args(parse_fetch(in, head.uid));
    case Verb::Store: return as_args(parse_store(in, head.uid));
    case Verb::Copy:
    case Verb::Move: return as_args(parse_copy(in, head.uid));
    case Verb::Sort: return as_args(parse_sort(in, head.uid));
    case Verb::Thread: return as_args(parse_thread(in, head.uid));
    case Verb::MultiSearch: return as_args(parse_multi_search(in));
    case Verb::GetQuota: return as_args(parse_get_quota(in));
    case Verb::SetQuota: return as_args(parse_set_quota(in));
    case Verb::GetMetadata: return as_args(parse_get_metadata(in));
    case Verb::SetMetadata: return as_args(parse_set_metadata(in));
    case Verb::Compress: return as_args(parse_compress(in));
    case Verb::SetAcl: return as_args(parse_set_acl(in));
    case Verb::DeleteAcl:
    case Verb::ListRights: return as_args(parse_acl_identifier(in));
    case Verb::Notify: return as_args(parse_notify(in));
  }
  return Error{Errc::Internal, "verb without a parser"};
}

}  // namespace

std::string_view name(Verb verb) {
  for (const NamedVerb& named : kVerbs) {
    if (named.verb == verb) return named.name;
  }
  return {};
}

std::string tag_of(std::string_view text) {
  Cursor in(text.substr(0, kMaxAnsweredTag));
  auto tag = in.tag();
  if (!tag.ok() || (!in.at_end() && in.peek() != ' ')) return "*";
  if (in.at_end() && text.size() > kMaxAnsweredTag) return "*";
  return std::move(tag).value();
}

Result<Head> parse_head(Cursor& in) {
  Head head;
  TRY_ASSIGN(head.tag, in.tag());
  TRY(in.space());
  head.uid = in.take_word("UID");
  if (head.uid) TRY(in.space());
  for (const NamedVerb& named : kVerbs) {
    if (head.uid && !named.with_uid) continue;
    if (!in.take_word(named.name)) continue;
    head.verb = named.verb;
    return head;
  }
  return in.error(head.uid ? "COPY, EXPUNGE, FETCH, MOVE, REPLACE, SEARCH, SORT, STORE or THREAD after UID"
                           : "a command that is known");
}

Result<Args> parse_args(Cursor& in, const Head& head) {
  TRY_ASSIGN(Args args, parse_by_verb(in, head));
  TRY(in.end());
  return args;
}

Result<Command> parse_command(std::string_view text, bool utf8) {
  Cursor in(text, utf8);
  TRY_ASSIGN(Head head, parse_head(in));
  TRY_ASSIGN(Args args, parse_args(in, head));
  return Command{std::move(head.tag), head.verb, head.uid, std::move(args)};
}

}  // namespace hearthmail::receiver::imap::parse
