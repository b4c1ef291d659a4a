// APPEND, RFC 9051 §6.3.12, and several messages at once, RFC 3502: all of them are stored, or none. REPLACE, RFC 8508: the
// new message is stored and the old one goes in one transaction. The session feeds it
// while the messages arrive (session_append.cpp) and then runs it as an Operation.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/spool.hpp"
#include "receiver/imap/operation.hpp"
#include "receiver/imap/parse/append.hpp"
#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {

class Append : public Operation {
 public:
  Append(const Connection& connection, Target target);

  // REPLACE: `uid` of the selected mailbox goes when the message is stored; NotFound when somebody has expunged it.
  void replace(Holder holder, base::Uid uid);
  // The options of the message that began last.
  const parse::AppendOptions& last_options() const;
  // The next message of `octets` octets begins. Errors: Invalid (over kMaxAppends or kMaxAppendOctets), Unavailable (no
  // room on the disk).
  // `binary`: it came as a literal8 and may hold NUL (RFC 3516 §4.4).
  base::Status begin_message(parse::AppendOptions options, std::uint64_t octets, bool binary);
  base::Status add(std::string_view octets);  // of the message that began last. Errors: Invalid (NUL), the spool's

  base::Result<Next> step(Connection& connection) override;
  base::Status work() override;  // indexes, summarises, compresses
  base::Status write(store::mail::WriteTxn& txn) override;
  store::lmdb::Isolation isolation() const override;

 private:
  struct Message {
    Message(parse::AppendOptions given, const Services& services)
        : options(std::move(given)), spool(services.spool_dir, services.disk) {}
    parse::AppendOptions options;
    bool binary = false;
    base::Spool spool;
    store::mail::PreparedBody body;
  };
  enum class Phase { Prepare, Write, Answer };

  std::size_t stored_octets() const;

  const Services& services_;
  Target target_;
  std::deque<Message> messages_;  // a spool stays where it is
  std::uint64_t octets_ = 0;      // announced in all
  Holder holder_;                 // of the mailbox whose message is replaced
  base::Uid replaced_;            // 0: APPEND
  Phase phase_ = Phase::Prepare;
  std::uint32_t uid_validity_ = 0;
  std::vector<base::Uid> uids_;
};

}  // namespace hearthmail::receiver::imap::cmd
