// A full disk: a commit is refused cleanly, deleting goes on, and it is over as soon as there is room again.
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>

#include "tests/store/lmdb/fixture.hpp"

namespace hearthmail::store::lmdb {

namespace {

constexpr std::size_t kMega = 1024 * 1024;

// A file system of 24 MiB at Directory::path(); nothing when it cannot be mounted here.
struct SmallDisk {
  explicit SmallDisk(const Directory& dir) : path(dir.path()) {
    ::mkdir(path.c_str(), 0700);
    mounted = ::mount("hearthmail-test", path.c_str(), "tmpfs", 0, "size=24m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted) ::umount2(path.c_str(), MNT_DETACH);
  }
  std::size_t free() const {
    struct statvfs disk {};
    ::statvfs(path.c_str(), &disk);
    return disk.f_bavail * disk.f_frsize;
  }
  void fill() const {
    std::ofstream filler(path + "/filler", std::ios::binary | std::ios::app);
    filler.rdbuf()->pubsetbuf(nullptr, 0);
    const std::string block(4096, 'x');
    while (free() > 0 && filler.write(block.data(), 4096)) continue;
  }
  void empty() const { ::unlink((path + "/filler").c_str()); }
  std::string path;
  bool mounted = false;
};

}  // namespace

TEST_CASE("on a full disk a commit is refused, nothing is changed, deleting works, and no restart is needed") {
  Directory dir;
  const SmallDisk disk(dir);
  if (!disk.mounted) {
    WARN("a small file system cannot be mounted here");
    return;
  }
  auto env = open(dir.path());
  int failures = 0;
  env->on_failed([&](const base::Error&) { ++failures; });
  const std::string kilo(1000, 'v');
  for (int i = 0; i < 100; ++i) REQUIRE(put(*env, kFirst, "k" + std::to_string(i), kilo).ok());
  disk.fill();
  REQUIRE(disk.free() == 0);
  // Far more than the file has ahead of it.
  const auto refused = put(*env, kFirst, "big", std::string(8 * kMega, 'x'));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == base::Errc::Unavailable);
  CHECK(value_of(*env, kFirst, "big") == "(not-found)");
  for (int i = 0; i < 100; ++i) {
    const std::string key = "k" + std::to_string(i);
    CHECK(value_of(*env, kFirst, key) == kilo);
    CHECK(env->write([&](WriteTxn& txn) { return txn.erase(kFirst, key); }).ok());
  }
  CHECK(put(*env, kFirst, "small", "1").ok());
  env.reset();
  env = open(dir.path());  // a restart with a full disk
  CHECK(value_of(*env, kFirst, "small") == "1");
  CHECK(put(*env, kFirst, "small", "2").ok());
  disk.empty();
  CHECK(put(*env, kFirst, "big", std::string(8 * kMega, 'x')).ok());
  CHECK(failures == 0);
}

TEST_CASE("the file owns blocks ahead of its end without being longer") {
  Directory dir;
  auto env = open(dir.path());
  REQUIRE(put(*env, kFirst, "a", "1").ok());
  env.reset();  // its writer thread has ended
  struct stat file {};
  REQUIRE(::stat(dir.data().c_str(), &file) == 0);
  if (static_cast<std::size_t>(file.st_blocks) * 512 <= static_cast<std::size_t>(file.st_size)) {
    WARN("this file system keeps no blocks ahead");
    return;
  }
  CHECK(static_cast<std::size_t>(file.st_blocks) * 512 >= 2 * kMega);
  CHECK(static_cast<std::size_t>(file.st_size) < kMega);
}

TEST_CASE("free pages are counted") {
  Directory dir;
  auto env = open(dir.path());
  REQUIRE(put(*env, kFirst, "big", std::string(4 * kMega, 'x')).ok());
  const auto before = env->reusable_octets();
  REQUIRE(before.ok());
  CHECK(*before < kMega);
  REQUIRE(env->write([](WriteTxn& txn) { return txn.erase(kFirst, "big"); }).ok());
  const auto after = env->reusable_octets();
  REQUIRE(after.ok());
  CHECK(*after >= 4 * kMega);
}

}  // namespace hearthmail::store::lmdb
