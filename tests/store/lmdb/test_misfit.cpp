// A record whose checksum covers its key: when the key is damaged, the open puts the record back or says that it cannot.
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>

#include "store/lmdb/misfit.hpp"
#include "tests/store/lmdb/fixture.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;

namespace {

std::string checksum(std::string_view key, std::string_view record) {
  std::uint32_t sum = 2166136261U;
  for (const std::string_view part : {key, std::string_view("/"), record}) {
    for (const char c : part) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return {reinterpret_cast<const char*>(&sum), sizeof sum};
}
std::string sealed(std::string_view key, std::string_view record) {
  return checksum(key, record) + std::string(record);
}
bool belongs(std::string_view key, std::string_view value) {
  return value.size() >= 4 && checksum(key, value.substr(4)) == value.substr(0, 4);
}

EnvOptions with_seals(Misplaced misplaced = Misplaced::Report) {
  EnvOptions result = options();
  result.sealed = {kFirst};
  result.belongs = belongs;
  result.misplaced = misplaced;
  return result;
}

std::string record_of(int i) { return "record " + std::to_string(i) + std::string(i == 7 ? 20000 : 60, 'r'); }
std::string key_of(int i) { return "key" + std::to_string(1000 + i) + "@"; }

// Two hundred sealed records, one of them in pages of its own, and as many that are not.
struct Sealed : Directory {
  Sealed() {
    auto env = lmdb::open(path(), with_seals());
    REQUIRE(env->write([](WriteTxn& txn) -> base::Status {
                 for (int i = 0; i < 200; ++i) {
                   TRY(txn.put(kFirst, key_of(i), sealed(key_of(i), record_of(i))));
                   TRY(txn.put(kSecond, key_of(i), "not sealed"));
                 }
                 return base::ok();
               })
                .ok());
  }
  // Writes `after` wherever the file holds `before`, which must be of the same length.
  void replace(const std::string& before, const std::string& after) {
    REQUIRE(before.size() == after.size());
    std::ifstream in(data(), std::ios::binary);
    std::string octets{std::istreambuf_iterator<char>(in), {}};
    std::size_t times = 0;
    for (std::size_t at = octets.find(before); at != octets.npos; at = octets.find(before, at + 1), ++times) {
      octets.replace(at, after.size(), after);
    }
    REQUIRE(times > 0);
    std::ofstream(data(), std::ios::binary | std::ios::trunc) << octets;
  }
  // The record's key becomes `key`.
  void move_record(int i, const std::string& key) {
    const std::string value = sealed(key_of(i), record_of(i)).substr(0, i == 7 ? 0 : 12);
    replace(key_of(i) + value, key + value);
  }
  // What stands under the keys of record 50's neighbours and its own.
  static void all_is_there(Env& env) {
    for (const int i : {6, 7, 8, 49, 50, 51})
      CHECK(value_of(env, kFirst, key_of(i)) == sealed(key_of(i), record_of(i)));
    CHECK(*env.read([](const ReadTxn& txn) { return txn.entries(kFirst); }) == 200);
    CHECK(env.check_pages().ok());
  }
};

}  // namespace

TEST_CASE_METHOD(Sealed, "a record under a damaged key is put back by the open") {
  SECTION("one bit") { move_record(50, "key1050A"); }
  SECTION("two bits") { move_record(50, "key1050C"); }
  SECTION("a bit that leaves it in order, far from its place") { move_record(199, "kgy1199@"); }
  SECTION("a value in pages of its own") { move_record(7, "key1007B"); }
  SECTION("two records") {
    move_record(50, "key1050A");
    move_record(7, "key1007B");
  }
  {
    const auto env = lmdb::open(path(), with_seals());
    all_is_there(*env);
    CHECK(env->stats().lost_records == 0);
    CHECK(value_of(*env, kFirst, key_of(199)) == sealed(key_of(199), record_of(199)));
  }
  all_is_there(*lmdb::open(path(), with_seals(Misplaced::Refuse)));
}

TEST_CASE_METHOD(Sealed, "a damaged value stays for whoever reads it, and nothing else is lost") {
  const std::string value = sealed(key_of(50), record_of(50));
  std::string damaged = value;
  damaged[30] = static_cast<char>(damaged[30] ^ 4);
  if (GENERATE(false, true)) damaged[9] = static_cast<char>(damaged[9] ^ 1);
  replace(value, damaged);
  const auto env = lmdb::open(path(), with_seals(Misplaced::Refuse));
  CHECK(value_of(*env, kFirst, key_of(50)) == damaged);
  CHECK(env->stats().lost_records == 0);
}

TEST_CASE_METHOD(Sealed, "a record of which nobody can say where it belongs") {
  const std::string value = sealed(key_of(50), record_of(50));
  replace(key_of(50) + value, "key1050A" + value.substr(0, 20) + "other" + value.substr(25));
  SECTION("is named, and all else is used") {
    const auto env = lmdb::open(path(), with_seals());
    CHECK(env->stats().lost_records == 1);
    CHECK(value_of(*env, kFirst, key_of(49)) == sealed(key_of(49), record_of(49)));
  }
  SECTION("is a refusal for those who may not answer without it") {
    const auto env = Env::open(path(), with_seals(Misplaced::Refuse));
    REQUIRE_FALSE(env.ok());
    CHECK(env.error().code == Errc::Corrupt);
    CHECK(env.error().text.find("hearthmail restore") != std::string::npos);
    CHECK(env.error().text.find("hearthmail check --repair") != std::string::npos);
  }
  SECTION("is left alone for the check") {
    const auto env = lmdb::open(path(), with_seals(Misplaced::Leave));
    CHECK(env->stats().lost_records == 0);
    CHECK(value_of(*env, kFirst, "key1050A").size() == value.size());
  }
}

TEST_CASE_METHOD(Sealed, "a record is never put over another one") {
  std::string value = sealed(key_of(51), record_of(50));  // stands under key_of(50), fits key_of(51)
  replace(sealed(key_of(50), record_of(50)), value);
  const auto env = Env::open(path(), with_seals(Misplaced::Refuse));
  REQUIRE_FALSE(env.ok());
  CHECK(env.error().code == Errc::Corrupt);
  const auto look = lmdb::open(path(), with_seals(Misplaced::Report));
  CHECK(look->stats().lost_records == 1);
  CHECK(value_of(*look, kFirst, key_of(51)) == sealed(key_of(51), record_of(51)));
}

TEST_CASE_METHOD(Sealed, "a damaged key that only the background finds is put back by the next start") {
  // So many before it that a start without time does not come to it.
  REQUIRE(lmdb::open(path(), with_seals())
              ->write([](WriteTxn& txn) -> base::Status {
                for (int i = 1000; i < 3000; ++i) {
                  const std::string key = "a" + std::to_string(i);
                  TRY(txn.put(kFirst, key, sealed(key, record_of(i))));
                }
                return base::ok();
              })
              .ok());
  move_record(50, "key1050A");
  EnvOptions hurried = with_seals();
  hurried.check_at_open = std::chrono::milliseconds(0);
  {
    auto env = Env::open(path(), hurried);
    REQUIRE(env.ok());
    std::mutex mutex;
    std::condition_variable stopped;
    bool failed = false;
    (*env)->on_failed([&](const base::Error&) {
      const std::lock_guard lock(mutex);
      failed = true;
      stopped.notify_one();
    });
    std::unique_lock lock(mutex);
    CHECK(stopped.wait_for(lock, std::chrono::seconds(30), [&] { return failed; }));
  }
  const auto env = lmdb::open(path(), hurried);
  CHECK(value_of(*env, kFirst, key_of(50)) == sealed(key_of(50), record_of(50)));
  CHECK_FALSE(std::filesystem::exists(path() + "/damaged"));
}

TEST_CASE_METHOD(Sealed, "a table whose name was damaged is not replaced by an empty one") {
  replace("first", "firsp");
  const auto env = Env::open(path(), with_seals());
  REQUIRE_FALSE(env.ok());
  CHECK(env.error().code == Errc::Corrupt);
  CHECK(env.error().text.find("hearthmail restore") != std::string::npos);
}

TEST_CASE_METHOD(Sealed, "a table that is younger than the file is made") {
  EnvOptions more = with_seals();
  more.tables.emplace_back("third");
  const auto env = lmdb::open(path(), more);
  CHECK(value_of(*env, kFirst, key_of(50)) == sealed(key_of(50), record_of(50)));
  CHECK(put(*env, Table{2}, "key", "value").ok());
}

TEST_CASE("which part of a record was damaged", "[misfit]") {
  const auto wrong = [](std::string key, std::string value) {
    Misfit misfit{"table", std::move(key), std::move(value)};
    examine(misfit, belongs);
    return misfit;
  };
  const std::string big = sealed("a key", std::string(100'000, 'b'));
  CHECK(wrong("a key", sealed("a keY", "record")).right_key == "a keY");
  std::string value = sealed("a key", "record");
  value[6] = static_cast<char>(value[6] ^ 2);
  CHECK(wrong("a key", value).wrong == Misfit::Wrong::Value);
  CHECK(wrong("a kex", big).right_key == "a key");
  CHECK(wrong("a key", big.substr(0, 99'000) + std::string(1004, 'c')).wrong == Misfit::Wrong::Value);
  CHECK(wrong("a key",
              "\1\2\3\4"
              "nothing that was ever sealed")
            .wrong == Misfit::Wrong::Unknown);
  CHECK(wrong("a key", "").wrong == Misfit::Wrong::Unknown);
}

}  // namespace hearthmail::store::lmdb
