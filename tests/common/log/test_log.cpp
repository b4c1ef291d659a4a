#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "common/base/text.hpp"
#include "common/log/line.hpp"
#include "common/log/log.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;

namespace {

constexpr std::chrono::milliseconds kTime{1'795'459'130'045};  // 2026-11-23T18:38:50.045Z

// Catches what is written to standard error while it lives.
class CaughtStderr {
 public:
  CaughtStderr() {
    REQUIRE(::pipe(pipe_) == 0);
    saved_ = ::dup(STDERR_FILENO);
    ::dup2(pipe_[1], STDERR_FILENO);
  }
  ~CaughtStderr() { restore(); }
  std::string text() {
    restore();
    std::string all;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(pipe_[0], buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<std::size_t>(n));
    return all;
  }

 private:
  void restore() {
    if (saved_ < 0) return;
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    ::close(pipe_[1]);
    saved_ = -1;
  }
  int pipe_[2] = {-1, -1};
  int saved_ = -1;
};

}  // namespace

TEST_CASE("a human line has time, level, program, event and fields") {
  CHECK(log::human_line(kTime, log::Level::Info, "hearthmail-relay", "delivered",
                        {{"mailbox", "INBOX"}, {"octets", 4096}}) ==
        "2026-11-23T18:38:50.045Z info hearthmail-relay delivered mailbox=INBOX octets=4096\n");
}

TEST_CASE("a human value is quoted when it has blanks, quotes or is empty, and stays on its line") {
  CHECK(log::human_line(kTime, log::Level::Error, "p", "e", {{"a", "two words"}, {"b", ""}, {"c", "x=\"1\"\\"}}) ==
        "2026-11-23T18:38:50.045Z error p e a=\"two words\" b=\"\" c=\"x=\\\"1\\\"\\\\\"\n");
  CHECK(log::human_line(kTime, log::Level::Error, "p", "e\r\nforged", {{"a", "1\n2\x1b[31m\x7f"}}) ==
        "2026-11-23T18:38:50.045Z error p e\\r\\nforged a=\"1\\n2\\x1b[31m\\x7f\"\n");
}

TEST_CASE("a human value keeps UTF-8 and escapes what is not UTF-8, and C1 controls") {
  CHECK(log::human_line(kTime, log::Level::Info, "p", "e",
                        {{"a", "gr\xc3\xbc\xc3\x9f"}, {"b", "\xff\xc3"}, {"c", "\xc2\x9b"}}) ==
        "2026-11-23T18:38:50.045Z info p e a=\"gr\xc3\xbc\xc3\x9f\" b=\"\\xff\\xc3\" c=\"\\xc2\\x9b\"\n");
}

TEST_CASE("a JSON line is one object per line, with numbers as numbers") {
  const std::string line = log::json_line(kTime, log::Level::Warning, "hearthmail-receiver", "login failed",
                                          {{"user", "a\"b\n\x01"}, {"count", -3}, {"level", "x"}});
  CHECK(line.find('\n') == line.size() - 1);
  const auto parsed = nlohmann::json::parse(line);
  CHECK(parsed["time"] == "2026-11-23T18:38:50.045Z");
  CHECK(parsed["level"] == "warning");
  CHECK(parsed["program"] == "hearthmail-receiver");
  CHECK(parsed["event"] == "login failed");
  CHECK(parsed["user"] == "a\"b\n\x01");
  CHECK(parsed["count"] == -3);
  CHECK(parsed["level_"] == "x");
}

TEST_CASE("invalid UTF-8 in a JSON line is replaced and does not throw") {
  const std::string line = log::json_line(kTime, log::Level::Info, "p", "e\xff", {{"k\xfe", "v\xc3"}});
  const auto parsed = nlohmann::json::parse(line);
  CHECK(parsed["event"] == "e\xef\xbf\xbd");
  CHECK(parsed["k\xef\xbf\xbd"] == "v\xef\xbf\xbd");
}

TEST_CASE("a long value is cut at its limit, between characters") {
  std::string value(log::kMaxValue - 1, 'x');
  value += "\xc3\xbc and more";
  const auto parsed = nlohmann::json::parse(log::json_line(kTime, log::Level::Info, "p", "e", {{"v", value}}));
  CHECK(parsed["v"] == std::string(log::kMaxValue - 1, 'x') + "...");
}

TEST_CASE("a level is parsed, and an unknown one is answered with the nearest name") {
  CHECK(log::parse_level("warning").value() == log::Level::Warning);
  CHECK(log::parse_level("debug").value() == log::Level::Debug);
  const auto wrong = log::parse_level("wraning");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().code == base::Errc::Invalid);
  CHECK(wrong.error().text.find("did you mean \"warning\"?") != std::string::npos);
  CHECK(log::parse_level("zzzzzzzz").error().text.find("did you mean") == std::string::npos);
}

TEST_CASE("lines go to standard error whole, from any thread, and only from the least level on") {
  CaughtStderr caught;
  log::setup("hearthmail-test", log::Level::Info, log::Format::Json);
  log::debug("not seen");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) log::info("seen", {{"thread", t}, {"text", std::string(100, 'y')}});
    });
  }
  for (auto& thread : threads) thread.join();
  const std::string text = caught.text();
  std::size_t lines = 0;
  for (const auto line : base::split(text, '\n')) {
    if (line.empty()) continue;
    ++lines;
    const auto parsed = nlohmann::json::parse(line);
    CHECK(parsed["program"] == "hearthmail-test");
    CHECK(parsed["event"] == "seen");
  }
  CHECK(lines == 200);
}
