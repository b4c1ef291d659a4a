// MESSAGELIMIT, RFC 9738: how many messages one command may be done for, when the operator sets a limit. A command is done
// for the messages with the highest UIDs, and its answer names the lowest of them; COPY, APPEND, SORT, THREAD and a page of
// PARTIAL cannot be done in part and are refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "receiver/imap/operation.hpp"
#include "receiver/imap/view.hpp"

namespace hearthmail::receiver::imap {

// Of disjoint, ascending ranges.
std::size_t count(const std::vector<IndexRange>& ranges);
// Leaves the `limit` highest messages, all when it is 0. The lowest that stays, or nothing when none had to go.
std::optional<std::size_t> keep_highest(std::vector<IndexRange>& ranges, std::uint32_t limit);
// The same for the command that is running, whose answer will say so (put_message_limit).
void limit_messages(Connection& connection, std::vector<IndexRange>& ranges);

// Answers NO [MESSAGELIMIT 1000 20001], having done nothing; without a UID when none is known (RFC 9738 §5).
std::unique_ptr<Operation> too_many(std::uint32_t limit, std::optional<base::Uid> lowest);
std::string message_limit_code(std::uint32_t limit, std::optional<base::Uid> lowest);

// Before the tagged response of a command that went well.
void put_message_limit(Connection& connection);

}  // namespace hearthmail::receiver::imap
