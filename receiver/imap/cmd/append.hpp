// APPEND, RFC 9051 §6.3.12, and several messages at once, RFC 3502: all of them are stored, or none. CATENATE, RFC 4469: a
// message is put together from literals and parts of messages that are there. REPLACE, RFC 8508: the
// new message is stored and the old one goes in one transaction. The session feeds it
// while the messages arrive (session_append.cpp) and then runs it as an Operation.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/spool.hpp"
#include "receiver/imap/operation.hpp"
#include "receiver/imap/parse/append.hpp"
#include "receiver/imap/parse/message_url.hpp"
#include "receiver/imap/rights.hpp"

namespace hearthmail::receiver::imap::cmd {

class Append : public Operation {
 public:
  Append(const Connection& connection, Target target);

  // REPLACE: `uid` of the selected mailbox goes when the message is stored; NotFound when somebody has expunged it.
  void replace(Holder holder, base::Uid uid);
  // The options of the message that began last.
  const parse::AppendOptions& last_options() const;
  // What the client said up to its next literal, or at the end. Errors: Invalid (over kMaxAppends or kMaxCatenateParts).
  base::Status take(parse::AppendSteps steps);
  // A literal of `octets` octets comes, for the message that began last. Errors: Invalid (over kMaxAppendOctets), OverLimit
  // (refused() says more), Unavailable (no room on the disk).
  // `binary`: it is a literal8 and may hold NUL (RFC 3516 §4.4).
  base::Status begin_text(std::uint64_t octets, bool binary);
  base::Status add(std::string_view octets);  // of the literal that began last. Errors: Invalid (NUL), the spool's
  // Why the command cannot be done, where an error would not say it: TOOBIG, BADURL (RFC 4469 §4), MESSAGELIMIT.
  const std::optional<Completion>& refused() const { return refused_; }

  base::Result<Next> step(Connection& connection) override;
  base::Status work() override;  // indexes, summarises, compresses
  base::Status write(store::mail::WriteTxn& txn) override;
  store::lmdb::Isolation isolation() const override;

 private:
  base::Status check_quota() const;
  struct Part {
    std::string url;           // as the client wrote it; empty: a literal
    Target target;             // where its mailbox is
    parse::MessageUrl where;   // of the url
    std::uint64_t octets = 0;  // of the literal
  };
  struct Message {
    Message(parse::AppendOptions given, const Services& services)
        : options(std::move(given)), spool(services.spool_dir, services.disk) {}
    parse::AppendOptions options;
    bool binary = false;  // some literal is
    base::Spool spool;    // its literals, one after the other
    std::vector<Part> parts;
    store::mail::PreparedBody body;
    bool stored = false;                                         // the octets were there already: `body` has none
    bool catenates() const;                                      // are parts of other messages in it?
    bool is_spooled() const { return !catenates() && !binary; }  // the spool has its octets as they are kept
  };
  enum class Phase { Prepare, Write, Answer };

  std::size_t stored_octets() const;
  base::Status check_number();
  base::Status add_url(std::string url);
  base::Result<std::string> assemble(const Message& message);
  base::Status prepare(Message& message, std::string_view octets);
  static base::Status prepare_if_gone(const store::mail::ReadTxn& txn, Message& message);
  base::Status append_url(const store::mail::ReadTxn& txn, const Part& part, std::string& out);
  void refuse_url(const std::string& url);
  void refuse_size();

  const Connection& connection_;
  const Services& services_;
  Target target_;
  std::deque<Message> messages_;  // a spool stays where it is
  std::uint64_t octets_ = 0;      // announced in all
  bool binary_ = false;           // the literal that began last
  std::optional<Completion> refused_;
  Holder holder_;       // of the mailbox whose message is replaced
  base::Uid replaced_;  // 0: APPEND
  Phase phase_ = Phase::Prepare;
  std::uint32_t uid_validity_ = 0;
  std::vector<base::Uid> uids_;
};

}  // namespace hearthmail::receiver::imap::cmd
