// A mail environment in a directory that goes away, and short ways to use it.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "store/mail/mail.hpp"
#include "tests/support/catch.hpp"

namespace hearthmail::store::mail {

constexpr AccountId kAnn{1}, kBob{2};

struct Fixture {
  Fixture() {
    char name[] = "/tmp/hearthmail-mail-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    root = name;
    open();
    REQUIRE(store->env().write([](WriteTxn& txn) { return ensure_account(txn, kAnn); }).ok());
    inbox = box("INBOX").id;
    trash = box("Trash").id;
  }
  ~Fixture() {
    store.reset();
    std::filesystem::remove_all(root);
  }
  void open() {
    store.reset();
    auto opened = Store::open(root + "/mail");
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  // Runs `fn` on the writer; the test fails when it does.
  template <class F>
  auto write(F fn) {
    auto result = store->env().write(std::move(fn));
    INFO((result.ok() ? "" : result.error().text));
    REQUIRE(result.ok());
    if constexpr (!std::is_same_v<decltype(result), base::Status>) return std::move(*result);
  }
  template <class F>
  base::Errc refused(F fn) {
    auto result = store->env().write(std::move(fn));
    REQUIRE_FALSE(result.ok());
    return result.error().code;
  }
  template <class F>
  auto read(F fn) {
    auto result = store->env().read(fn);
    INFO((result.ok() ? "" : result.error().text));
    REQUIRE(result.ok());
    return std::move(*result);
  }
  Mailbox box(std::string name, AccountId account = kAnn) {
    return read([&](const ReadTxn& txn) { return find_mailbox(txn, account, name); });
  }
  Mailbox box(MailboxId id) {
    return read([&](const ReadTxn& txn) { return load_mailbox(txn, id); });
  }
  Mailbox create(std::string name, SpecialUse use = SpecialUse::None) {
    return write([&](WriteTxn& txn) { return create_mailbox(txn, kAnn, name, use); });
  }
  Appended add(MailboxId to, const std::string& text, std::uint8_t flags = 0, std::vector<std::string> words = {}) {
    const PreparedBody body = prepare_body(text, "summary of " + text.substr(0, 20));
    Arrival arrival;
    arrival.body = &body;
    arrival.system_flags = flags;
    arrival.keywords = std::move(words);
    arrival.internal_date = 1'700'000'000;
    arrival.zone_minutes = -90;
    arrival.save_date = -5;
    return write([&](WriteTxn& txn) { return append(txn, to, arrival); });
  }
  std::vector<Uid> uids(MailboxId id) {
    return read([&](const ReadTxn& txn) { return list_uids(txn, id); });
  }
  Message message(MailboxId id, Uid uid) {
    auto found = read([&](const ReadTxn& txn) { return find_message(txn, id, uid); });
    REQUIRE(found.has_value());
    return *found;
  }
  std::string names() {
    std::string all;
    for (const Mailbox& each : read([](const ReadTxn& txn) { return list_mailboxes(txn, kAnn); }))
      all += each.name + " ";
    return all;
  }
  Changes since(MailboxId id, ModSeq modseq) {
    return read([&](const ReadTxn& txn) { return changes_since(txn, id, modseq); });
  }
  std::uint64_t entries(std::uint32_t table) {
    return read([&](const ReadTxn& txn) { return txn.entries(lmdb::Table{table}); });
  }

  std::string root;
  std::unique_ptr<Store> store;
  MailboxId inbox, trash;
};

inline std::vector<Uid> expand(const std::vector<UidRange>& ranges) {
  std::vector<Uid> list;
  for (const auto& [first, last] : ranges) {
    for (std::uint32_t uid = first.value; uid <= last.value; ++uid) list.push_back(Uid{uid});
  }
  return list;
}
inline std::vector<Uid> uid_list(std::initializer_list<std::uint32_t> values) {
  std::vector<Uid> list;
  for (const std::uint32_t value : values) list.push_back(Uid{value});
  return list;
}

}  // namespace hearthmail::store::mail
