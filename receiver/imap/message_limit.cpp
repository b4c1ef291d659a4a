#include "receiver/imap/message_limit.hpp"

#include "receiver/imap/reply.hpp"
#include "receiver/imap/state.hpp"

namespace hearthmail::receiver::imap {
namespace {

class TooMany : public Operation {
 public:
  TooMany(std::uint32_t limit, std::optional<base::Uid> lowest) : limit_(limit), lowest_(lowest) {}
  base::Result<Next> step(Connection& connection) override {
    connection.completion = {"NO", message_limit_code(limit_, lowest_), "Too many messages, try a smaller set", false};
    return Next::Done;
  }

 private:
  std::uint32_t limit_;
  std::optional<base::Uid> lowest_;
};

}  // namespace

std::size_t count(const std::vector<IndexRange>& ranges) {
  std::size_t messages = 0;
  for (const auto& range : ranges) messages += range.last - range.first;
  return messages;
}

std::optional<std::size_t> keep_highest(std::vector<IndexRange>& ranges, std::uint32_t limit) {
  const std::size_t messages = count(ranges);
  if (limit == 0 || messages <= limit) return std::nullopt;
  std::size_t surplus = messages - limit;
  auto range = ranges.begin();
  for (; surplus >= range->last - range->first; ++range) surplus -= range->last - range->first;
  range->first += surplus;
  ranges.erase(ranges.begin(), range);
  return ranges.front().first;
}

void limit_messages(Connection& connection, std::vector<IndexRange>& ranges) {
  const auto lowest = keep_highest(ranges, connection.services().message_limit.all);
  if (lowest.has_value()) connection.limited_to = connection.view().uid_at(*lowest);
}

std::unique_ptr<Operation> too_many(std::uint32_t limit, std::optional<base::Uid> lowest) {
  return std::make_unique<TooMany>(limit, lowest);
}

std::string message_limit_code(std::uint32_t limit, std::optional<base::Uid> lowest) {
  std::string code = "MESSAGELIMIT " + std::to_string(limit);
  if (lowest.has_value()) code += " " + std::to_string(lowest->value);
  return code;
}

// RFC 9738 §3.1: the tagged OK has the code; when another one must stand there, an untagged NO before it. With both codes
// the one with EXPUNGEISSUED is an OK.
void put_message_limit(Connection& connection) {
  if (connection.limited_to == base::Uid{0}) return;
  const std::uint32_t limit = connection.services().message_limit.all;
  std::string code = message_limit_code(limit, connection.limited_to);
  std::string text = "Completed for the last " + std::to_string(limit) + " messages";
  Completion& completion = connection.completion;
  if (completion.word == "OK" && completion.code.empty()) {
    completion.code = std::move(code);
    completion.text = std::move(text);
    return;
  }
  put_tagged(connection.out, "*", "NO", code, text);
  if (completion.code == "EXPUNGEISSUED") completion.word = "OK";
}

}  // namespace hearthmail::receiver::imap
