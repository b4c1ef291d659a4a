#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "tests/store/lmdb/fixture.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

TEST_CASE("a new environment is private: directory 0700, file 0600") {
  Directory dir;
  auto env = open(dir.path());
  struct stat info {};
  REQUIRE(::stat(dir.path().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0700U);
  REQUIRE(::stat(dir.data().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
}

TEST_CASE("the lock file has no hole that a full disk would turn into SIGBUS") {
  Directory dir;
  { auto env = open(dir.path()); }
  auto env = open(dir.path());
  struct stat info {};
  REQUIRE(::stat((dir.path() + "/lock.mdb").c_str(), &info) == 0);
  CHECK(info.st_size > 0);
  CHECK(info.st_blocks * 512 >= info.st_size);
}

TEST_CASE("what was written is there after a reopen") {
  Directory dir;
  {
    auto env = open(dir.path());
    REQUIRE(put(*env, kFirst, "key", "value").ok());
    CHECK(value_of(*env, kSecond, "key") == "(not-found)");
  }
  auto env = open(dir.path());
  CHECK(value_of(*env, kFirst, "key") == "value");
}

TEST_CASE("a second open of a directory in this process is refused") {
  Directory dir;
  auto env = open(dir.path());
  const std::string other_name = dir.root + "/./env/";
  auto second = Env::open(other_name, options());
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().text.find("already open") != std::string::npos);
  env.reset();
  CHECK(Env::open(other_name, options()).ok());
}

TEST_CASE("processes that make the same environment at the same moment all get it") {
  constexpr int kProcesses = 6;
  for (int round = 0; round < 5; ++round) {
    Directory dir;
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      const pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        auto env = Env::open(dir.path(), options());
        ::_exit(env.ok() && put(**env, kFirst, std::to_string(i), "here").ok() ? 0 : 1);
      }
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      CHECK(status == 0);
    }
    auto env = open(dir.path());
    for (int i = 0; i < kProcesses; ++i) CHECK(value_of(*env, kFirst, std::to_string(i)) == "here");
  }
}

TEST_CASE("a newer format is refused, naming both versions") {
  Directory dir;
  open(dir.path(), options("test", 7)).reset();
  auto older_program = Env::open(dir.path(), options("test", 6));
  REQUIRE_FALSE(older_program.ok());
  CHECK(older_program.error().code == Errc::Unsupported);
  CHECK(older_program.error().text.find("format 7") != std::string::npos);
  CHECK(older_program.error().text.find("format 6") != std::string::npos);
}

TEST_CASE("an older format is read, and becomes ours with the first change") {
  Directory dir;
  open(dir.path(), options("test", 1)).reset();
  auto newer = open(dir.path(), options("test", 2));
  newer.reset();
  CHECK(Env::open(dir.path(), options("test", 1)).ok());  // only looked at: the older program still reads it
  newer = open(dir.path(), options("test", 2));
  REQUIRE(newer->write([](WriteTxn& txn) { return txn.put(kFirst, "key", "value"); }).ok());
  newer.reset();
  CHECK_FALSE(Env::open(dir.path(), options("test", 1)).ok());
  CHECK(value_of(*open(dir.path(), options("test", 2)), kFirst, "key") == "value");
}

TEST_CASE("another schema is refused") {
  Directory dir;
  open(dir.path(), options("queue")).reset();
  auto wrong = Env::open(dir.path(), options("mail"));
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().code == Errc::Unsupported);
  CHECK(wrong.error().text.find("\"queue\"") != std::string::npos);
}

TEST_CASE("a truncated file is refused with a text that names restore") {
  Directory dir;
  {
    auto env = open(dir.path());
    for (int i = 0; i < 64; ++i) REQUIRE(put(*env, kFirst, "key" + std::to_string(i), std::string(20000, 'x')).ok());
  }
  const auto size = std::filesystem::file_size(dir.data());
  std::filesystem::resize_file(dir.data(),
                               GENERATE_COPY(size - 4096, size / 2, std::uintmax_t{8192}, std::uintmax_t{5000}));
  auto cut = Env::open(dir.path(), options());
  REQUIRE_FALSE(cut.ok());
  CHECK(cut.error().code == Errc::Corrupt);
  CHECK(cut.error().text.find("hearthmail restore") != std::string::npos);
}

TEST_CASE("a file that is short only by free pages opens, RESTORE is asked for when a used page is missing") {
  Directory dir;
  {
    auto env = open(dir.path());
    for (int i = 0; i < 40; ++i) REQUIRE(put(*env, kSecond, "big" + std::to_string(i), std::string(50000, 'x')).ok());
    REQUIRE(env->write([](WriteTxn& txn) { return txn.erase_prefix(kSecond, "big"); }).ok());
    for (int i = 0; i < 20; ++i) REQUIRE(put(*env, kFirst, "key", "value").ok());  // the trees move to low pages
  }
  int accepted = 0;
  for (auto size = std::filesystem::file_size(dir.data()); size > 8192; size -= 4096) {
    std::filesystem::resize_file(dir.data(), size);
    auto env = Env::open(dir.path(), options());
    if (!env.ok()) {
      CHECK(env.error().code == Errc::Corrupt);
      break;
    }
    CHECK(value_of(**env, kFirst, "key") == "value");
    ++accepted;
  }
  CHECK(accepted > 1);
}

TEST_CASE("an LMDB file of nobody's making is refused") {
  Directory dir;
  std::filesystem::create_directory(dir.path());
  std::ofstream(dir.data()) << std::string(20000, 'x');
  auto env = Env::open(dir.path(), options());
  REQUIRE_FALSE(env.ok());
  CHECK(env.error().code == Errc::Corrupt);
}

namespace {

// Runs `work` in a process of its own; it must be started before this process opens anything.
template <class F>
pid_t in_child(F work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // never outlives a failed test by much
    ::_exit(work() ? 0 : 1);
  }
  return child;
}

bool succeeded(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool count_up(const std::string& path, int times, EnvOptions how) {
  auto env = Env::open(path, std::move(how));
  if (!env.ok()) return false;
  for (int i = 0; i < times; ++i) {
    const Status counted = (*env)->write([](WriteTxn& txn) -> Status {
      TRY_ASSIGN(auto old, txn.get(kFirst, "count"));
      const int value = old ? std::stoi(std::string(*old)) : 0;
      return txn.put(kFirst, "count", std::to_string(value + 1));
    });
    if (!counted.ok()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("two processes write one environment and lose nothing") {
  Directory dir;
  std::filesystem::create_directory(dir.path());
  const pid_t one = in_child([&] { return count_up(dir.path(), 200, options()); });
  const pid_t two = in_child([&] { return count_up(dir.path(), 200, options()); });
  CHECK(count_up(dir.path(), 200, options()));
  CHECK(succeeded(one));
  CHECK(succeeded(two));
  auto env = open(dir.path());
  CHECK(value_of(*env, kFirst, "count") == "600");
}

TEST_CASE("a larger map of another process is adopted by readers and the writer") {
  Directory dir;
  int ready[2], grown[2];
  REQUIRE(::pipe(ready) == 0);
  REQUIRE(::pipe(grown) == 0);
  const pid_t other = in_child([&] {
    char go = 0;
    if (::read(ready[0], &go, 1) != 1) return false;
    auto env = Env::open(dir.path(), options());
    if (!env.ok()) return false;
    const bool done = put(**env, kFirst, "large", std::string(4U << 20U, 'x')).ok();
    return done && ::write(grown[1], "g", 1) == 1;
  });
  EnvOptions small = options();
  small.map_octets = 1U << 20U;
  auto env = open(dir.path(), small);
  CHECK(put(*env, kFirst, "key", "value").ok());
  CHECK(value_of(*env, kFirst, "key") == "value");
  REQUIRE(::write(ready[1], "r", 1) == 1);
  char done = 0;
  REQUIRE(::read(grown[0], &done, 1) == 1);
  SECTION("reading first") { CHECK(value_of(*env, kFirst, "large").size() == 4U << 20U); }
  SECTION("writing first") { CHECK(put(*env, kFirst, "key", "new").ok()); }
  CHECK(value_of(*env, kFirst, "large").size() == 4U << 20U);
  CHECK(succeeded(other));
  for (const int fd : {ready[0], ready[1], grown[0], grown[1]}) ::close(fd);
}

TEST_CASE("the slot of a reader that was killed is freed") {
  Directory dir;
  int opened[2];
  REQUIRE(::pipe(opened) == 0);
  EnvOptions few = options();
  few.max_readers = 3;  // the killed one's, and two here
  const pid_t reader = in_child([&] {
    auto env = Env::open(dir.path(), few);
    if (!env.ok()) return false;
    const Status never = (*env)->read([&](const ReadTxn&) -> Status {
      if (::write(opened[1], "o", 1) == 1) ::pause();
      return base::ok();
    });
    return never.ok();
  });
  char byte = 0;
  REQUIRE(::read(opened[0], &byte, 1) == 1);
  auto env = open(dir.path(), few);
  ::kill(reader, SIGKILL);
  CHECK_FALSE(succeeded(reader));
  env->check_readers();
  const auto nothing = [](const ReadTxn&) { return base::ok(); };
  const auto inner = [&](const ReadTxn&) { return env->read(nothing); };
  const auto outer = [&](const ReadTxn&) { return env->read(inner); };
  CHECK(env->read(outer).ok());  // three at once
  for (const int fd : opened) ::close(fd);
}

}  // namespace hearthmail::store::lmdb
