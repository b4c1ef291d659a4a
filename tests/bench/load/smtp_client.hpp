// SMTP, LMTP and submission from the client's end. Pipelines where the server offers it (RFC 2920). Letters of
// tests/bench/load/mail.hpp need no dot-stuffing; other octets get it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load/connection.hpp"

namespace hearthmail::bench {

class SmtpClient {
 public:
  enum class Dialect { Smtp, Lmtp };
  // Reads the greeting and says EHLO or LHLO.
  static base::Result<SmtpClient> open(const Endpoint& endpoint, Dialect dialect);

  // STARTTLS (RFC 3207), then EHLO again.
  base::Status start_tls(const std::string& certificate);
  base::Status login(const User& user);  // AUTH PLAIN with an initial response, RFC 4954
  // One transaction. Done when every recipient's final reply is 250 (RFC 5321 §4.2.5, RFC 2033 §4.2).
  base::Status send(std::string_view from, const std::vector<std::string>& to, std::string_view octets);
  base::Status quit();
  bool offers(std::string_view extension) const;
  Connection& connection() { return *connection_; }

 private:
  SmtpClient(std::unique_ptr<Connection> connection, Dialect dialect)
      : connection_(std::move(connection)), dialect_(dialect) {}
  base::Status hello();
  // Reads one reply to its last line and wants its code to begin with `digit`.
  base::Status reply(char digit);

  std::unique_ptr<Connection> connection_;
  Dialect dialect_;
  std::vector<std::string> offered_;  // the lines of EHLO's reply, upper case
};

// The octets with "." before each line that begins with one (RFC 5321 §4.5.2).
std::string dot_stuffed(std::string_view octets);

}  // namespace hearthmail::bench
