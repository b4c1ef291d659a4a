#include "tests/store/lmdb/fixture.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Result;
using base::Status;

TEST_CASE("put, insert, erase and count") {
  Directory dir;
  auto env = open(dir.path());
  const Status done = env->write([](WriteTxn& txn) -> Status {
    TRY(txn.put(kFirst, "a", "1"));
    CHECK(txn.insert(kFirst, "a", "2").error().code == Errc::Exists);
    TRY(txn.insert(kFirst, "b", ""));
    CHECK(*txn.erase(kFirst, "b"));
    CHECK_FALSE(*txn.erase(kFirst, "b"));
    TRY(txn.put(kFirst, "a", "3"));
    CHECK(**txn.get(kFirst, "a") == "3");
    CHECK(*txn.entries(kFirst) == 1);
    CHECK(*txn.entries(kSecond) == 0);
    return base::ok();
  });
  CHECK(done.ok());
  CHECK(value_of(*env, kFirst, "a") == "3");
}

TEST_CASE("a key has 1 to 511 octets") {
  Directory dir;
  auto env = open(dir.path());
  CHECK(put(*env, kFirst, std::string(kMaxKey, 'k'), "v").ok());
  CHECK(put(*env, kFirst, std::string(kMaxKey + 1, 'k'), "v").error().code == Errc::Invalid);
  CHECK(put(*env, kFirst, "", "v").error().code == Errc::Invalid);
  CHECK(put(*env, kFirst, "k", "").ok());
}

TEST_CASE("a cursor walks in the order of unsigned octets") {
  Directory dir;
  auto env = open(dir.path());
  for (const char* key : {"b", "a", "\xff", "ab", "c"}) REQUIRE(put(*env, kFirst, key, key).ok());
  const auto walk = [](const ReadTxn& txn) -> Result<std::string> {
    std::string seen;
    Cursor cursor = txn.cursor(kFirst);
    TRY_ASSIGN(auto at, cursor.seek("ab"));
    for (; at;) {
      seen += std::string(at->key) + ",";
      TRY_ASSIGN(at, cursor.next());
    }
    TRY_ASSIGN(at, cursor.last());
    seen += "last " + std::string(at->key);
    TRY_ASSIGN(at, cursor.previous());
    seen += " before " + std::string(at->key);
    TRY_ASSIGN(at, cursor.seek(""));
    seen += " first " + std::string(at->key);
    TRY_ASSIGN(at, cursor.previous());
    CHECK_FALSE(at);
    TRY_ASSIGN(at, cursor.seek("\xff\xff"));
    CHECK_FALSE(at);
    return seen;
  };
  auto seen = env->read(walk);
  REQUIRE(seen.ok());
  CHECK(*seen == "ab,b,c,\xff,last \xff before c first a");
}

TEST_CASE("erase_prefix takes that prefix alone") {
  Directory dir;
  auto env = open(dir.path());
  const Status done = env->write([](WriteTxn& txn) -> Status {
    for (int i = 0; i < 3000; ++i) TRY(txn.put(kFirst, "p" + std::to_string(i), std::string(40, 'v')));
    TRY(txn.put(kFirst, "o", "v"));
    TRY(txn.put(kFirst, "q", "v"));
    CHECK(*txn.erase_prefix(kFirst, "p1") == 1111);
    CHECK(*txn.erase_prefix(kFirst, "p") == 1889);
    CHECK(*txn.erase_prefix(kFirst, "p") == 0);
    CHECK(*txn.entries(kFirst) == 2);
    CHECK(*txn.erase_prefix(kFirst, "") == 2);
    return base::ok();
  });
  CHECK(done.ok());
}

TEST_CASE("a snapshot does not see later commits") {
  Directory dir;
  auto env = open(dir.path());
  REQUIRE(put(*env, kFirst, "k", "old").ok());
  const Status looked = env->read([&](const ReadTxn& txn) -> Status {
    CHECK(put(*env, kFirst, "k", "new").ok());
    CHECK(**txn.get(kFirst, "k") == "old");
    CHECK(value_of(*env, kFirst, "k") == "new");
    return base::ok();
  });
  CHECK(looked.ok());
}

TEST_CASE("a cursor stays right while its transaction writes") {
  Directory dir;
  auto env = open(dir.path());
  const Status done = env->write([](WriteTxn& txn) -> Status {
    for (int i = 1000; i < 2000; ++i) TRY(txn.put(kFirst, std::to_string(i), "v"));
    Cursor cursor = txn.cursor(kFirst);
    int seen = 0;
    TRY_ASSIGN(auto at, cursor.seek(""));
    while (at) {
      const std::string key(at->key);
      ++seen;
      TRY(txn.put(kFirst, key, std::string(100, 'w')));
      TRY(txn.put(kSecond, key, "x"));
      TRY_ASSIGN(at, cursor.next());
    }
    CHECK(seen == 1000);
    return base::ok();
  });
  CHECK(done.ok());
}

}  // namespace hearthmail::store::lmdb
