// IMAP from the client's end (RFC 9051, RFC 3501): tagged commands and a reader that hands out whole responses, literals
// and all, as they lie in the connection's buffer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/mail.hpp"

namespace hearthmail::bench {

// One response without its last CRLF; its literals are inside `text`. Valid while the handler runs.
struct Response {
  std::string_view text;
  std::span<const std::string_view> literals;
  // "* 17 FETCH (...": 17 and "FETCH"; 0 and the second word when there is no number.
  std::uint32_t number() const;
  std::string_view verb() const;
};
using OnResponse = std::function<base::Status(const Response&)>;

class ImapClient {
 public:
  // Reads the greeting.
  static base::Result<ImapClient> open(const Endpoint& endpoint);
  // open() and login().
  static base::Result<ImapClient> enter(const Endpoint& endpoint, const User& user);

  base::Status login(const User& user);  // LOGIN; then asks for CAPABILITY unless the answer has it
  base::Status logout();
  // Selects and returns the number of messages (EXISTS).
  base::Result<std::uint32_t> select(std::string_view mailbox);
  // Sends `command` and reads to its tagged answer, which is returned without the tag; other than OK is an error.
  base::Result<std::string> run(std::string_view command, const OnResponse& each);
  base::Result<std::string> run(std::string_view command);  // untagged answers are read and dropped
  // Creates the mailbox unless it is there.
  base::Status create(std::string_view mailbox);

  // APPEND of `mails` in one command (RFC 3502), each with its internal date; non-synchronising literals as far as the
  // server takes them (RFC 7888).
  base::Status append(std::string_view mailbox, std::span<const Mail> mails);
  base::Status append(std::string_view mailbox, std::span<const Mail* const> mails);
  // APPENDs all in their order, as many in one command as make sense.
  base::Status fill(std::string_view mailbox, std::span<const Mail> mails);

  // IDLE (RFC 2177): begin() returns after the "+"; wait() after the next untagged EXISTS; end() after the tagged OK.
  base::Status idle_begin();
  base::Status idle_wait_exists();
  base::Status idle_end();

  // The next response, tagged or not; valid until the next call. take() must follow.
  base::Result<Response> peek();
  void take();
  Connection& connection() { return *connection_; }
  bool offers(std::string_view capability) const;

 private:
  explicit ImapClient(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  base::Result<std::string> await_tagged(const std::string& tag, const OnResponse& each);
  void learn(std::string_view text);
  bool non_synchronising(std::size_t octets) const;
  base::Status await_continuation();
  std::string next_tag();

  std::unique_ptr<Connection> connection_;
  std::vector<std::string_view> literals_;
  std::vector<std::pair<std::size_t, std::size_t>> ranges_;  // of the literals in the response
  std::size_t response_size_ = 0;                            // with its CRLF
  std::uint64_t tags_ = 0;
  std::string capabilities_;  // upper case, between blanks
};

// Fetches BODY.PEEK[] of `set` and gives each letter's octets to `each` with its sequence number.
base::Result<std::uint64_t> read_bodies(ImapClient& client, std::string_view set,
                                        const std::function<base::Status(std::uint32_t, std::string_view)>& each);

}  // namespace hearthmail::bench
