#include "tests/fuzz/imap_world.hpp"

#include <unistd.h>

#include <filesystem>

#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "store/mail/acl.hpp"
#include "tests/fuzz/target.hpp"

namespace hearthmail::fuzz {
namespace {

namespace mail = store::mail;

constexpr base::AccountId kBen{1'000'000};

// argon2id at its cheapest: a wrong password is no reason to wait here. Of "pw", and of what nobody types.
constexpr std::string_view kRight = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$/pcGVt0d5EVdZZXVLXuAaw";
constexpr std::string_view kNobody = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$o1WxZFmgdqMC6soYsBt6UA";

std::string place() {
  const char* const memory = "/dev/shm";
  const bool usable = ::access(memory, W_OK) == 0;
  std::string name =
      (usable ? std::filesystem::path(memory) : std::filesystem::temp_directory_path()) / "hearthmail-fuzz-XXXXXX";
  FUZZ_CHECK(::mkdtemp(name.data()) != nullptr);
  return name;
}

std::string letter(std::string_view word) {
  const std::string name(word);
  return "From: " + name + " <" + name + "@example.org>\r\nTo: anna@example.test\r\nSubject: about " + name +
         "\r\nMessage-ID: <" + name + "@example.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" +
         name +
         "\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
         "base64\r\n\r\nPGI+eDwvYj4=\r\n--b--\r\n";
}

}  // namespace

ImapWorld::ImapWorld()
    : directory_(place()),
      authenticator_(
          workers_, [this](std::string_view login) { return credential(login); }, clock_) {
  auto opened = mail::Store::open(directory_ + "/mail");
  FUZZ_CHECK(opened.ok());
  mail_ = std::move(*opened);
  services_.reset(new receiver::imap::Services{*mail_, authenticator_, workers_, clock_, "mail.example.test",
                                               directory_ + "/spool", 100'000, nullptr, false, this});
  const auto make = [](mail::WriteTxn& txn) -> base::Status {
    TRY(mail::ensure_account(txn, kBen));
    TRY_ASSIGN(const auto plans, mail::create_mailbox(txn, kBen, std::string(kCanary) + " plans"));
    // An access list that lets nobody see anything.
    return mail::set_acl(txn, plans.id, {mail::kAnyone, mail::Right::Post, {}});
  };
  FUZZ_CHECK(mail_->env().write(make).ok());
  deliver(kBen, "INBOX", letter(kCanary), 0);
  deliver(kBen, std::string(kCanary) + " plans", letter(kCanary), 0);
}

ImapWorld::~ImapWorld() {
  services_.reset();
  mail_.reset();
  std::filesystem::remove_all(directory_);
}

base::Result<std::optional<auth::Credential>> ImapWorld::credential(std::string_view login) const {
  auth::Credential known;
  const bool is_anna = login == "anna@example.test";
  known.account = is_anna ? anna_ : kBen;
  known.address = is_anna ? "anna@example.test" : "ben@example.test";
  known.encoded = is_anna ? kRight : kNobody;
  return std::optional(known);
}

base::Result<std::optional<ImapWorld::Entry>> ImapWorld::find(std::string_view address) const {
  if (address == "anna@example.test") return std::optional(Entry{anna_, std::string(address)});
  if (address == "ben@example.test") return std::optional(Entry{kBen, std::string(address)});
  return std::optional<Entry>();
}

base::Result<std::optional<std::string>> ImapWorld::address_of(base::AccountId account) const {
  if (account == anna_) return std::optional(std::string("anna@example.test"));
  if (account == kBen) return std::optional(std::string("ben@example.test"));
  return std::optional<std::string>();
}

void ImapWorld::next_user() {
  anna_ = base::AccountId{anna_.value + 1};
  const auto make = [this](mail::WriteTxn& txn) { return mail::ensure_account(txn, anna_); };
  FUZZ_CHECK(mail_->env().write(make).ok());
  deliver(anna_, "INBOX", letter("tea"), 0);
  deliver(anna_, "INBOX", letter("milk"), mail::kSeen);
  deliver(anna_, "INBOX", "Subject: sugar\r\n\r\nsugar\r\n", mail::kDeleted);
  deliver(anna_, "Sent", letter("tea"), mail::kSeen);
}

void ImapWorld::deliver(base::AccountId account, std::string_view mailbox, std::string_view message,
                        std::uint8_t flags) {
  const auto summary = mime::summarize(message, mime::index_message(message));
  const mail::PreparedBody body = mail::prepare_body(message, mime::encode(summary));
  mail::Arrival arrival;
  arrival.body = &body;
  arrival.system_flags = flags;
  arrival.internal_date = clock_.now();
  arrival.save_date = clock_.now();
  const auto put = [&](mail::WriteTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto target, mail::find_mailbox(txn, account, mailbox));
    TRY(mail::append(txn, target.id, arrival));
    return base::ok();
  };
  FUZZ_CHECK(mail_->env().write(put).ok());
}

std::string ImapWorld::other_user() const {
  const auto read = [](const mail::ReadTxn& txn) -> base::Result<std::string> {
    std::string line;
    TRY_ASSIGN(const auto boxes, mail::list_mailboxes(txn, kBen));
    for (const auto& box : boxes) {
      line += box.name + ' ' + std::to_string(box.messages) + ' ' + std::to_string(box.highest_modseq.value) + ' ' +
              std::to_string(box.uid_next) + '\n';
    }
    return line;
  };
  const auto line = mail_->env().read(read);
  FUZZ_CHECK(line.ok());
  return *line;
}

}  // namespace hearthmail::fuzz
