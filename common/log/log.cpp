#include "common/log/log.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <vector>

#include "common/base/text.hpp"
#include "common/log/line.hpp"

namespace hearthmail::log {
namespace {

// Set by setup() before any thread starts; read by every thread afterwards.
struct Sink {
  std::string program = "hearthmail";
  std::atomic<Level> least{Level::Info};
  std::atomic<bool> json{false};
};

Sink& sink() {
  static Sink one;
  return one;
}

// One write(2) per line, so that lines of threads and programs that share standard error do not mix. Only when the
// system took a part of the line is the rest written after it; a line that standard error cannot take is dropped.
void print(std::string_view line) {
  while (!line.empty()) {
    const ssize_t count = ::write(STDERR_FILENO, line.data(), line.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

void setup(std::string_view program, Level least, Format format) {
  sink().program = program;
  sink().least = least;
  sink().json = format == Format::Json || (format == Format::Auto && ::isatty(STDERR_FILENO) == 0);
}

base::Result<Level> parse_level(std::string_view text) {
  static const std::vector<std::string> kNames{"debug", "info", "warning", "error"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<Level>(i);
  }
  std::string problem = "unknown log level \"" + base::printable(text) + "\": use " + base::join(kNames, ", ");
  const auto meant = base::nearest(text, kNames);
  if (meant) problem += "; did you mean \"" + *meant + "\"?";
  return base::Error{base::Errc::Invalid, problem};
}

void write(Level level, std::string_view event, Fields fields) {
  if (level < sink().least.load(std::memory_order_relaxed)) return;
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const bool json = sink().json.load(std::memory_order_relaxed);
  print(json ? json_line(now, level, sink().program, event, fields)
             : human_line(now, level, sink().program, event, fields));
}

}  // namespace hearthmail::log
