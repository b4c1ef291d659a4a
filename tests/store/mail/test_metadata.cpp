#include "store/mail/metadata.hpp"

#include "store/mail/tables.hpp"
#include "tests/store/mail/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::store::mail;

TEST_CASE_METHOD(Fixture, "annotations belong to a mailbox and an owner, RFC 5464 3.1", "[metadata]") {
  const AnnotationScope mine{inbox, kAnn}, shared{inbox, AccountId{0}}, other{inbox, kBob}, server{MailboxId{0}, kAnn};
  const auto set = [this](AnnotationScope scope, std::string name, std::optional<std::string> value) {
    write([&](WriteTxn& txn) { return set_annotation(txn, scope, name, value); });
  };
  const auto get = [this](AnnotationScope scope, std::string name) {
    return read([&](const ReadTxn& txn) { return find_annotation(txn, scope, name); });
  };
  set(mine, "/comment", "mine");
  set(shared, "/comment", "");
  set(server, "/comment", "server");
  CHECK(get(mine, "/comment") == "mine");
  CHECK(get(shared, "/comment") == "");
  CHECK(get(server, "/comment") == "server");
  CHECK(get(other, "/comment") == std::nullopt);
  set(mine, "/a", std::string(kMaxAnnotationValue, 'x'));
  const auto all = read([&](const ReadTxn& txn) { return list_annotations(txn, mine); });
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "/a");
  CHECK(all[1].value == "mine");
  set(mine, "/a", std::nullopt);
  set(mine, "/a", std::nullopt);  // it is gone already
  CHECK(get(mine, "/a") == std::nullopt);
  open();
  CHECK(get(mine, "/comment") == "mine");
  write([](WriteTxn& txn) { return delete_account(txn, kAnn); });
  for (const auto& scope : {mine, shared, server}) CHECK(get(scope, "/comment") == std::nullopt);
}

TEST_CASE_METHOD(Fixture, "annotations are limited in size and number", "[metadata]") {
  const AnnotationScope scope{inbox, kAnn};
  const auto set = [&](const std::string& name, const std::string& value) {
    return store->env().write([&](WriteTxn& txn) { return set_annotation(txn, scope, name, value); });
  };
  CHECK(set("/x", std::string(kMaxAnnotationValue + 1, 'x')).error().code == base::Errc::Invalid);
  CHECK(set("/" + std::string(kMaxAnnotationName, 'x'), "x").error().code == base::Errc::Invalid);
  for (std::size_t i = 0; i < kMaxAnnotations; ++i) REQUIRE(set("/" + std::to_string(i), "x").ok());
  CHECK(set("/more", "x").error().code == base::Errc::OverLimit);
  CHECK(set("/0", "another").ok());
}
