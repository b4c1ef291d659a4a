// A submitted message on its way into the queue: what is checked in it, and the little that is changed. Synchronous; the
// session runs it on the worker pool.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/mime/index.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::relay::submission {

// What completing a message needs.
struct Completion {
  std::string hostname;    // right side of a new Message-ID
  std::string received;    // whole Received field, put in front
  base::UnixTime now = 0;  // for a new Date
};

// Every address of From and Sender. Errors: Invalid (no From, no address in it, a header too large to be checked: its
// text is for the client); Protocol (too many Received fields, RFC 5321 §6.3).
base::Result<std::vector<std::string>> authors(std::string_view message, const mime::Index& index);

// Adds Message-ID and Date when they are missing (RFC 6409 §8.2, §8.3), removes Bcc and Resent-Bcc (RFC 5322 §3.6.3),
// puts the Received field in front. Every other octet stays.
std::string complete(std::string message, const Completion& completion);

struct Prepared {
  store::queue::PreparedBody body;
  std::string message_id;  // with brackets
  bool eight_bit = false;  // has octets over 127, whatever BODY= said
};

// Says whether the client may write as this address. Errors: Denied with a text for the client; others temporary.
using AuthorCheck = std::function<base::Status(const std::vector<std::string>& addresses)>;
// All of the above for one message. Errors: those of authors() and `check`.
base::Result<Prepared> prepare(std::string message, const Completion& completion, const AuthorCheck& check);

}  // namespace hearthmail::relay::submission
