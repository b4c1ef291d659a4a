// What another account's mailbox is called: "Shared/<its owner's address>/<mailbox>". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearthmail::store::mail {

// The namespace of other users' mailboxes (RFC 2342 §5), with the delimiter.
constexpr std::string_view kSharedPrefix = "Shared/";

struct SharedName {
  std::string address;  // of the owner
  std::string mailbox;  // in his account
};
// The whole address is one level: unlike a local part, it means one account for ever, whatever domains are added. A "/" in it
// is "=2F" and a "=" is "=3D", so that no address looks like two levels or like another.
std::string shared_name(std::string_view address, std::string_view mailbox);
// Nothing when shared_name() never made `name`.
std::optional<SharedName> parse_shared_name(std::string_view name);

}  // namespace hearthmail::store::mail
