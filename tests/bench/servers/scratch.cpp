#include "tests/bench/servers/scratch.hpp"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace hearthmail::bench {

namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using std::chrono::steady_clock;

// How often a service that does not answer yet is tried again.
constexpr std::chrono::microseconds kTryAgain{500};

Error system_error(const std::string& what) { return {Errc::Unavailable, what + ": " + std::strerror(errno)}; }

// A socket that is closed at the end of its scope.
struct Socket {
  int fd;
  explicit Socket(int domain) : fd(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { ::close(fd); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool connect_to(const Socket& socket, const std::string& where) {
  if (where.starts_with('/')) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    where.copy(address.sun_path, sizeof address.sun_path - 1);
    return ::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  const sockaddr_in address = loopback(static_cast<std::uint16_t>(std::stoul(where)));
  return ::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool answers(const std::string& where, bool greeting, std::chrono::milliseconds patience) {
  const Socket socket(where.starts_with('/') ? AF_UNIX : AF_INET);
  if (!connect_to(socket, where)) return false;
  if (!greeting) return true;
  pollfd watched{socket.fd, POLLIN, 0};
  char octet = 0;
  return ::poll(&watched, 1, static_cast<int>(patience.count())) == 1 && ::recv(socket.fd, &octet, 1, 0) == 1;
}

// 0 for a process that has ended, also when nobody has asked how yet.
int parent_of(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(in, line, '\0');  // a process that ends while it is read is a failed read, not an exception
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos || name_end + 4 >= line.size()) return 0;
  if (line[name_end + 2] == 'Z') return 0;
  return std::atoi(line.c_str() + name_end + 4);  // ") S PPID"
}

}  // namespace

std::uint16_t free_port() {
  const Socket socket(AF_INET);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) return 0;
  ::getsockname(socket.fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

Status write_file(const std::string& path, std::string_view content, unsigned mode) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  out.close();
  if (!out || ::chmod(path.c_str(), mode) != 0) return system_error("write " + path);
  return base::ok();
}

Status make_directory(const std::string& path, unsigned mode) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error || ::chmod(path.c_str(), mode) != 0) return system_error("make " + path);
  return base::ok();
}

Status remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return Error{Errc::Unavailable, "remove " + path + ": " + error.message()};
  return base::ok();
}

Status give_to(const std::string& path, const std::string& user, const std::string& group) {
  const passwd* owner = ::getpwnam(user.c_str());
  const ::group* members = ::getgrnam(group.c_str());
  if (owner == nullptr || members == nullptr) return Error{Errc::NotFound, "no user " + user + " or group " + group};
  if (::chown(path.c_str(), owner->pw_uid, members->gr_gid) != 0) return system_error("give " + path + " to " + user);
  return base::ok();
}

Result<std::string> run(const process::Command& command, std::string_view input) {
  // A shell would do the plumbing; the arguments are passed as they are.
  char output_name[] = "/tmp/hearthmail-bench-output-XXXXXX";
  const int output = ::mkostemp(output_name, O_CLOEXEC);
  if (output < 0) return system_error("make a temporary file");
  const std::string input_name = std::string(output_name) + ".in";
  process::Command wrapped = command;
  wrapped.program = "/bin/sh";
  wrapped.arguments = {
      "-c", R"(in=$1 out=$2; shift 2; exec "$@" <"$in" >"$out" 2>&1)", "sh", input_name, output_name, command.program};
  wrapped.arguments.insert(wrapped.arguments.end(), command.arguments.begin(), command.arguments.end());
  Status written = write_file(input_name, input, 0600);
  auto child = process::Child::start(wrapped);
  const auto ends = steady_clock::now() + kServerDeadline;
  if (child.ok()) {
    while (!child->poll() && steady_clock::now() < ends) {
      pollfd watched{child->pid_descriptor(), POLLIN, 0};
      ::poll(&watched, 1, 100);
    }
  }
  std::ifstream in(output_name, std::ios::binary);
  std::string said((std::istreambuf_iterator<char>(in)), {});
  ::close(output);
  ::unlink(output_name);
  ::unlink(input_name.c_str());
  if (!child.ok()) return child.error();
  const auto ended = child->poll();
  if (!ended || !ended->clean()) {
    const std::string how = ended ? ended->text() : "did not end";
    return Error{Errc::Unavailable, command.program + ": " + how + "\n" + said};
  }
  return said;
}

Result<process::Child> run_in_background(process::Command command, const std::string& log) {
  std::vector<std::string> arguments{"-c", R"(log=$1; shift; exec "$@" </dev/null >>"$log" 2>&1)", "sh", log,
                                     command.program};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  command.program = "/bin/sh";
  command.arguments = std::move(arguments);
  return process::Child::start(command);
}

Status wait_for_service(const std::string& where, bool greeting, process::Child* child) {
  const auto ends = steady_clock::now() + kServerDeadline;
  while (steady_clock::now() < ends) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(ends - steady_clock::now());
    if (answers(where, greeting, left)) return base::ok();
    if (child != nullptr && child->poll()) {
      return Error{Errc::Unavailable, "the server ended before " + where + " answered: " + child->poll()->text()};
    }
    std::this_thread::sleep_for(kTryAgain);
  }
  return Error{Errc::Timeout, "nobody answers at " + where};
}

std::string port_name(std::uint16_t port) { return std::to_string(port); }

std::vector<int> process_tree(int root) {
  std::vector<std::pair<int, int>> all;  // process, parent
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0) all.emplace_back(pid, parent_of(pid));
  }
  std::vector<int> tree{root};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    for (const auto& [pid, parent] : all) {
      if (parent == tree[i] && pid != root) tree.push_back(pid);
    }
  }
  return tree;
}

Status wait_for_end(const std::vector<int>& processes) {
  const auto patience = steady_clock::now() + std::chrono::seconds{2};
  const auto ends = steady_clock::now() + kServerDeadline;
  for (const int pid : processes) {
    while (parent_of(pid) != 0) {
      if (steady_clock::now() > patience) ::kill(pid, SIGKILL);
      if (steady_clock::now() > ends) return Error{Errc::Timeout, "process " + std::to_string(pid) + " does not end"};
      std::this_thread::sleep_for(kTryAgain);
    }
  }
  return base::ok();
}

Result<std::uint64_t> blocks_below(const std::string& directory) {
  std::error_code error;
  std::uint64_t blocks = 0;
  std::filesystem::recursive_directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    struct stat found {};
    if (::lstat(at->path().c_str(), &found) == 0 && S_ISREG(found.st_mode))
      blocks += static_cast<std::uint64_t>(found.st_blocks);
  }
  if (error) return Error{Errc::Unavailable, directory + ": " + error.message()};
  return blocks * 512;  // stat(2): st_blocks are of 512 octets
}

Status explained(Status status, const std::vector<std::string>& logs) {
  if (status.ok()) return status;
  constexpr std::size_t kTail = 2000;  // octets
  std::string text = status.error().text;
  for (const std::string& log : logs) {
    std::ifstream in(log, std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(in)), {});
    if (!all.empty()) text += "\n" + log + ":\n" + all.substr(all.size() - std::min(all.size(), kTail));
  }
  return Error{status.error().code, text};
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace hearthmail::bench
