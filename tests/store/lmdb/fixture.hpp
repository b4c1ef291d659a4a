// A directory that goes away, and short ways to use an environment in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "store/lmdb/env.hpp"
#include "tests/support/catch.hpp"

namespace hearthmail::store::lmdb {

struct Directory {
  Directory() {
    char name[] = "/tmp/hearthmail-lmdb-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    root = name;
  }
  ~Directory() { std::filesystem::remove_all(root); }
  std::string path() const { return root + "/env"; }
  std::string data() const { return path() + "/data.mdb"; }
  std::string root;
};

inline EnvOptions options(std::string schema = "test", std::uint32_t version = 1) {
  EnvOptions result;
  result.tables = {"first", "second"};
  result.schema = std::move(schema);
  result.format_version = version;
  return result;
}

constexpr Table kFirst{0}, kSecond{1};

inline std::unique_ptr<Env> open(const std::string& path, EnvOptions how = options()) {
  auto env = Env::open(path, std::move(how));
  INFO((env.ok() ? "" : env.error().text));
  REQUIRE(env.ok());
  return std::move(*env);
}

inline std::string value_of(Env& env, Table table, std::string_view key) {
  auto found = env.read([&](const ReadTxn& txn) -> base::Result<std::string> {
    TRY_ASSIGN(auto value, txn.get(table, key));
    if (!value) return base::Error{base::Errc::NotFound, "absent"};
    return std::string(*value);
  });
  return found.ok() ? *found : "(" + std::string(base::name(found.error().code)) + ")";
}

inline base::Status put(Env& env, Table table, std::string key, std::string value) {
  return env.write([&](WriteTxn& txn) { return txn.put(table, key, value); });
}

}  // namespace hearthmail::store::lmdb
