#include "receiver/imap/table.hpp"

#include <array>

#include "receiver/imap/cmd/commands.hpp"

namespace hearthmail::receiver::imap {
namespace {

using parse::Verb;

constexpr std::uint8_t kAny = kNotAuthenticated | kAuthenticated | kSelected;
constexpr std::uint8_t kLoggedIn = kAuthenticated | kSelected;

constexpr Rule inline_rule(Verb verb, std::uint8_t states, Expunge expunge, Answer answer) {
  return {verb, states, Runs::Inline, expunge, answer, nullptr};
}
constexpr Rule steps_rule(Verb verb, std::uint8_t states, Expunge expunge, Start start) {
  return {verb, states, Runs::Steps, expunge, nullptr, start};
}
constexpr Rule dialog_rule(Verb verb, std::uint8_t states, Expunge expunge) {
  return {verb, states, Runs::Dialog, expunge, nullptr, nullptr};
}

// In the order of parse::Verb.
constexpr std::array kRules{
    inline_rule(Verb::Capability, kAny, Expunge::Always, cmd::capability),
    inline_rule(Verb::Noop, kAny, Expunge::Always, cmd::noop),
    dialog_rule(Verb::Logout, kAny, Expunge::Never),
    inline_rule(Verb::Id, kAny, Expunge::Always, cmd::id),
    dialog_rule(Verb::StartTls, kNotAuthenticated, Expunge::Never),
    dialog_rule(Verb::Authenticate, kNotAuthenticated, Expunge::Never),
    dialog_rule(Verb::Login, kNotAuthenticated, Expunge::Never),
    dialog_rule(Verb::Unauthenticate, kLoggedIn, Expunge::Never),
    inline_rule(Verb::Enable, kLoggedIn, Expunge::Always, cmd::enable),
    steps_rule(Verb::Select, kLoggedIn, Expunge::Never, cmd::select),
    steps_rule(Verb::Examine, kLoggedIn, Expunge::Never, cmd::select),
    steps_rule(Verb::Create, kLoggedIn, Expunge::Always, cmd::create),
    steps_rule(Verb::Delete, kLoggedIn, Expunge::Always, cmd::remove),
    steps_rule(Verb::Rename, kLoggedIn, Expunge::Always, cmd::rename),
    steps_rule(Verb::Subscribe, kLoggedIn, Expunge::Always, cmd::subscribe),
    steps_rule(Verb::Unsubscribe, kLoggedIn, Expunge::Always, cmd::subscribe),
    inline_rule(Verb::List, kLoggedIn, Expunge::Always, cmd::list),
    inline_rule(Verb::Lsub, kLoggedIn, Expunge::Always, cmd::lsub),
    inline_rule(Verb::Namespace, kLoggedIn, Expunge::Always, cmd::name_space),
    inline_rule(Verb::Status, kLoggedIn, Expunge::Always, cmd::status),
    dialog_rule(Verb::Append, kLoggedIn, Expunge::Always),
    dialog_rule(Verb::Idle, kLoggedIn, Expunge::Always),
    inline_rule(Verb::Check, kSelected, Expunge::Always, cmd::noop),
    steps_rule(Verb::Close, kSelected, Expunge::Never, cmd::close),
    inline_rule(Verb::Unselect, kSelected, Expunge::Never, cmd::unselect),
    steps_rule(Verb::Expunge, kSelected, Expunge::Always, cmd::expunge),
    steps_rule(Verb::Search, kSelected, Expunge::WithUid, cmd::search),
    steps_rule(Verb::Fetch, kSelected, Expunge::WithUid, cmd::fetch),
    steps_rule(Verb::Store, kSelected, Expunge::WithUid, cmd::store),
    steps_rule(Verb::Copy, kSelected, Expunge::Always, cmd::copy),
    steps_rule(Verb::Move, kSelected, Expunge::Always, cmd::move),
    steps_rule(Verb::Sort, kSelected, Expunge::WithUid, cmd::sort),
    steps_rule(Verb::Thread, kSelected, Expunge::WithUid, cmd::thread),
    steps_rule(Verb::MultiSearch, kLoggedIn, Expunge::Never, cmd::multi_search),
    dialog_rule(Verb::Compress, kLoggedIn, Expunge::Never),
    dialog_rule(Verb::Replace, kSelected, Expunge::Always),
    steps_rule(Verb::SetAcl, kLoggedIn, Expunge::Always, cmd::set_acl),
    steps_rule(Verb::DeleteAcl, kLoggedIn, Expunge::Always, cmd::delete_acl),
    inline_rule(Verb::GetAcl, kLoggedIn, Expunge::Always, cmd::get_acl),
    inline_rule(Verb::ListRights, kLoggedIn, Expunge::Always, cmd::list_rights),
    inline_rule(Verb::MyRights, kLoggedIn, Expunge::Always, cmd::my_rights),
    inline_rule(Verb::Notify, kLoggedIn, Expunge::Always, cmd::notify),
    inline_rule(Verb::GetQuota, kLoggedIn, Expunge::Always, cmd::get_quota),
    inline_rule(Verb::GetQuotaRoot, kLoggedIn, Expunge::Always, cmd::get_quota_root),
    inline_rule(Verb::SetQuota, kLoggedIn, Expunge::Always, cmd::set_quota),
    inline_rule(Verb::GetMetadata, kLoggedIn, Expunge::Always, cmd::get_metadata),
    steps_rule(Verb::SetMetadata, kLoggedIn, Expunge::Always, cmd::set_metadata),
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (static_cast<std::size_t>(kRules[i].verb) != i) return false;
  }
  return true;
}
static_assert(in_order(), "one rule per verb, in the order of parse::Verb");
static_assert(kRules.size() == static_cast<std::size_t>(Verb::SetMetadata) + 1);

}  // namespace

const Rule& rule_for(Verb verb) { return kRules[static_cast<std::size_t>(verb)]; }

}  // namespace hearthmail::receiver::imap
