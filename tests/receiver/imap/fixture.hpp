// What the IMAP session tests share: a real mail store in a temporary directory, and clients that talk to sessions over a
// stream in memory. Several clients may be connected at once; each talk() runs until the session waits for more input.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/auth/authenticator.hpp"
#include "receiver/imap/session.hpp"
#include "store/mail/mail.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

namespace hearthmail::test {

// A stream whose reader waits when there is no input, until send(), interrupt(), end() or close().
class PipeStream : public net::Stream {
 public:
  PipeStream(base::Executor& executor, std::size_t step) : executor_(executor), step_(step) {}

  base::Task<base::Result<std::size_t>> read(std::span<char> buffer) override;
  base::Task<base::Status> write(std::string_view octets) override;
  base::Task<base::Status> start_tls() override;
  base::Task<void> shutdown() override;
  void set_timeout(std::chrono::milliseconds timeout) override { timeout_ = timeout; }
  void close() override;
  void interrupt() override;
  bool can_start_tls() const override { return offers_tls_ && !tls_.active; }
  net::TlsInfo tls() const override { return tls_; }
  const net::Peer& peer() const override { return peer_; }

  void send(std::string_view octets);
  void end();       // the peer closes its side
  void time_out();  // the pending read ends with Timeout
  void set_tls(bool active, bool offered);
  void set_peer(std::string address) { peer_.address = std::move(address); }
  void set_authenticated() override { authenticated = true; }
  std::chrono::milliseconds timeout() const { return timeout_; }
  bool authenticated = false;
  bool idle = false;  // set when the session waits for input or has ended
  std::string output;
  std::size_t largest_write = 0;

 private:
  struct Wait;
  void wake();

  base::Executor& executor_;
  std::size_t step_;
  std::string input_;
  std::size_t at_ = 0;
  std::coroutine_handle<> reader_;
  net::TlsInfo tls_{true, "TLSv1.3", "TLS_AES_256_GCM_SHA384"};
  net::Peer peer_{"192.0.2.1", 40000, "127.0.0.1", 993};
  std::chrono::milliseconds timeout_{0};
  bool offers_tls_ = true;
  bool ended_ = false;
  bool closed_ = false;
  bool interrupted_ = false;
  bool timed_out_ = false;
};

constexpr std::uint64_t kTestMessageLimit = 4 * 1024 * 1024;

// The accounts of the tests; the password of each is "secret".
struct TestDirectory : receiver::imap::AccountDirectory {
  base::Result<std::optional<Entry>> find(std::string_view address) const override;
  base::Result<std::optional<std::string>> address_of(base::AccountId account) const override;
  std::vector<Entry> entries{{base::AccountId{7}, "anna@example.test"},
                             {base::AccountId{8}, "bert@example.test"},
                             {base::AccountId{9}, "carl@example.test"}};
};

// One mail store with the account anna@example.test, whose password is "secret". The others of TestDirectory have their
// mailboxes from their first login on.
class ImapFixture {
 public:
  ImapFixture();
  ~ImapFixture();

  // Stores a message as a delivery does. `flags`: SystemFlag bits.
  base::Uid deliver(std::string_view mailbox, std::string_view message, std::uint8_t flags = 0,
                    std::vector<std::string> keywords = {});
  base::MailboxId box(std::string_view name);
  std::string directory;
  TestExecutor executor;
  base::ManualClock clock{1'000'000'000};  // Sun, 09 Sep 2001 01:46:40 +0000
  std::unique_ptr<store::mail::Store> mail;
  TestDirectory accounts;
  std::unique_ptr<receiver::imap::Services> services;
  base::AccountId account{7};
};

// Three messages in INBOX with MODSEQ 2, 3 and 4; HIGHESTMODSEQ is 4.
struct ThreeMessages : ImapFixture {
  ThreeMessages();
};

class ImapClient {
 public:
  struct Options {
    std::size_t step = 4096;  // octets per read
    bool tls = true;
    bool offers_tls = true;
    std::string peer = "192.0.2.1";
  };
  explicit ImapClient(ImapFixture& fixture) : ImapClient(fixture, Options{}) {}
  ImapClient(ImapFixture& fixture, Options options);
  ~ImapClient();

  // Sends `text` and returns what came back until the session waits for more input or has ended.
  std::string talk(std::string_view text);
  // The same, but goes on until the answer contains `expected` (what another thread causes).
  std::string until(std::string_view expected);
  std::string take() { return std::exchange(stream.output, {}); }
  void login() { talk("login LOGIN anna@example.test secret\r\n"); }
  void open(std::string_view mailbox = "INBOX");
  bool done() const { return done_; }
  void run_until_idle();

  PipeStream stream;
  std::vector<std::chrono::milliseconds> pauses;  // what the session asked to wait

 private:
  base::Task<void> run_session();
  ImapFixture& fixture_;
  receiver::imap::Session session_;
  bool done_ = false;
};

inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Is `answer` that of a CREATE that went well? It has MAILBOXID (RFC 8474).
bool made(const std::string& answer, const std::string& tag);

// "Subject: <subject>" with a few usual fields and a one-line text; `octets` of it.
std::string letter(std::string_view subject, std::string_view text = "Hello\r\n");

}  // namespace hearthmail::test
