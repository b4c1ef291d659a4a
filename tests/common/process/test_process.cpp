#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>

#include "common/process/last_words.hpp"
#include "common/process/limits.hpp"
#include "common/process/lock_file.hpp"
#include "common/process/notify.hpp"
#include "common/process/ready_file.hpp"
#include "common/process/spawn.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_directory.hpp"

using namespace hearthmail;
using base::Errc;
using process::Child;
using process::Command;
using namespace std::chrono_literals;

namespace {

class TempDir : public test::TempDirectory {
 public:
  std::string read(const std::string& name) const {
    std::ifstream in(path(name));
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
};

Command shell(const std::string& script) { return {"/bin/sh", {"-c", script}, {}, {}, true}; }

Child start(const Command& command) {
  auto child = Child::start(command);
  if (!child.ok()) FAIL(child.error().text);
  return std::move(child).value();
}

process::Exit end_of(Child& child) {
  for (;;) {
    const auto ended = child.poll();
    if (ended) return *ended;
    ::usleep(1000);
  }
}

}  // namespace

TEST_CASE("a write to a peer that left fails and does not kill") {
  process::ignore_sigpipe();
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  CHECK(::write(ends[1], "x", 1) == -1);
  CHECK(errno == EPIPE);
  ::close(ends[1]);
}

TEST_CASE("the soft limit of descriptors rises to the hard one") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 64;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  const std::size_t now = process::raise_descriptor_limit();
  rlimit after{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &after) == 0);
  CHECK(now == std::min<std::size_t>(before.rlim_max, process::kMostDescriptors));
  CHECK(after.rlim_cur == now);
}

TEST_CASE("notify sends the state to the service manager's socket, named or abstract, and is silent without one") {
  const TempDir dir;
  const bool abstract = GENERATE(false, true);
  const std::string path = abstract ? "@hearthmail-test-" + std::to_string(::getpid()) : dir.path() + "/notify";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (abstract) address.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  ::unsetenv("NOTIFY_SOCKET");
  process::notify("READY=1");
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  process::notify("STATUS=3 sessions");
  std::array<char, 64> buffer{};
  const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  REQUIRE(count > 0);
  CHECK(std::string(buffer.data(), static_cast<std::size_t>(count)) == "STATUS=3 sessions");
  ::unsetenv("NOTIFY_SOCKET");
  ::close(fd);
}

TEST_CASE("the ready file tells pid and ports, and only its writer removes it") {
  const TempDir dir;
  CHECK(process::read_ready_file(dir.path(), "p").error().code == Errc::NotFound);
  REQUIRE(process::write_ready_file(dir.path(), "p", {{"imap", 1143}, {"smtp", 2525}}).ok());
  CHECK(dir.read("p.json") ==
        "{\"program\":\"p\",\"pid\":" + std::to_string(::getpid()) + ",\"ports\":{\"imap\":1143,\"smtp\":2525}}\n");
  const auto file = process::read_ready_file(dir.path(), "p");
  REQUIRE(file.ok());
  CHECK(file->pid == ::getpid());
  CHECK(file->ports == process::Ports{{"imap", 1143}, {"smtp", 2525}});
  process::remove_ready_file(dir.path(), "p");
  CHECK(std::filesystem::is_empty(dir.path()));

  std::ofstream(dir.path() + "/q.json") << "{\"program\":\"q\",\"pid\":1,\"ports\":{}}";
  process::remove_ready_file(dir.path(), "q");
  CHECK(std::filesystem::exists(dir.path() + "/q.json"));
  for (const char* wrong : {"", "[", "{}", "{\"program\":\"q\",\"pid\":1,\"ports\":{\"a\":70000}}"}) {
    std::ofstream(dir.path() + "/q.json") << wrong;
    CHECK(process::read_ready_file(dir.path(), "q").error().code == Errc::Corrupt);
  }
  CHECK(process::write_ready_file(dir.path() + "/none", "p", {}).error().code == Errc::Unavailable);
}

TEST_CASE("a second instance is refused with the pid of the first, until that one goes") {
  const TempDir dir;
  const std::string run_dir = dir.path() + "/run";
  {
    const auto first = process::LockFile::acquire(run_dir, "hearthmail-x");
    REQUIRE(first.ok());
    const auto second = process::LockFile::acquire(run_dir, "hearthmail-x");
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().code == Errc::Exists);
    CHECK(second.error().text.find("hearthmail-x runs already with pid " + std::to_string(::getpid())) == 0);
    CHECK(process::LockFile::acquire(run_dir, "hearthmail-y").ok());
  }
  CHECK(process::LockFile::acquire(run_dir, "hearthmail-x").ok());
  CHECK(process::LockFile::acquire(dir.path() + "/a/b", "x").error().code == Errc::Unavailable);
}

TEST_CASE("a child gets the environment without what is unset and with what is set") {
  const TempDir dir;
  ::setenv("HEARTHMAIL_RELAY_MAIN_PASSWORD", "secret", 1);
  ::setenv("HEARTHMAIL_OTHER", "kept", 1);
  ::setenv("HEARTHMAIL_NAMED", "gone", 1);
  Command command = shell("env | grep ^HEARTHMAIL_ | sort > " + dir.path() + "/out");
  command.unset = {"HEARTHMAIL_RELAY_*", "HEARTHMAIL_NAMED"};
  command.set = {{"HEARTHMAIL_NEW", "a b"}};
  Child child = start(command);
  CHECK(end_of(child).clean());
  CHECK(dir.read("out") == "HEARTHMAIL_NEW=a b\nHEARTHMAIL_OTHER=kept\n");
  ::unsetenv("HEARTHMAIL_RELAY_MAIN_PASSWORD");
  ::unsetenv("HEARTHMAIL_OTHER");
  ::unsetenv("HEARTHMAIL_NAMED");
}

TEST_CASE("a program that cannot run is an error, not a child") {
  CHECK(Child::start({"/nonexistent/program", {}, {}, {}, true}).error().code == Errc::NotFound);
  CHECK(Child::start({"/etc/passwd", {}, {}, {}, true}).error().code == Errc::Denied);
}

TEST_CASE("a child's end is told: its code or its signal") {
  Child coded = start(shell("exit 3"));
  CHECK(end_of(coded).text() == "exit code 3");
  Child killed = start(shell("kill -9 $$"));
  const auto exit = end_of(killed);
  CHECK(exit.signal == SIGKILL);
  CHECK(exit.text() == "killed by signal 9 (Killed)");
  CHECK_FALSE(exit.clean());
}

TEST_CASE("stop asks with SIGTERM and insists with SIGKILL") {
  Child polite = start({"/bin/sleep", {"100"}, {}, {}, true});
  CHECK_FALSE(polite.poll().has_value());
  CHECK(polite.stop(5s).signal == SIGTERM);
  const TempDir dir;
  Child stubborn = start(shell("trap '' TERM; echo > " + dir.path() + "/up; while :; do sleep 0.01; done"));
  while (!std::filesystem::exists(dir.path() + "/up")) ::usleep(1000);
  CHECK(stubborn.stop(20ms).signal == SIGKILL);
  CHECK(stubborn.stop(20ms).signal == SIGKILL);  // again changes nothing
}

TEST_CASE("a program without memory says so and ends with a code of its own, any other exception aborts") {
  const bool no_memory = GENERATE(true, false);
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // Catch and the sanitizers listen to it
    ::dup2(ends[1], STDERR_FILENO);
    process::install_last_words();
    const auto fail = [no_memory] {
      if (no_memory) throw std::bad_alloc();
      throw 1;
    };
    const auto end = [&fail]() noexcept { fail(); };
    end();
  }
  ::close(ends[1]);
  std::array<char, 200> words{};
  const auto count = ::read(ends[0], words.data(), words.size());
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (no_memory) {
    CHECK(std::string(words.data(), static_cast<std::size_t>(count)).find("out of memory") != std::string::npos);
    CHECK(WEXITSTATUS(status) == process::kExitNoMemory);
  } else {
    CHECK(WIFSIGNALED(status));
  }
}
