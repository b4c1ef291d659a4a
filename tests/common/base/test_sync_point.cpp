// Sync points kill where they are told to, and without crash hooks there is nothing of them.
#include "common/base/sync_point.hpp"

#include "tests/support/catch.hpp"

#ifdef HEARTHMAIL_CRASH_HOOKS

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

using hearthmail::base::fault;
using hearthmail::base::kPlanOctets;
using hearthmail::base::sync_point;
using hearthmail::base::SyncPlan;

namespace {

// Runs `body` in a child with the variable set: 0 when it came to its end, 9 when it was killed.
int ended_with(const char* variable, const std::string& value, const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    setenv(variable, value.c_str(), 1);
    _exit(body());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

int reach(const char* name, int times) {
  for (int i = 0; i < times; ++i) sync_point(name);
  return 0;
}

}  // namespace

TEST_CASE("a plan counts only its own point") {
  SyncPlan plan;
  plan.set("before-commit:2");
  CHECK_FALSE(plan.hit("after-commit"));
  CHECK_FALSE(plan.hit("before-commit"));
  plan.set("before-commit:2");  // the same text: the count goes on
  CHECK(plan.hit("before-commit"));
  CHECK_FALSE(plan.hit("before-commit"));
}

TEST_CASE("a plan that is not one arms nothing") {
  const auto* text = GENERATE("", "before-commit", "before-commit:", "before-commit:0", "before-commit:x",
                              "before-commit:1x", ":", "before-commit:-1");
  SyncPlan plan;
  plan.set(text);
  CHECK_FALSE(plan.hit("before-commit"));
  CHECK_FALSE(plan.hit(""));
}

TEST_CASE("a new text arms anew") {
  SyncPlan plan;
  plan.set("a:1");
  plan.set("b:1");
  CHECK_FALSE(plan.hit("a"));
  CHECK(plan.hit("b"));
}

TEST_CASE("the point named by the environment kills at its count") {
  CHECK(ended_with("HEARTHMAIL_SYNC_POINT", "here:3", [] { return reach("here", 2); }) == 0);
  CHECK(ended_with("HEARTHMAIL_SYNC_POINT", "here:3", [] { return reach("here", 3); }) == SIGKILL);
  CHECK(ended_with("HEARTHMAIL_SYNC_POINT", "here:3", [] { return reach("there", 9); }) == 0);
  CHECK(ended_with("HEARTHMAIL_OTHER", "here:1", [] { return reach("here", 9); }) == 0);
}

TEST_CASE("a file arms a point while the program runs") {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("sync" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::filesystem::path file = folder / program_invocation_short_name;
  const auto write = [&file](std::string text) {
    text.resize(kPlanOctets, ' ');
    std::ofstream(file, std::ios::in | std::ios::out) << text;
  };
  std::ofstream(file) << std::string(kPlanOctets, ' ');
  const auto body = [&](const char* reached) {
    return [&write, reached] {
      sync_point("here");
      write("here:1");
      sync_point(reached);
      return 0;
    };
  };
  CHECK(ended_with("HEARTHMAIL_SYNC_POINT", "@" + folder.string(), body("here")) == SIGKILL);
  write("");
  CHECK(ended_with("HEARTHMAIL_SYNC_POINT", "@" + folder.string(), body("there")) == 0);
  CHECK(ended_with("HEARTHMAIL_SYNC_POINT", "@" + folder.string() + "/none", body("here")) == 0);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a fault is on when the environment names it") {
  CHECK(ended_with("HEARTHMAIL_FAULT", "nosync", [] { return fault("nosync") ? 1 : 0; }) == 1);
  CHECK(ended_with("HEARTHMAIL_FAULT", "nosync", [] { return fault("other") ? 1 : 0; }) == 0);
  CHECK(ended_with("HEARTHMAIL_OTHER", "nosync", [] { return fault("nosync") ? 1 : 0; }) == 0);
}

TEST_CASE("the variables of the crash tests are no configuration") {
  CHECK(hearthmail::base::is_crash_variable("HEARTHMAIL_SYNC_POINT"));
  CHECK(hearthmail::base::is_crash_variable("HEARTHMAIL_FAULT"));
  CHECK_FALSE(hearthmail::base::is_crash_variable("HEARTHMAIL_HOSTNAME"));
}

#else

TEST_CASE("without crash hooks a sync point is nothing and no fault can be switched on") {
  setenv("HEARTHMAIL_SYNC_POINT", "here:1", 1);
  setenv("HEARTHMAIL_FAULT", "nosync", 1);
  hearthmail::base::sync_point("here");
  CHECK_FALSE(hearthmail::base::fault("nosync"));
  static_assert(!hearthmail::base::fault("nosync"));
  static_assert(!hearthmail::base::is_crash_variable("HEARTHMAIL_FAULT"));  // so it is refused as an unknown key
}

#endif
