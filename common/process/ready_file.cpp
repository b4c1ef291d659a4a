#include "common/process/ready_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace hearthmail::process {
namespace {

constexpr std::size_t kMostOctets = 4096;  // of a ready file

std::string path_of(const std::string& run_dir, std::string_view program) {
  return run_dir + "/" + std::string(program) + ".json";
}

base::Error system_error(const std::string& path) {
  const base::Errc code = errno == ENOENT ? base::Errc::NotFound : base::Errc::Unavailable;
  return base::Error{code, path + ": " + std::strerror(errno)};
}

base::Status write_file(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return base::Error{base::Errc::Unavailable, path + ": " + std::strerror(errno)};
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const base::Error error{base::Errc::Unavailable, path + ": " + std::strerror(errno)};
  ::close(file);
  if (!written) return error;
  return base::ok();
}

base::Result<std::string> read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return system_error(path);
  std::string text(kMostOctets, '\0');
  const ssize_t count = ::read(file, text.data(), text.size());
  const base::Error error = system_error(path);
  ::close(file);
  if (count < 0) return error;
  text.resize(static_cast<std::size_t>(count));
  return text;
}

bool is_port(const nlohmann::json& value) { return value.is_number_unsigned() && value.get<std::uint64_t>() <= 65535; }

}  // namespace

base::Status write_ready_file(const std::string& run_dir, std::string_view program, const Ports& ports) {
  nlohmann::ordered_json content;
  content["program"] = std::string(program);
  content["pid"] = ::getpid();
  content["ports"] = nlohmann::ordered_json::object();
  for (const auto& [service, port] : ports) content["ports"][service] = port;
  const std::string text = content.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  const std::string path = path_of(run_dir, program);
  const std::string temporary = path + "." + std::to_string(::getpid());
  TRY(write_file(temporary, text));
  if (::rename(temporary.c_str(), path.c_str()) == 0) return base::ok();
  const base::Error error = system_error(path);
  ::unlink(temporary.c_str());
  return error;
}

void remove_ready_file(const std::string& run_dir, std::string_view program) {
  const auto found = read_ready_file(run_dir, program);
  if (found.ok() && found->pid == ::getpid()) ::unlink(path_of(run_dir, program).c_str());
}

base::Result<ReadyFile> read_ready_file(const std::string& run_dir, std::string_view program) {
  const std::string path = path_of(run_dir, program);
  TRY_ASSIGN(const std::string text, read_file(path));
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  const base::Error corrupt{base::Errc::Corrupt, path + " is not what a daemon of ours writes"};
  if (!parsed.is_object() || !parsed.contains("program") || !parsed["program"].is_string() || !parsed.contains("pid") ||
      !parsed["pid"].is_number_integer() || !parsed.contains("ports") || !parsed["ports"].is_object()) {
    return corrupt;
  }
  ReadyFile file{parsed["program"].get<std::string>(), parsed["pid"].get<pid_t>(), {}};
  for (const auto& [service, port] : parsed["ports"].items()) {
    if (!is_port(port)) return corrupt;
    file.ports.emplace_back(service, port.get<std::uint16_t>());
  }
  return file;
}

}  // namespace hearthmail::process
