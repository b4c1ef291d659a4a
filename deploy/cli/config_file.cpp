#include "deploy/cli/config_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/base/text.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Status;

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

namespace {

// The file is read from any working directory.
std::string absolute(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

}  // namespace

std::string config_text(std::string_view sample, const config::Settings& settings) {
  std::string out;
  for (std::string_view line : base::split(sample, '\n')) {
    if (line == "#data_dir = \"\"") out += "data_dir = " + toml_string(absolute(settings.data_dir));
    else if (line == "#hostname = \"\"") out += "hostname = " + toml_string(settings.hostname);
    else out += line;
    out += '\n';
  }
  if (!sample.empty() && sample.back() == '\n') out.pop_back();  // split sees an empty line after the last newline
  return out;
}

Status write_new_file(const std::string& path, std::string_view text) {
  const auto failed = [&path] {
    return Error{Errc::Unavailable, "cannot write " + path + ": " + std::strerror(errno)};
  };
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return failed();
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      Error error = failed();
      close(file);
      return error;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (close(file) != 0) return failed();
  return base::ok();
}

}  // namespace hearthmail::cli
