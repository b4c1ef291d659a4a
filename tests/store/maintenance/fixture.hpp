// The three environments in a directory that goes away, with accounts, mail and a queue in them; and ways to damage them.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/mime/summary.hpp"
#include "store/accounts/tables.hpp"
#include "store/mail/tables.hpp"
#include "store/maintenance/check.hpp"
#include "store/queue/tables.hpp"
#include "tests/support/catch.hpp"

namespace hearthmail::store::maintenance {

using base::AccountId;
using base::MailboxId;
using base::QueueId;
using base::Uid;
using lmdb::ReadTxn;
using lmdb::Table;
using lmdb::WriteTxn;

struct Fixture {
  Fixture() {
    char name[] = "/tmp/hearthmail-maintenance-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    root = name;
    open();
    fill();
  }
  ~Fixture() {
    close();
    std::filesystem::remove_all(root);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  void open() {
    accounts = opened(accounts::Store::open(root + "/accounts"));
    mail = opened(mail::Store::open(root + "/mail"));
    queue = opened(queue::Store::open(root + "/queue"));
  }
  void close() {
    accounts.reset();
    mail.reset();
    queue.reset();
  }
  template <class T>
  static T opened(base::Result<T> result) {
    INFO((result.ok() ? "" : result.error().text));
    REQUIRE(result.ok());
    return std::move(*result);
  }
  template <class Store, class F>
  static auto write(Store& store, F fn) {
    auto result = store.env().write(std::move(fn));
    INFO((result.ok() ? "" : result.error().text));
    REQUIRE(result.ok());
    if constexpr (!std::is_same_v<decltype(result), base::Status>) return std::move(*result);
  }
  template <class Store, class F>
  static auto read(Store& store, F fn) {
    auto result = store.env().read(fn);
    INFO((result.ok() ? "" : result.error().text));
    REQUIRE(result.ok());
    return std::move(*result);
  }

  static std::string text(int number, std::size_t octets = 100) {
    std::string body;
    for (std::size_t i = 0; body.size() < octets; ++i)
      body += std::to_string(number * 7919 + static_cast<int>(i * i)) + (i % 9 == 8 ? "\r\n" : " ");
    return "From: <a@b.example>\r\nSubject: number " + std::to_string(number) + "\r\n\r\n" + body + "\r\n";
  }
  mail::Mailbox box(const std::string& name, AccountId account = AccountId{1}) {
    return read(*mail, [&](const ReadTxn& txn) { return mail::find_mailbox(txn, account, name); });
  }
  static mail::PreparedBody prepared(const std::string& octets) {
    return mail::prepare_body(octets, mime::encode(mime::summarize(octets, mime::index_message(octets))));
  }
  mail::Appended add(MailboxId to, const std::string& octets, std::uint8_t flags = 0,
                     std::vector<std::string> words = {}) {
    const auto body = prepared(octets);
    mail::Arrival arrival;
    arrival.body = &body;
    arrival.system_flags = flags;
    arrival.keywords = std::move(words);
    arrival.internal_date = 1'700'000'000;
    return write(*mail, [&](WriteTxn& txn) { return mail::append(txn, to, arrival); });
  }
  QueueId enqueue(const std::string& to) {
    queue::Envelope envelope;
    envelope.reverse_path = "anna@example.test";
    envelope.account = anna;
    envelope.arrived = 1'000'000;
    queue::Recipient one;
    one.address = to;
    const auto body = queue::prepare_body(text(9, 100'000));
    return write(*queue, [&](WriteTxn& txn) { return queue::enqueue(txn, envelope, {one}, body); });
  }
  mail::Message message(MailboxId id, Uid uid) {
    auto found = read(*mail, [&](const ReadTxn& txn) { return mail::find_message(txn, id, uid); });
    REQUIRE(found.has_value());
    return *found;
  }
  std::string octets_of(MailboxId id, Uid uid) {
    const auto one = message(id, uid);
    return read(*mail, [&](const ReadTxn& txn) { return mail::read_body(txn, one.blob, 0, one.octets); });
  }

  // ---- damage

  template <class Store>
  static std::string value(Store& store, Table table, std::string_view key) {
    return read(store, [&](const ReadTxn& txn) -> base::Result<std::string> {
      TRY_ASSIGN(const auto stored, txn.get(table, key));
      if (!stored) return base::Error{base::Errc::NotFound, "no such record"};
      return std::string(*stored);
    });
  }
  template <class Store>
  static void put(Store& store, Table table, std::string_view key, std::string_view value) {
    write(store, [&](WriteTxn& txn) { return txn.put(table, key, value); });
  }
  // Turns one bit of a record's last octet.
  template <class Store>
  static void flip(Store& store, Table table, std::string_view key) {
    std::string octets = value(store, table, key);
    octets.back() = static_cast<char>(octets.back() ^ 1);
    put(store, table, key, octets);
  }
  template <class Store>
  static void erase(Store& store, Table table, std::string_view key) {
    write(store, [&](WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(const bool there, txn.erase(table, key));
      return there ? base::ok() : base::Status(base::Error{base::Errc::NotFound, "nothing to erase"});
    });
  }
  // The first key of a table that begins with `prefix`.
  template <class Store>
  static std::string first_key(Store& store, Table table, std::string_view prefix = {}) {
    return read(store, [&](const ReadTxn& txn) -> base::Result<std::string> {
      auto cursor = txn.cursor(table);
      TRY_ASSIGN(const auto at, cursor.seek(prefix));
      if (!at) return base::Error{base::Errc::NotFound, "the table is empty"};
      return std::string(at->key);
    });
  }

  void fill() {
    write(*accounts, [&](WriteTxn& txn) -> base::Status {
      TRY(accounts::add_domain(txn, "example.test"));
      TRY_ASSIGN(anna, accounts::add_account(txn, "anna@example.test", "$x", 1));
      TRY_ASSIGN(ben, accounts::add_account(txn, "ben@example.test", "$x", 1));
      TRY(accounts::set_alias(txn, "info@example.test", {"anna@example.test"}));
      return accounts::set_catch_all(txn, "example.test", "ben@example.test");
    });
    write(*mail, [&](WriteTxn& txn) -> base::Status {
      TRY(mail::ensure_account(txn, anna));
      return mail::ensure_account(txn, ben);
    });
    inbox = box("INBOX").id;
    for (int i = 0; i < 5; ++i) add(inbox, text(i), static_cast<std::uint8_t>(i == 2 ? mail::kSeen : 0));
    add(inbox, text(5, 200'000), 0, {"$Work"});  // several chunks
    entry = enqueue("friend@far.example");
  }

  Report check_all(CheckOptions options = {}) {
    auto report = check({accounts.get(), mail.get(), queue.get()}, options);
    INFO((report.ok() ? "" : report.error().text));
    REQUIRE(report.ok());
    return std::move(*report);
  }
  // "counts-wrong mailboxes anna@example.test INBOX; ..." of every finding.
  std::string found(CheckOptions options = {}) { return in_words(check_all(options)); }
  static std::string in_words(const Report& report) {
    std::string all;
    for (const Finding& one : report.findings) {
      all += (all.empty() ? "" : "; ") + std::string(name(one.problem)) + " " + one.table + " " + one.key;
    }
    return all;
  }

  std::string root;
  std::unique_ptr<accounts::Store> accounts;
  std::unique_ptr<mail::Store> mail;
  std::unique_ptr<queue::Store> queue;
  AccountId anna, ben;
  MailboxId inbox;
  QueueId entry;
};

}  // namespace hearthmail::store::maintenance
