// Annotations of mailboxes and of the server, RFC 5464: small texts under names like "/comment". They belong to a mailbox's id,
// so they follow RENAME and go with DELETE.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/mail/mail.hpp"

namespace hearthmail::store::mail {

constexpr std::size_t kMaxAnnotationName = 255;         // octets; ours
constexpr std::size_t kMaxAnnotationValue = 16 * 1024;  // octets; ours
constexpr std::size_t kMaxAnnotations = 50;             // of one mailbox and owner; ours

// Whose annotations: those that everybody sees who sees the mailbox (RFC 5464 §3.1, /shared), or one account's (/private).
struct AnnotationScope {
  MailboxId box;    // 0: the server
  AccountId owner;  // 0: shared
};
struct Annotation {
  std::string name;  // "/comment", without /private or /shared; ASCII lower case
  std::string value;
};

base::Result<std::optional<std::string>> find_annotation(const ReadTxn& txn, AnnotationScope scope,
                                                         std::string_view name);
base::Result<std::vector<Annotation>> list_annotations(const ReadTxn& txn, AnnotationScope scope);  // by name
// No value: removes it, there or not. Errors: OverLimit (kMaxAnnotations), Invalid (name or value too long).
base::Status set_annotation(WriteTxn& txn, AnnotationScope scope, std::string_view name,
                            const std::optional<std::string>& value);

}  // namespace hearthmail::store::mail
