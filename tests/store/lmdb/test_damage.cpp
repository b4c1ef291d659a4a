// Each kind of damage that LMDB takes on trust, done to a file by hand: the open says so and names `restore`.
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>

#include "store/lmdb/guard.hpp"
#include "store/lmdb/layout.hpp"
#include "tests/store/lmdb/fixture.hpp"

namespace hearthmail::store::lmdb {

using base::Errc;
using layout::load;

namespace {

constexpr std::size_t kPage = 4096;

// A store with branch pages, values that lie in runs of pages, and a free list.
struct Damaged : Directory {
  Damaged() {
    static const std::string sound = make();
    std::filesystem::create_directory(path());
    std::ofstream(data(), std::ios::binary) << sound;
    read();
  }
  static std::string make() {
    Directory made;
    auto env = open(made.path());
    const auto fill = [](WriteTxn& txn) -> base::Status {
      for (int i = 0; i < 600; ++i) TRY(txn.put(kFirst, "key" + std::to_string(1000 + i), std::string(200, 'v')));
      for (int i = 0; i < 8; ++i) TRY(txn.put(kSecond, "big" + std::to_string(i), std::string(20000, 'b')));
      return base::ok();
    };
    REQUIRE(env->write(fill).ok());
    REQUIRE(env->write([](WriteTxn& txn) { return txn.erase(kSecond, "big3"); }).ok());
    REQUIRE(put(*env, kFirst, "last", "value").ok());
    env.reset();
    std::ifstream in(made.data(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void read() {
    std::ifstream in(data(), std::ios::binary);
    octets.assign(std::istreambuf_iterator<char>(in), {});
    newest = meta(0).transaction > meta(1).transaction ? 0 : 1;
  }
  layout::Meta meta(std::size_t page) const { return layout::load_meta(std::string_view(octets).substr(page * kPage)); }
  template <class T>
  void set(std::size_t page, std::size_t at, T value) {
    std::memcpy(octets.data() + page * kPage + at, &value, sizeof value);
  }
  template <class T>
  T get(std::size_t page, std::size_t at) const {
    return load<T>(octets, page * kPage + at);
  }
  // The tree of a table, by its record in the main tree's only leaf.
  layout::Tree table(const std::string& name) const {
    const std::size_t top = meta(newest).main.root;
    const std::size_t nodes = (get<std::uint16_t>(top, layout::kPageLower) - layout::kPageHeader) / 2u;
    for (std::size_t i = 0; i < nodes; ++i) {
      const std::size_t at = get<std::uint16_t>(top, layout::kPageHeader + 2 * i);
      const std::size_t key = get<std::uint16_t>(top, at + 6);
      if (octets.compare(top * kPage + at + 8, key, name) == 0) {
        return layout::load_tree(octets, top * kPage + at + 8 + key);
      }
    }
    return {};
  }
  std::size_t node(std::size_t page, std::size_t index) const {
    return get<std::uint16_t>(page, layout::kPageHeader + 2 * index);
  }
  std::size_t leaf() const {  // the first of the table `first`
    const std::size_t top = table("first").root;
    return get<std::uint16_t>(top, node(top, 0));
  }
  std::size_t big() const {  // the first page of the first value of `second`
    const std::size_t top = table("second").root;
    return get<std::uint64_t>(top, node(top, 0) + 8 + get<std::uint16_t>(top, node(top, 0) + 6));
  }
  std::size_t free_leaf() const { return meta(newest).free.root; }
  base::Result<std::unique_ptr<Env>> reopen(EnvOptions how = options()) {
    std::ofstream(data(), std::ios::binary | std::ios::trunc) << octets;
    return Env::open(path(), std::move(how));
  }
  void refused() {
    auto env = reopen();
    REQUIRE_FALSE(env.ok());
    INFO(env.error().text);
    CHECK(env.error().code == Errc::Corrupt);
    CHECK(env.error().text.find("hearthmail restore") != std::string::npos);
  }
  std::string octets;
  std::size_t newest = 0;
};

}  // namespace

TEST_CASE_METHOD(Damaged, "the sound file opens, whole") {
  REQUIRE(table("first").depth == 2);
  REQUIRE(meta(newest).free.depth == 1);
  auto env = reopen();
  REQUIRE(env.ok());
  const auto lost = (*env)->check_pages();
  REQUIRE(lost.ok());
  CHECK(*lost == 0);
  CHECK(value_of(**env, kFirst, "last") == "value");
}

TEST_CASE_METHOD(Damaged, "a page's header") {
  const std::size_t page = GENERATE(0u, 1u) == 0 ? leaf() : table("first").root;
  SECTION("another page's number") { set<std::uint64_t>(page, 0, page + 1); }
  SECTION("another kind") { set<std::uint16_t>(page, layout::kPageFlags, layout::kOverflow); }
  SECTION("a dirty flag") {
    set<std::uint16_t>(page, layout::kPageFlags, get<std::uint16_t>(page, layout::kPageFlags) | 0x10);
  }
  SECTION("one record less") {
    set<std::uint16_t>(page, layout::kPageLower,
                       static_cast<std::uint16_t>(get<std::uint16_t>(page, layout::kPageLower) - 2));
  }
  SECTION("lower over upper") { set<std::uint16_t>(page, layout::kPageLower, 4000); }
  SECTION("upper past the end") { set<std::uint16_t>(page, layout::kPageUpper, 5000); }
  SECTION("all zeros") { octets.replace(page * kPage, kPage, std::string(kPage, '\0')); }
  SECTION("a zeroed sector") { octets.replace(page * kPage + 3584, 512, std::string(512, '\0')); }
  refused();
}

TEST_CASE_METHOD(Damaged, "a node") {
  const std::size_t page = leaf(), at = node(page, 1);
  SECTION("its place outside the page") { set<std::uint16_t>(page, layout::kPageHeader + 2, 60000); }
  SECTION("its place in the header") { set<std::uint16_t>(page, layout::kPageHeader + 2, 8); }
  SECTION("two at one place") {
    set<std::uint16_t>(page, layout::kPageHeader + 2, static_cast<std::uint16_t>(node(page, 0)));
  }
  SECTION("a longer value") { set<std::uint16_t>(page, at, 300); }
  SECTION("a huge value") { set<std::uint16_t>(page, at + 2, 40000); }
  SECTION("a huge key") { set<std::uint16_t>(page, at + 6, 60000); }
  SECTION("a value in pages that is none") { set<std::uint16_t>(page, at + 4, layout::kBigValue); }
  SECTION("a kind that we do not use") { set<std::uint16_t>(page, at + 4, 4); }
  SECTION("keys out of order") { set<char>(page, at + 8, 'a'); }
  SECTION("a key that belongs into the next page") {
    set<char>(page, node(page, get<std::uint16_t>(page, layout::kPageLower) / 2u - 9u) + 8, 'z');
  }
  refused();
}

TEST_CASE_METHOD(Damaged, "a branch, a run of pages, a table's record") {
  const std::size_t top = table("first").root;
  SECTION("a child outside the file") { set<std::uint16_t>(top, node(top, 1) + 2, 7); }
  SECTION("a child twice") { set<std::uint16_t>(top, node(top, 1), static_cast<std::uint16_t>(leaf())); }
  SECTION("a child of another table") {
    set<std::uint16_t>(top, node(top, 1), static_cast<std::uint16_t>(table("second").root));
  }
  SECTION("a run that is longer") { set<std::uint32_t>(big(), layout::kOverflowPages, 6); }
  SECTION("a run that is shorter") { set<std::uint32_t>(big(), layout::kOverflowPages, 1); }
  SECTION("a run of another page") { set<std::uint64_t>(big(), 0, 2); }
  SECTION("another count of records") {
    const std::size_t main = meta(newest).main.root;
    const std::size_t at = node(main, 1);
    set<std::uint64_t>(main, at + 8 + get<std::uint16_t>(main, at + 6) + 32, 599);
  }
  refused();
}

TEST_CASE_METHOD(Damaged, "the free list: LMDB would write new pages over live ones") {
  const std::size_t page = free_leaf(), at = node(page, 0), list = at + 8 + get<std::uint16_t>(page, at + 6);
  REQUIRE(get<std::uint64_t>(page, list) >= 1);
  SECTION("a live page in it") { set<std::uint64_t>(page, list + 8 * get<std::uint64_t>(page, list), leaf()); }
  SECTION("a page outside the file") { set<std::uint64_t>(page, list + 8, 1'000'000); }
  SECTION("a meta page") { set<std::uint64_t>(page, list + 8 * get<std::uint64_t>(page, list), 1); }
  SECTION("a count that is too great") { set<std::uint64_t>(page, list, 500); }
  SECTION("of a transaction that never was") { set<std::uint64_t>(page, at + 8, 1'000'000); }
  refused();
}

TEST_CASE_METHOD(Damaged, "a page that is neither used nor free is counted and does no harm") {
  const std::size_t page = free_leaf(), at = node(page, 0), list = at + 8 + get<std::uint16_t>(page, at + 6);
  set<std::uint64_t>(page, list, get<std::uint64_t>(page, list) - 1);
  auto env = reopen();
  REQUIRE(env.ok());
  const auto lost = (*env)->check_pages();
  REQUIRE(lost.ok());
  CHECK(*lost == 1);
  for (int i = 0; i < 3; ++i) REQUIRE(put(**env, kFirst, "new" + std::to_string(i), "value").ok());
  CHECK((*env)->check_pages().ok());
  CHECK(value_of(**env, kFirst, "last") == "value");
}

TEST_CASE_METHOD(Damaged, "a meta page") {
  const std::size_t page = newest;
  SECTION("its kind") { set<std::uint16_t>(page, layout::kPageFlags, 0); }
  SECTION("its magic") { set<std::uint32_t>(page, layout::kMetaMagic, 1); }
  SECTION("its version") { set<std::uint32_t>(page, layout::kMetaVersion, 2); }
  SECTION("the page size") { set<std::uint32_t>(page, layout::kMetaFreeTree, 8192); }
  SECTION("the last page") { set<std::uint64_t>(page, layout::kMetaLastPage, meta(page).last_page - 1); }
  SECTION("a last page far away") { set<std::uint64_t>(page, layout::kMetaLastPage, ~std::uint64_t{1}); }
  SECTION("the main tree of the commit before") {
    set<std::uint64_t>(page, layout::kMetaMainTree + 40, meta(1 - page).main.root);
  }
  SECTION("no main tree") { set<std::uint64_t>(page, layout::kMetaMainTree + 40, layout::kNoPage); }
  SECTION("zeros") { octets.replace(page * kPage, kPage, std::string(kPage, '\0')); }
  SECTION("the other one, so that the last commit would be gone") {
    octets.replace(page * kPage, kPage, octets.substr((1 - page) * kPage, kPage));
  }
  SECTION("nothing at all is left of the file") { octets.clear(); }
  SECTION("an odd end") { octets.resize(4500); }
  refused();
}

TEST_CASE_METHOD(Damaged, "a flipped bit in a meta page's transaction number does not bring the past back") {
  const std::size_t page = GENERATE(0u, 1u);
  const unsigned bit = GENERATE(0u, 1u, 2u, 3u, 7u, 8u, 31u, 63u);
  set<std::uint64_t>(page, layout::kMetaTransaction,
                     get<std::uint64_t>(page, layout::kMetaTransaction) ^ (std::uint64_t{1} << bit));
  auto env = reopen();
  if (!env.ok()) CHECK(env.error().text.find("hearthmail restore") != std::string::npos);
  else CHECK(value_of(**env, kFirst, "last") == "value");
}

TEST_CASE_METHOD(Damaged, "a meta page that was written in part leaves the last commit or the next") {
  const std::string before = octets;
  put(*Env::open(path(), options()).value(), kFirst, "next", "value").ok();
  const std::size_t old = newest;
  read();
  REQUIRE(newest != old);
  const std::string after = octets;
  const auto written = GENERATE(range(std::size_t{0}, layout::kMetaEnd - layout::kMetaMapSize, std::size_t{5}));
  const std::size_t at = newest * kPage + layout::kMetaMapSize;
  octets.replace(at + written, layout::kMetaEnd - layout::kMetaMapSize - written, before, at + written,
                 layout::kMetaEnd - layout::kMetaMapSize - written);
  auto env = reopen();
  REQUIRE(env.ok());
  CHECK(value_of(**env, kFirst, "last") == "value");
}

TEST_CASE_METHOD(Damaged, "what the start had no time for is found in the background, and the next start reads all") {
  set<char>(leaf(), node(leaf(), 1) + 8, 'a');
  EnvOptions hurried = options();
  hurried.check_at_open = std::chrono::milliseconds(0);
  auto env = reopen(hurried);
  if (env.ok()) {
    std::mutex mutex;
    std::condition_variable found;
    std::string text;
    (*env)->on_failed([&](const base::Error& error) {
      const std::lock_guard lock(mutex);
      text = error.text;
      found.notify_one();
    });
    std::unique_lock lock(mutex);
    CHECK(found.wait_for(lock, std::chrono::seconds(30), [&] { return !text.empty(); }));
    CHECK(text.find("hearthmail restore") != std::string::npos);
    lock.unlock();
    CHECK_FALSE(put(**env, kFirst, "more", "value").ok());
    env->reset();
  }
  auto again = Env::open(path(), hurried);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().code == Errc::Corrupt);
}

TEST_CASE_METHOD(Damaged, "a file that is cut while it is open ends the program with a line, not with SIGBUS") {
  int output[2];
  REQUIRE(::pipe(output) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(output[1], STDERR_FILENO);
    auto env = Env::open(path(), options());
    std::filesystem::resize_file(data(), 2 * kPage);
    ::_exit(env.ok() && value_of(**env, kFirst, "last") == "value" ? 0 : 1);
  }
  ::close(output[1]);
  std::string said;
  char buffer[512];
  for (ssize_t got = ::read(output[0], buffer, sizeof buffer); got > 0;
       got = ::read(output[0], buffer, sizeof buffer)) {
    said.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(output[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  INFO(said);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == kExitDamaged);
  CHECK(said.find(data()) != std::string::npos);
  CHECK(said.find("hearthmail restore") != std::string::npos);
}

TEST_CASE("what a creation that was cut short left behind does not matter") {
  Directory dir;
  std::filesystem::create_directories(dir.path() + "/new-abcdef");
  std::ofstream(dir.path() + "/new-abcdef/data.mdb") << "half";
  auto env = open(dir.path());
  CHECK(put(*env, kFirst, "key", "value").ok());
  CHECK_FALSE(std::filesystem::exists(dir.path() + "/new-abcdef"));
}

}  // namespace hearthmail::store::lmdb
