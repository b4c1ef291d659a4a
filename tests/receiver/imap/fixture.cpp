#include "tests/receiver/imap/fixture.hpp"

#include <cstdlib>
#include <filesystem>

#include "common/auth/password.hpp"
#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"

namespace hearthmail::test {

namespace mail = store::mail;

struct PipeStream::Wait {
  PipeStream& stream;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> reader) {
    stream.reader_ = reader;
    stream.idle = true;
  }
  void await_resume() const noexcept {}
};

base::Task<base::Result<std::size_t>> PipeStream::read(std::span<char> buffer) {
  for (;;) {
    if (closed_) co_return base::Error{base::Errc::Closed, "closed"};
    if (std::exchange(interrupted_, false)) co_return base::Error{base::Errc::Interrupted, "interrupted"};
    if (std::exchange(timed_out_, false)) co_return base::Error{base::Errc::Timeout, "timed out"};
    if (at_ < input_.size() || ended_) break;
    Wait wait{*this};
    co_await wait;
  }
  const std::size_t count = std::min({buffer.size(), step_, input_.size() - at_});
  std::copy_n(input_.data() + at_, count, buffer.data());
  at_ += count;
  co_return count;
}

base::Task<base::Status> PipeStream::write(std::string_view octets) {
  if (closed_) co_return base::Error{base::Errc::Closed, "closed"};
  output += octets;
  largest_write = std::max(largest_write, octets.size());
  co_return base::ok();
}

base::Task<base::Status> PipeStream::start_tls() {
  at_ = input_.size();  // as the contract says: what had been received in clear is dropped
  tls_.active = true;
  co_return base::ok();
}

base::Task<void> PipeStream::shutdown() {
  closed_ = true;
  co_return;
}

void PipeStream::wake() {
  if (!reader_) return;
  idle = false;
  executor_.post([reader = std::exchange(reader_, nullptr)] { reader.resume(); });
}

void PipeStream::close() {
  closed_ = true;
  wake();
}

void PipeStream::interrupt() {
  interrupted_ = true;
  wake();
}

void PipeStream::send(std::string_view octets) {
  input_ += octets;
  wake();
}

void PipeStream::end() {
  ended_ = true;
  wake();
}

void PipeStream::time_out() {
  timed_out_ = true;
  wake();
}

void PipeStream::set_tls(bool active, bool offered) {
  tls_.active = active;
  offers_tls_ = offered;
}

base::Result<std::optional<TestDirectory::Entry>> TestDirectory::find(std::string_view address) const {
  for (const auto& entry : entries) {
    if (entry.address == address) return std::optional(entry);
  }
  return std::optional<Entry>();
}

base::Result<std::optional<std::string>> TestDirectory::address_of(base::AccountId account) const {
  for (const auto& entry : entries) {
    if (entry.account == account) return std::optional(entry.address);
  }
  return std::optional<std::string>();
}

namespace {

// Shared by all tests, so that the password is hashed once.
struct Login {
  net::Workers workers{1, 16};
  base::ManualClock clock{1'000'000};
  std::string encoded = auth::hash_password("secret");
  auth::Authenticator authenticator{workers,
                                    [this](std::string_view login) -> base::Result<std::optional<auth::Credential>> {
                                      const auto entry = TestDirectory().find(login);
                                      if (!*entry) return std::optional<auth::Credential>{};
                                      auth::Credential known{(*entry)->account, (*entry)->address, encoded, false};
                                      return std::optional(known);
                                    },
                                    clock};
};

base::Task<void> pause_none() { co_return; }

Login& shared_login() {
  static Login login;
  return login;
}

}  // namespace

ImapFixture::ImapFixture() {
  std::string name = std::filesystem::temp_directory_path() / "hearthmail-imap-XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  directory = name;
  std::filesystem::create_directory(directory + "/spool");
  auto opened = mail::Store::open(directory + "/mail");
  if (!opened.ok()) FAIL(opened.error().text);
  mail = std::move(*opened);
  services.reset(new receiver::imap::Services{*mail, shared_login().authenticator, shared_login().workers, clock,
                                              "mail.example.test", directory + "/spool", kTestMessageLimit, nullptr,
                                              false, &accounts});
  const auto made = mail->env().write([this](mail::WriteTxn& txn) { return mail::ensure_account(txn, account); });
  REQUIRE(made.ok());
}

ImapFixture::~ImapFixture() {
  services.reset();
  mail.reset();
  std::filesystem::remove_all(directory);
}

base::MailboxId ImapFixture::box(std::string_view name) {
  const auto found = mail->env().read([&](const mail::ReadTxn& txn) { return mail::find_mailbox(txn, account, name); });
  REQUIRE(found.ok());
  return found->id;
}

base::Uid ImapFixture::deliver(std::string_view mailbox, std::string_view message, std::uint8_t flags,
                               std::vector<std::string> keywords) {
  const auto summary = mime::summarize(message, mime::index_message(message));
  const mail::PreparedBody body = mail::prepare_body(message, mime::encode(summary));
  mail::Arrival arrival;
  arrival.body = &body;
  arrival.system_flags = flags;
  arrival.keywords = std::move(keywords);
  arrival.internal_date = clock.now();
  arrival.save_date = clock.now();
  const base::MailboxId target = box(mailbox);
  const auto appended = mail->env().write([&](mail::WriteTxn& txn) { return mail::append(txn, target, arrival); });
  if (!appended.ok()) FAIL(appended.error().text);
  return appended->uid;
}

ThreeMessages::ThreeMessages() {
  for (const auto* subject : {"one", "two", "three"}) deliver("INBOX", letter(subject));
}

ImapClient::ImapClient(ImapFixture& fixture, Options options)
    : stream(fixture.executor, options.step),
      fixture_(fixture),
      session_((stream.set_tls(options.tls, options.offers_tls), stream.set_peer(options.peer), stream),
               *fixture.services, [this](std::chrono::milliseconds duration) -> base::Task<void> {
                 pauses.push_back(duration);
                 return pause_none();
               }) {
  base::spawn(run_session());
  run_until_idle();
}

ImapClient::~ImapClient() {
  stream.close();
  while (!done_) {
    stream.idle = false;
    fixture_.executor.run_until(stream.idle);
  }
}

base::Task<void> ImapClient::run_session() {
  co_await session_.run();
  done_ = true;
  stream.idle = true;
}

void ImapClient::run_until_idle() { fixture_.executor.run_until(stream.idle); }

std::string ImapClient::talk(std::string_view text) {
  stream.send(text);
  run_until_idle();
  return take();
}

std::string ImapClient::until(std::string_view expected) {
  while (stream.output.find(expected) == std::string::npos && !done_) {
    stream.idle = false;
    fixture_.executor.run_until(stream.idle);
  }
  return take();
}

void ImapClient::open(std::string_view mailbox) {
  login();
  talk("open SELECT \"" + std::string(mailbox) + "\"\r\n");
}

bool made(const std::string& answer, const std::string& tag) {
  const std::string end = ")] CREATE completed\r\n";
  return answer.rfind(tag + " OK [MAILBOXID (F", 0) == 0 && answer.size() > end.size() &&
         answer.compare(answer.size() - end.size(), end.size(), end) == 0;
}

std::string letter(std::string_view subject, std::string_view text) {
  return "From: Bob <bob@example.org>\r\nTo: anna@example.test\r\nSubject: " + std::string(subject) +
         "\r\nDate: Sat, 8 Sep 2001 20:00:00 +0200\r\nMessage-ID: <" + std::string(subject) + "@example.org>\r\n\r\n" +
         std::string(text);
}

}  // namespace hearthmail::test
