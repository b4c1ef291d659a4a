// POP3 from the client's end (RFC 1939).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/mail.hpp"

namespace hearthmail::bench {

class Pop3Client {
 public:
  // Connects, USER, PASS, STAT: `messages()` are in the maildrop.
  static base::Result<Pop3Client> open(const Endpoint& endpoint, const User& user);

  std::size_t messages() const { return messages_; }
  // RETR 1 to RETR n, each after the answer to the one before; every octet is compared with `mails`, in order.
  base::Status retrieve_in_lock_step(std::span<const Mail> mails);
  // The same with up to `window` commands on the way (RFC 2449 §6.6, PIPELINING).
  base::Status retrieve_pipelined(std::span<const Mail> mails, std::size_t window);
  base::Status quit();

 private:
  explicit Pop3Client(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  base::Result<std::string> ok_line();
  base::Status take(const Mail& mail);

  std::unique_ptr<Connection> connection_;
  std::size_t messages_ = 0;
};

}  // namespace hearthmail::bench
