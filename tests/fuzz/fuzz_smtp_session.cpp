// A whole session on a scripted stream: the same octets in pieces of 1, 7 and 4,096 give the same replies and the same
// messages. The first octet of the input chooses the dialect and whether the stream is TLS.
#include <memory>

#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "common/smtp/server_session.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/recorder.hpp"
#include "tests/support/run_task.hpp"

namespace hearthmail::fuzz {

std::vector<std::string> fuzz_seeds() {
  const std::string mail = "MAIL FROM:<a@b> SIZE=10\r\nRCPT TO:<c@x>\r\nRCPT TO:<nobody@x>\r\n";
  const std::string second = "MAIL FROM:<evil@b>\r\nRCPT TO:<v@x>\r\nDATA\r\nsecond\r\n.\r\nQUIT\r\n";
  const std::string plain = "AUTH PLAIN " + base::base64(std::string_view("\0anna\0secret", 12)) + "\r\n";
  return {"0EHLO c\r\n" + mail + "DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n",
          "0EHLO c\r\n" + mail + "DATA\r\nfirst\n.\n" + second,
          "0EHLO c\r\n" + mail + "DATA\r\nfirst\r\n.\n" + second,
          "0HELO c\r\n" + mail + "BDAT 5\r\nab\r\ncBDAT 3 LAST\r\nd\r\nNOOP\r\nQUIT\r\n",
          "1LHLO c\r\n" + mail + "DATA\r\nbare\nline\r\n.\r\n" + mail + "BDAT 3 LAST\r\nabcQUIT\r\n",
          "2EHLO c\r\n" + plain + mail + "DATA\r\nx\ny\r\n.\r\nRSET\r\nVRFY a\r\nHELP\r\nQUIT\r\n",
          "2EHLO c\r\nAUTH LOGIN\r\nYW5uYQ==\r\nc2VjcmV0\r\n" + mail + "DATA\r\n.\r\n",
          "0EHLO c\r\nSTARTTLS\r\nEHLO c\r\n" + mail + "DATA\r\nx\r\n.\r\n",
          "0GET / HTTP/1.1\r\n"};
}

std::vector<std::string> fuzz_dictionary() {
  return {"\r\n",
          "\n",
          "\r",
          ".",
          "\r\n.\r\n",
          "\n.\n",
          "\r\n.\n",
          "\r.\r\n",
          "DATA\r\n",
          "RSET\r\n",
          "BDAT 4\r\n",
          "BDAT 0 LAST\r\n",
          "MAIL FROM:<a@b>\r\n",
          "RCPT TO:<c@x>\r\n",
          "STARTTLS\r\n",
          "EHLO c\r\n",
          "AUTH PLAIN\r\n",
          "*\r\n",
          "QUIT\r\n",
          std::string(1, '\0')};
}

namespace {

constexpr std::uint64_t kMostOctets = 300;  // small, so that the limits are reached

struct Seen {
  std::string replies;
  std::vector<std::string> messages;
};

class Policy : public smtp::ServerPolicy {
 public:
  Policy(smtp::ServerOptions options, Seen& seen) : options_(std::move(options)), seen_(seen) {}
  const smtp::ServerOptions& options() const override { return options_; }
  smtp::ServerReply check_mail(const smtp::ClientInfo&, const smtp::Transaction&) override {
    return {250, "2.1.0", "OK"};
  }
  smtp::ServerReply check_rcpt(const smtp::ClientInfo&, const smtp::Transaction&, smtp::Recipient& recipient) override {
    if (recipient.address.local == "nobody") return {550, "5.1.1", "Unknown"};
    return {250, "2.1.5", "OK"};
  }
  base::Task<std::vector<smtp::ServerReply>> commit(const smtp::ClientInfo&, const smtp::Transaction& transaction,
                                                    const smtp::Spool& message) override {
    const auto octets = message.read_all("");
    FUZZ_CHECK(octets.ok() && octets->size() <= kMostOctets && octets->find('\0') == std::string::npos);
    FUZZ_CHECK(!transaction.recipients.empty() && transaction.recipients.size() <= smtp::kMaxRecipients);
    if (options_.line_endings != smtp::LineEndings::Keep) check_lines(*octets);
    seen_.messages.push_back(*octets);
    const bool each = options_.dialect == smtp::Dialect::Lmtp;
    co_return std::vector<smtp::ServerReply>(each ? transaction.recipients.size() : 1, {250, "2.0.0", "Stored"});
  }
  base::Task<base::Result<Login>> authenticate(auth::SaslStep step, std::string) override {
    if (step.login != "anna" || step.password.reveal() != "secret") co_return base::Error{base::Errc::Denied, "wrong"};
    co_return Login{base::AccountId{1}, "anna@x"};
  }

 private:
  static void check_lines(std::string_view octets) {
    for (std::size_t at = 0; at < octets.size(); ++at) {
      if (octets[at] == '\n') FUZZ_CHECK(at > 0 && octets[at - 1] == '\r');
      if (octets[at] == '\r') FUZZ_CHECK(at + 1 < octets.size() && octets[at + 1] == '\n');
    }
  }
  smtp::ServerOptions options_;
  Seen& seen_;
};

smtp::ServerOptions options_for(char choice) {
  smtp::ServerOptions options;
  options.hostname = "mx.test";
  options.name = "fuzz";
  options.max_octets = kMostOctets;
  options.spool_dir = "/nonexistent";  // 300 octets stay in memory
  if (choice % 3 == 1) {
    options.dialect = smtp::Dialect::Lmtp;
    options.line_endings = smtp::LineEndings::Keep;
  } else if (choice % 3 == 2) {
    options.dialect = smtp::Dialect::Submission;
    options.line_endings = smtp::LineEndings::Normalise;
    options.dsn = true;
    options.auth = true;
  }
  return options;
}

Seen run(std::string_view input, std::size_t step) {
  Seen seen;
  const char choice = static_cast<char>(input.front() - '0');
  const base::ManualClock clock{1'700'000'000};
  Policy policy(options_for(static_cast<char>(static_cast<unsigned char>(choice) % 3)), seen);
  auto owned = std::make_unique<test::Recorder>(std::string(input.substr(1)), step, seen.replies);
  owned->offer_tls(false);  // where STARTTLS drops depends on the packing, by design
  if (static_cast<unsigned char>(choice) % 3 == 2) owned->set_tls_active();
  std::unique_ptr<net::Stream> stream = std::move(owned);
  test::run_task(smtp::serve(std::move(stream), policy, clock));
  return seen;
}

}  // namespace

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using namespace hearthmail;
  static const bool quiet = [] {
    log::setup("fuzz", log::Level::Error, log::Format::Json);
    return true;
  }();
  if (!quiet || count == 0) return 0;
  const std::string_view input = fuzz::as_text(octets, count);
  const auto whole = fuzz::run(input, 4096);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
    const auto pieces = fuzz::run(input, step);
    FUZZ_CHECK(pieces.replies == whole.replies);
    FUZZ_CHECK(pieces.messages == whole.messages);
  }
  return 0;
}
