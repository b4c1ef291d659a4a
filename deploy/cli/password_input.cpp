#include "deploy/cli/password_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "common/auth/password.hpp"
#include "common/base/text.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Result;
using base::Secret;

namespace {

constexpr std::size_t kMostRead = 64 * 1024;  // octets; a password is one line

volatile std::sig_atomic_t arrived_signal = 0;
int signal_pipe[2] = {-1, -1};  // a signal that comes just before the wait must end the wait too

void note_signal(int signal) {
  const int before = errno;
  arrived_signal = signal;
  [[maybe_unused]] const ssize_t told = write(signal_pipe[1], "", 1);
  errno = before;
}

// Waits until `descriptor` can be read; false when a signal came that SignalsHeld holds.
bool wait_readable(int descriptor) {
  std::array<pollfd, 2> watched{{{descriptor, POLLIN, 0}, {signal_pipe[0], POLLIN, 0}}};
  while (poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) continue;
  return watched[1].revents == 0;
}

// Reads until the end, a newline or kMostRead octets.
std::string read_line(int descriptor) {
  std::string text;
  char c = 0;
  while (text.size() < kMostRead) {
    if (!wait_readable(descriptor)) break;
    const ssize_t got = read(descriptor, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text += c;
    if (c == '\n') break;
  }
  return text;
}

// Puts off the end by a signal while it lives, so that what has to be put right first is.
class SignalsHeld {
 public:
  SignalsHeld() {
    arrived_signal = 0;
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return;
    struct sigaction noted {};
    noted.sa_handler = note_signal;
    for (std::size_t i = 0; i < kHeld.size(); ++i) sigaction(kHeld[i], &noted, &before_[i]);
  }
  ~SignalsHeld() {
    if (signal_pipe[0] < 0) return;
    for (std::size_t i = 0; i < kHeld.size(); ++i) sigaction(kHeld[i], &before_[i], nullptr);
    for (int& end : signal_pipe) close(std::exchange(end, -1));
    if (arrived_signal != 0) raise(arrived_signal);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  static constexpr std::array<int, 4> kHeld{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<struct sigaction, 4> before_{};
};

// Switches the terminal's echo off while it lives.
class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal), changed_(tcgetattr(terminal, &before_) == 0) {
    if (!changed_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    changed_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  ~NoEcho() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int terminal_;
  termios before_{};
  bool changed_;
};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

std::string ask(int terminal, const std::string& question) {
  const SignalsHeld held;  // Ctrl-C ends us, but not with the echo off
  const NoEcho quiet(
      terminal);  // first: what is typed at once after the question must be neither shown nor flushed away
  [[maybe_unused]] const ssize_t written = write(terminal, question.data(), question.size());
  return read_line(terminal);
}

Result<Secret> prompt(const std::string& whose) {
  const Descriptor terminal(isatty(STDIN_FILENO) != 0 ? open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1);
  if (terminal.get() < 0) {
    return Error{Errc::Invalid,
                 "there is no terminal to ask for the password; use --password-stdin or --password-file FILE"};
  }
  TRY_ASSIGN(auto first, password_of(ask(terminal.get(), "Password for " + whose + ": ")));
  const auto second = password_of(ask(terminal.get(), "The same again: "));
  if (!second.ok() || second->reveal() != first.reveal()) {
    return Error{Errc::Invalid, "the two passwords differ; nothing was changed"};
  }
  return first;
}

Result<Secret> read_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    return Error{Errc::Unavailable,
                 "password file " + path + ": " + std::strerror(errno) + "; check path and permissions"};
  }
  return password_of(read_line(file.get()));
}

}  // namespace

Result<Secret> password_of(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error{Errc::Invalid, "the password is empty; choose one of at least 8 characters"};
  if (text.size() > auth::kMaxPassword) {
    return Error{Errc::Invalid, "the password is over " + std::to_string(auth::kMaxPassword) + " octets"};
  }
  const bool control =
      std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (control || !base::is_utf8(text)) {
    return Error{Errc::Invalid, "the password has a control character or is not UTF-8; mail clients could not send it"};
  }
  return Secret(std::move(text));
}

Result<Secret> read_password(const PasswordSource& source, const std::string& whose) {
  if (!source.file.empty()) return read_file(source.file);
  if (source.from_stdin) return password_of(read_line(STDIN_FILENO));
  return prompt(whose);
}

}  // namespace hearthmail::cli
