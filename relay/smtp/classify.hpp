// What an SMTP or LMTP reply means: one table from stage, code, enhanced code and words to an outcome. Pure.
#pragma once

#include "common/smtp/client.hpp"
#include "relay/outcome.hpp"

namespace hearthmail::relay {

// What the meaning of a reply hangs on besides its stage.
struct ReplyContext {
  bool null_sender = false;  // MAIL FROM:<>
  bool lmtp = false;         // our own receiver: its refusals are about the recipient, it has no quota for us
};

// The class is the reply's code; an enhanced code (RFC 3463) may only weaken it to temporary, never make it permanent.
Outcome classify(smtp::Stage stage, const smtp::Reply& reply, const ReplyContext& context);

// A session that broke or was refused before a transaction (connect, TLS, greeting, EHLO, AUTH) or in one.
Outcome classify(const smtp::SessionFault& fault, const ReplyContext& context);

// One outcome per recipient of a transaction.
std::vector<Outcome> classify(const smtp::Transfer& transfer, const ReplyContext& context);

}  // namespace hearthmail::relay
