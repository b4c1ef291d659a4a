// Commands about messages: RFC 1939 §5, §7.
#include <algorithm>
#include <utility>

#include "common/log/log.hpp"
#include "receiver/pop3/session.hpp"

namespace hearthmail::receiver::pop3 {

namespace mail = store::mail;
using base::Result;
using base::Task;

const Maildrop::Item* Session::message(const Command& command) {
  const Maildrop::Item* item = maildrop_->find(command.message.value_or(0));
  if (item == nullptr) say_error("No such message");
  return item;
}

void Session::stat() { say_ok(std::to_string(maildrop_->count()) + ' ' + std::to_string(maildrop_->octets())); }

void Session::dele(const Command& command) {
  if (message(command) == nullptr) return;
  maildrop_->mark_deleted(*command.message);
  say_ok("Marked to be deleted");
}

void Session::rset() {
  maildrop_->reset();
  say_ok("No message is marked any more");
}

std::string Session::listed(Verb verb, std::uint32_t number, const Maildrop::Item& item) const {
  return std::to_string(number) + ' ' + (verb == Verb::Uidl ? maildrop_->unique_id(item) : std::to_string(item.octets));
}

Task<void> Session::listing(Command command) {
  if (command.message.has_value()) {
    const Maildrop::Item* item = message(command);
    if (item != nullptr) say_ok(listed(command.verb, *command.message, *item));
    co_return;
  }
  say_ok(std::to_string(maildrop_->count()) + " messages");
  for (std::uint32_t number = 1; number <= maildrop_->size(); ++number) {
    const Maildrop::Item* item = maildrop_->find(number);
    if (item == nullptr) continue;
    out_ += listed(command.verb, number, *item) + "\r\n";
    if (out_.size() < kChunk) continue;
    co_await flush();
    if (over_) co_return;
  }
  out_ += ".\r\n";
}

Task<void> Session::retrieve(Command command) {
  const Maildrop::Item* item = message(command);
  if (item == nullptr) co_return;
  const base::MailboxId mailbox = maildrop_->mailbox();
  const base::Uid uid = item->uid;
  const auto look = [mailbox, uid](const mail::ReadTxn& txn) { return mail::find_message(txn, mailbox, uid); };
  const auto found = services_.store.env().read(look);
  if (!found.ok()) {
    log::error("pop3 message cannot be read", {{"login", identity_.address}, {"reason", found.error().text}});
    say_error("[SYS/TEMP] The message cannot be read right now");
    co_return;
  }
  if (!found->has_value()) {
    say_error("Another client has removed the message");
    co_return;
  }
  const std::uint64_t blob = (*found)->blob;
  const std::uint64_t octets = (*found)->octets;
  const bool top = command.verb == Verb::Top;
  say_ok(top ? std::string("Top of the message follows") : std::to_string(octets) + " octets");
  DotWriter writer(top ? std::optional<std::uint64_t>(command.lines) : std::nullopt);
  co_await send_body(blob, octets, std::move(writer));
}

// Each piece is read in a transaction of its own and written before the next: a slow client holds none. An error in the
// midst closes the connection: a final dot would say that the message is whole.
Task<void> Session::send_body(std::uint64_t blob, std::uint64_t octets, DotWriter writer) {
  bool more = true;
  for (std::uint64_t offset = 0; more && offset < octets; offset += kChunk) {
    const std::uint64_t count = std::min<std::uint64_t>(kChunk, octets - offset);
    const auto read = [blob, offset, count](const mail::ReadTxn& txn) {
      return mail::read_body(txn, blob, offset, count);
    };
    const Result<std::string> piece = services_.store.env().read(read);
    if (!piece.ok() || piece->size() != count) {
      log::error(
          "pop3 message broke off",
          {{"login", identity_.address}, {"reason", piece.ok() ? std::string("body too short") : piece.error().text}});
      over_ = true;
      broken_ = true;
      co_return;
    }
    more = writer.add(out_, *piece);
    if (out_.size() < kChunk) continue;
    co_await flush();
    if (over_) co_return;
  }
  writer.finish(out_);
  ++retrieved_;
}

}  // namespace hearthmail::receiver::pop3
