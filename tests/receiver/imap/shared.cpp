#include "tests/receiver/imap/shared.hpp"

namespace hearthmail::test {

namespace mail = store::mail;

namespace {

base::Status dump(const mail::ReadTxn& txn, base::AccountId account, std::string& text) {
  TRY_ASSIGN(const auto all, mail::list_mailboxes(txn, account));
  for (const auto& mailbox : all) {
    text += std::to_string(account.value) + " " + mailbox.name + " " + std::to_string(mailbox.id.value) + " " +
            std::to_string(mailbox.highest_modseq.value) + " " + std::to_string(mailbox.recent_from) + "\n";
    TRY(mail::scan_messages(txn, mailbox.id, base::Uid{1}, base::Uid{0xFFFFFFFF}, [&](const mail::Message& message) {
      text += "  " + std::to_string(message.uid.value) + " " + std::to_string(message.flags.system);
      for (const auto keyword : message.flags.keywords) text += " k" + std::to_string(keyword);
      text += "\n";
      return true;
    }));
    TRY_ASSIGN(const auto entries, mail::list_acl(txn, mailbox.id));
    for (const auto& entry : entries) {
      text += "  list " + std::to_string(entry.account.value) + " " + entry.granted.letters() + " -" +
              entry.denied.letters() + "\n";
    }
  }
  return base::ok();
}

}  // namespace

SharedFixture::SharedFixture() {
  const auto made = mail->env().write([](mail::WriteTxn& txn) { return mail::ensure_account(txn, kBert); });
  REQUIRE(made.ok());
  make("Plans");
  deliver("Plans", letter("plan", "CANARY of anna\r\n"));
}

void SharedFixture::make(const std::string& name) {
  const auto created = mail->env().write([&](mail::WriteTxn& txn) { return mail::create_mailbox(txn, kAnna, name); });
  REQUIRE(created.ok());
}

void SharedFixture::grant(std::string_view rights, std::string_view name, base::AccountId who) {
  const auto parsed = mail::parse_rights(rights);
  REQUIRE(parsed.ok());
  const mail::AclEntry entry{who, *parsed, {}};
  const base::MailboxId target = box(name);
  REQUIRE(mail->env().write([&](mail::WriteTxn& txn) { return mail::set_acl(txn, target, entry); }).ok());
}

std::string SharedFixture::everything() {
  std::string text;
  const auto read = mail->env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY(dump(txn, kAnna, text));
    return dump(txn, kBert, text);
  });
  REQUIRE(read.ok());
  return text;
}

std::string tagged(const std::string& answer, std::string_view tag) {
  const std::string start = std::string(tag) + " ";
  auto at = answer.starts_with(start) ? 0 : answer.find("\r\n" + start);
  if (at == std::string::npos) return "none in: " + answer;
  if (at > 0) at += 2;
  at += start.size();
  return answer.substr(at, answer.find("\r\n", at) - at);
}

}  // namespace hearthmail::test
