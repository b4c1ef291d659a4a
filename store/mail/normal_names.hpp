// Names that are kept in another form than the one in which they are looked for: made by programs older than the rule that
// names are composed (RFC 9051 §5.1), or brought back by a restore. The store does not know the rule; its user gives it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

using NameForm = std::function<std::string(std::string_view)>;  // a name as it should be
constexpr int kMaxNameSuffix = 1'000;  // then a mailbox keeps its old name: nobody has that many of one name

struct Renamed {
  std::string from;
  std::string to;
};

// The first account with a number greater than that.
base::Result<std::optional<AccountId>> next_account(const ReadTxn& txn, AccountId after);
// Has it a mailbox or a subscription whose name is not as it should be?
base::Result<bool> has_other_names(const ReadTxn& txn, AccountId account, const NameForm& form);
// Gives them the names that they should have; "Name (2)" when another mailbox has it. Messages, UIDs, UIDVALIDITY, lists and
// annotations stay. Subscriptions go along. What cannot be named so keeps its name.
base::Result<std::vector<Renamed>> rename_to_form(WriteTxn& txn, AccountId account, const NameForm& form);

}  // namespace hearthmail::store::mail
