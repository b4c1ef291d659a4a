#include "common/process/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

namespace hearthmail::process {
namespace {

base::Error exec_error(const std::string& program, int error) {
  base::Errc code = base::Errc::Unavailable;
  if (error == ENOENT) code = base::Errc::NotFound;
  if (error == EACCES || error == EPERM) code = base::Errc::Denied;
  return base::Error{code, "cannot run " + program + ": " + std::strerror(error)};
}

bool matches(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

std::vector<std::string> environment_for(const Command& command) {
  std::vector<std::string> out;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view whole(*entry);
    const std::string_view name = whole.substr(0, whole.find('='));
    const bool dropped =
        std::any_of(command.unset.begin(), command.unset.end(),
                    [&](const auto& pattern) { return matches(name, pattern); }) ||
        std::any_of(command.set.begin(), command.set.end(), [&](const auto& pair) { return pair.first == name; });
    if (!dropped) out.emplace_back(whole);
  }
  for (const auto& [name, value] : command.set) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Between fork and exec: only async-signal-safe calls. Tells errno through `report` when the program cannot run.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment, int report,
                         pid_t parent, bool own_group) {
  if (own_group) ::setpgid(0, 0);
  if (parent != 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);  // it died meanwhile
  }
  std::signal(SIGPIPE, SIG_DFL);  // an ignored signal stays ignored across exec
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvpe(program, arguments, environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(report, &error, sizeof error);
  ::_exit(127);
}

int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

std::string Exit::text() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  return "killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

base::Result<Child> Child::start(const Command& command) {
  std::vector<std::string> argument_texts{command.program};
  argument_texts.insert(argument_texts.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment_texts = environment_for(command);
  const std::vector<char*> arguments = pointers(argument_texts);
  const std::vector<char*> environment = pointers(environment_texts);
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return exec_error(command.program, errno);
  const pid_t parent = command.ends_with_parent ? ::getpid() : 0;
  const pid_t pid = ::fork();
  if (pid == 0)
    become(command.program.c_str(), arguments.data(), environment.data(), report[1], parent, command.own_group);
  const int fork_error = errno;
  ::close(report[1]);
  int error = pid < 0 ? fork_error : 0;
  // The end of the pipe without a word means that exec worked.
  while (pid > 0 && ::read(report[0], &error, sizeof error) < 0 && errno == EINTR) continue;
  ::close(report[0]);
  if (error == 0) return Child(pid, open_pidfd(pid));
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  return exec_error(command.program, error);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::exchange(other.pidfd_, -1)), exit_(other.exit_) {}

Child::~Child() {
  if (pid_ > 0 && !poll()) stop(std::chrono::milliseconds{0});
  if (pidfd_ >= 0) ::close(pidfd_);
}

std::optional<Exit> Child::poll() {
  if (exit_) return exit_;
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == pid_) {
    exit_ = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
  } else if (ended < 0 && errno == ECHILD) {
    exit_ = Exit{-1, 0};  // somebody else reaped it
  }
  return exit_;
}

void Child::send(int signal) {
  if (!poll()) ::kill(pid_, signal);
}

// False when it still runs at `end`.
bool Child::wait_until(std::chrono::steady_clock::time_point end) {
  constexpr int kLookEvery = 20;  // milliseconds, where the kernel gives no pid descriptor
  while (!poll()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd watched{pidfd_, POLLIN, 0};
    const int wait = static_cast<int>(std::min<long>(left, pidfd_ < 0 ? kLookEvery : 1000));
    ::poll(&watched, 1, wait);
  }
  return true;
}

Exit Child::stop(std::chrono::milliseconds grace) {
  if (grace.count() > 0) {
    send(SIGTERM);
    if (wait_until(std::chrono::steady_clock::now() + grace)) return *exit_;
  }
  send(SIGKILL);
  while (!wait_until(std::chrono::steady_clock::now() + std::chrono::seconds{1})) continue;
  return *exit_;
}

}  // namespace hearthmail::process
