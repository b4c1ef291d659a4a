#include <algorithm>
#include <string>
#include <vector>

#include "store/accounts/accounts.hpp"
#include "store/accounts/tables.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_directory.hpp"

using namespace hearthmail;
using namespace hearthmail::store::accounts;
using base::Errc;

namespace {

struct Fixture {
  test::TempDirectory directory;
  std::unique_ptr<Store> store = std::move(Store::open(directory.path())).value();

  template <class F>
  auto write(F fn) {
    return store->env().write(fn);
  }
  template <class F>
  auto read(F fn) {
    return store->env().read(fn);
  }
  Fixture() {
    REQUIRE(write([](WriteTxn& txn) { return add_domain(txn, "example.test"); }).ok());
    REQUIRE(write([](WriteTxn& txn) { return add_domain(txn, "bücher.example"); }).ok());
  }
  AccountId account(std::string_view address) {
    auto id = write([&](WriteTxn& txn) { return add_account(txn, address, "$argon2id$x", 1000); });
    REQUIRE(id.ok());
    return *id;
  }
  base::Status alias(std::string_view address, const std::vector<std::string>& targets) {
    return write([&](WriteTxn& txn) { return set_alias(txn, address, targets); });
  }
  Resolution resolved(std::string_view address) {
    auto result = read([&](const ReadTxn& txn) { return resolve(txn, address); });
    REQUIRE(result.ok());
    std::sort(result->accounts.begin(), result->accounts.end());
    return *result;
  }
  bool may_send(AccountId id, std::string_view address) {
    auto result = read([&](const ReadTxn& txn) { return may_send_as(txn, id, address); });
    REQUIRE(result.ok());
    return *result;
  }
};

template <class R>
Errc code(const R& result) {
  REQUIRE_FALSE(result.ok());
  return result.error().code;
}

using Ids = std::vector<AccountId>;

}  // namespace

TEST_CASE_METHOD(Fixture, "an account is found by its address, in any case") {
  const auto anna = account("Anna@example.test");
  auto found = read([](const ReadTxn& txn) { return find_account(txn, "aNNA@EXAMPLE.test"); });
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK((*found)->id == anna);
  CHECK((*found)->address == "Anna@example.test");
  CHECK((*found)->credential == "$argon2id$x");
  CHECK((*found)->created == 1000);
  CHECK_FALSE((*found)->disabled);
  auto loaded = read([&](const ReadTxn& txn) { return load_account(txn, anna); });
  CHECK((*loaded)->address == "Anna@example.test");
  CHECK(code(write([](WriteTxn& txn) { return add_account(txn, "anna@Example.test", "", 1); })) == Errc::Exists);
}

TEST_CASE_METHOD(Fixture, "an account needs a domain of ours, and the text says what to do") {
  auto added = write([](WriteTxn& txn) { return add_account(txn, "anna@elsewhere.test", "", 1); });
  REQUIRE(code(added) == Errc::NotFound);
  CHECK(added.error().text.find("hearthmail domain add elsewhere.test") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "account ids are never reused, not even after a restart") {
  const auto first = account("a@example.test");
  const auto second = account("b@example.test");
  CHECK(second.value == first.value + 1);
  REQUIRE(write([](WriteTxn& txn) { return remove_account(txn, "b@example.test"); }).ok());
  store.reset();
  store = std::move(Store::open(directory.path())).value();
  CHECK(account("b@example.test").value == second.value + 1);
  auto gone = read([&](const ReadTxn& txn) { return load_account(txn, second); });
  REQUIRE(gone.ok());
  CHECK_FALSE(gone->has_value());
}

TEST_CASE_METHOD(Fixture, "a changed credential is what the next lookup sees") {
  account("anna@example.test");
  REQUIRE(write([](WriteTxn& txn) { return set_credential(txn, "anna@example.test", "new"); }).ok());
  auto found = read([](const ReadTxn& txn) { return find_account(txn, "anna@example.test"); });
  CHECK((*found)->credential == "new");
  CHECK(code(write([](WriteTxn& txn) { return set_credential(txn, "x@example.test", "new"); })) == Errc::NotFound);
}

TEST_CASE_METHOD(Fixture, "a SCRAM verifier stands beside the credential and goes with it") {
  const auto kept = [this](const char* address) {
    auto found = read([&](const ReadTxn& txn) { return find_account(txn, address); });
    return (*found)->credential + " " + (*found)->scram;
  };
  REQUIRE(write([](WriteTxn& txn) { return add_account(txn, "s@example.test", "hash", 7, "verifier"); }).ok());
  CHECK(kept("s@example.test") == "hash verifier");
  REQUIRE(write([](WriteTxn& txn) { return set_credential(txn, "s@example.test", "hash2", "verifier2"); }).ok());
  CHECK(kept("s@example.test") == "hash2 verifier2");
  // One that fits an older password would let that in.
  REQUIRE(write([](WriteTxn& txn) { return set_credential(txn, "s@example.test", "hash3"); }).ok());
  CHECK(kept("s@example.test") == "hash3 ");
}

TEST_CASE_METHOD(Fixture, "limits stand beside the credential and go with --none") {
  const auto id = account("anna@example.test");
  const auto kept = [&] { return *read([&](const ReadTxn& txn) { return quota_of(txn, id); }); };
  CHECK(kept() == base::Quota{});
  for (const base::Quota& quota :
       {base::Quota{5'000'000'000, {}}, base::Quota{{}, 0}, base::Quota{7, 9}, base::Quota{}}) {
    REQUIRE(write([&](WriteTxn& txn) { return set_quota(txn, "ANNA@example.test", quota); }).ok());
    CHECK(kept() == quota);
    REQUIRE(write([](WriteTxn& txn) { return set_credential(txn, "anna@example.test", "new"); }).ok());
    CHECK(kept() == quota);
  }
  auto found = read([](const ReadTxn& txn) { return find_account(txn, "anna@example.test"); });
  CHECK((*found)->scram.empty());
  CHECK(code(write([](WriteTxn& txn) { return set_quota(txn, "x@example.test", {}); })) == Errc::NotFound);
  CHECK(*read([](const ReadTxn& txn) { return quota_of(txn, AccountId{99}); }) == base::Quota{});
}

TEST_CASE_METHOD(Fixture, "the number behind unknown logins is made once and stays") {
  const auto first = unknown_login_secret(store->env());
  REQUIRE(first.ok());
  CHECK(*first != 0);
  store.reset();
  store = std::move(Store::open(directory.path())).value();
  const auto again = unknown_login_secret(store->env());
  REQUIRE(again.ok());
  CHECK(*again == *first);
  CHECK(account("c@example.test").value == 1);  // the counter of accounts stands beside it
}

TEST_CASE_METHOD(Fixture, "resolution: account, alias, both without tag, catch-all, nobody, not ours") {
  const auto anna = account("anna@example.test");
  const auto bert = account("bert@example.test");
  REQUIRE(alias("info@example.test", {"anna@example.test", "bert@example.test"}).ok());
  CHECK(resolved("anna@example.test").found == Found::Account);
  CHECK(resolved("ANNA+shop@Example.Test").accounts == Ids{anna});
  CHECK(resolved("info@example.test").found == Found::Alias);
  CHECK(resolved("info+x@example.test").accounts == Ids{anna, bert});
  CHECK(resolved("nobody@example.test").found == Found::NoSuchUser);
  CHECK(resolved("nobody@example.test").accounts.empty());
  CHECK(resolved("anna@elsewhere.test").found == Found::NotLocal);
  CHECK(resolved("not an address").found == Found::NotLocal);
  CHECK(resolved("anna@[127.0.0.1]").found == Found::NotLocal);
  REQUIRE(write([](WriteTxn& txn) { return set_catch_all(txn, "example.test", "info@example.test"); }).ok());
  CHECK(resolved("nobody@example.test").found == Found::CatchAll);
  CHECK(resolved("nobody@example.test").accounts == Ids{anna, bert});
  CHECK(resolved("anna@example.test").accounts == Ids{anna});
  REQUIRE(write([](WriteTxn& txn) { return set_catch_all(txn, "example.test", ""); }).ok());
  CHECK(resolved("nobody@example.test").found == Found::NoSuchUser);
}

TEST_CASE_METHOD(Fixture, "an exact account with a plus sign goes before the tag rule") {
  const auto anna = account("anna@example.test");
  const auto list = account("anna+list@example.test");
  CHECK(resolved("anna+list@example.test").accounts == Ids{list});
  CHECK(resolved("anna+other@example.test").accounts == Ids{anna});
}

TEST_CASE_METHOD(Fixture, "aliases nest up to ten levels, and each account appears once") {
  const auto anna = account("anna@example.test");
  CHECK(kMaxAliasDepth == 10);
  std::string below = "anna@example.test";
  for (int level = 1; level <= 10; ++level) {
    const std::string name = "a" + std::to_string(level) + "@example.test";
    REQUIRE(alias(name, {below, "anna@example.test"}).ok());
    below = name;
  }
  CHECK(resolved("a10@example.test").accounts == Ids{anna});
}

TEST_CASE_METHOD(Fixture, "an eleventh level is not entered") {
  account("anna@example.test");
  std::string below = "anna@example.test";
  for (int level = 1; level <= 10; ++level) {
    const std::string name = "a" + std::to_string(level) + "@example.test";
    REQUIRE(alias(name, {below}).ok());
    below = name;
  }
  CHECK(code(alias("a11@example.test", {below})) == Errc::Invalid);
}

TEST_CASE_METHOD(Fixture, "a loop of aliases ends, and one that leads nowhere is refused") {
  const auto anna = account("anna@example.test");
  REQUIRE(alias("one@example.test", {"anna@example.test"}).ok());
  REQUIRE(alias("two@example.test", {"one@example.test"}).ok());
  REQUIRE(alias("one@example.test", {"two@example.test", "anna@example.test"}).ok());  // a loop that also leads out
  CHECK(resolved("one@example.test").accounts == Ids{anna});
  CHECK(resolved("two@example.test").accounts == Ids{anna});
  auto closed = alias("one@example.test", {"two@example.test"});
  REQUIRE(code(closed) == Errc::Invalid);
  CHECK(closed.error().text.find("loop") != std::string::npos);
  CHECK(resolved("one@example.test").accounts == Ids{anna});  // the refused change left nothing behind
}

TEST_CASE_METHOD(Fixture, "an alias never leads outside, to nobody, or over an account") {
  account("anna@example.test");
  CHECK(code(alias("out@example.test", {"someone@elsewhere.test"})) == Errc::Invalid);
  CHECK(code(alias("no@example.test", {"nobody@example.test"})) == Errc::NotFound);
  CHECK(code(alias("anna@example.test", {"anna@example.test"})) == Errc::Exists);
  CHECK(code(alias("a@elsewhere.test", {"anna@example.test"})) == Errc::NotFound);
  CHECK(code(alias("empty@example.test", {})) == Errc::Invalid);
  const std::vector<std::string> many(kMaxAliasTargets + 1, "anna@example.test");
  CHECK(code(alias("many@example.test", many)) == Errc::OverLimit);
  REQUIRE(alias("info@example.test", {"anna@example.test"}).ok());
  CHECK(code(write([](WriteTxn& txn) { return add_account(txn, "info@example.test", "", 1); })) == Errc::Exists);
}

TEST_CASE_METHOD(Fixture, "what still receives for others is not removed") {
  account("anna@example.test");
  REQUIRE(alias("info@example.test", {"anna+info@example.test"}).ok());
  auto removed = write([](WriteTxn& txn) { return remove_account(txn, "anna@example.test"); });
  REQUIRE(code(removed) == Errc::Invalid);
  CHECK(removed.error().text.find("info@example.test") != std::string::npos);
  REQUIRE(write([](WriteTxn& txn) { return set_catch_all(txn, "example.test", "info@example.test"); }).ok());
  CHECK(code(write([](WriteTxn& txn) { return remove_alias(txn, "info@example.test"); })) == Errc::Invalid);
  REQUIRE(write([](WriteTxn& txn) { return set_catch_all(txn, "example.test", ""); }).ok());
  CHECK(code(write([](WriteTxn& txn) { return remove_domain(txn, "example.test"); })) == Errc::Invalid);
  REQUIRE(write([](WriteTxn& txn) { return remove_alias(txn, "info@example.test"); }).ok());
  REQUIRE(write([](WriteTxn& txn) { return remove_account(txn, "anna@example.test"); }).ok());
  REQUIRE(write([](WriteTxn& txn) { return remove_domain(txn, "example.test"); }).ok());
  CHECK(code(write([](WriteTxn& txn) { return remove_alias(txn, "info@example.test"); })) == Errc::NotFound);
  CHECK(code(write([](WriteTxn& txn) { return remove_domain(txn, "example.test"); })) == Errc::NotFound);
}

TEST_CASE_METHOD(Fixture, "who may send as whom: what the account receives") {
  const auto anna = account("anna@example.test");
  const auto bert = account("bert@example.test");
  REQUIRE(alias("info@example.test", {"anna@example.test"}).ok());
  CHECK(may_send(anna, "anna@example.test"));
  CHECK(may_send(anna, "Anna+news@example.test"));
  CHECK(may_send(anna, "info@example.test"));
  CHECK_FALSE(may_send(bert, "info@example.test"));
  CHECK_FALSE(may_send(anna, "bert@example.test"));
  CHECK_FALSE(may_send(anna, "anna@elsewhere.test"));
  CHECK_FALSE(may_send(anna, "anything@example.test"));
  REQUIRE(write([](WriteTxn& txn) { return set_catch_all(txn, "example.test", "anna@example.test"); }).ok());
  CHECK(may_send(anna, "anything@example.test"));
  CHECK_FALSE(may_send(anna, "bert@example.test"));
}

TEST_CASE_METHOD(Fixture, "an internationalised domain is one, however it is written, RFC 5890 2.3.2.1") {
  const auto anna = account("anna@BÜCHER.example");
  CHECK(resolved("anna@xn--bcher-kva.example").accounts == Ids{anna});
  CHECK(resolved("anna@bücher.example").accounts == Ids{anna});
  CHECK(*read([](const ReadTxn& txn) { return is_local_domain(txn, "XN--BCHER-KVA.EXAMPLE"); }));
  CHECK_FALSE(*read([](const ReadTxn& txn) {
    return is_local_domain(txn,
                           "b\xFF"
                           "cher.example");
  }));
  CHECK(code(write([](WriteTxn& txn) { return add_domain(txn, "xn--bcher-kva.example"); })) == Errc::Exists);
}

TEST_CASE_METHOD(Fixture, "lists come in order") {
  account("b@example.test");
  account("a@example.test");
  REQUIRE(alias("z@example.test", {"a@example.test"}).ok());
  auto accounts = read([](const ReadTxn& txn) { return list_accounts(txn); });
  REQUIRE(accounts->size() == 2);
  CHECK((*accounts)[0].address == "a@example.test");
  auto aliases = read([](const ReadTxn& txn) { return list_aliases(txn); });
  REQUIRE(aliases->size() == 1);
  CHECK((*aliases)[0].targets == std::vector<std::string>{"a@example.test"});
  auto domains = read([](const ReadTxn& txn) { return list_domains(txn); });
  REQUIRE(domains->size() == 2);
  CHECK((*domains)[0].name == "example.test");
}

TEST_CASE_METHOD(Fixture, "a damaged record is Corrupt, never a wrong account") {
  const auto anna = account("anna@example.test");
  REQUIRE(write([&](WriteTxn& txn) -> base::Status {
            auto stored = txn.get(kAccounts, account_key(anna));
            std::string damaged(**stored);
            damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
            return txn.put(kAccounts, account_key(anna), damaged);
          }).ok());
  CHECK(code(read([](const ReadTxn& txn) { return find_account(txn, "anna@example.test"); })) == Errc::Corrupt);
  CHECK(code(read([](const ReadTxn& txn) { return resolve(txn, "anna@example.test"); })) == Errc::Corrupt);
}
