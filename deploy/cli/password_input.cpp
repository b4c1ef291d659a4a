#include "deploy/cli/password_input.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
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

// Reads until the end, a newline or kMostRead octets.
std::string read_line(int descriptor) {
  std::string text;
  char c = 0;
  while (text.size() < kMostRead) {
    const ssize_t got = read(descriptor, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text += c;
    if (c == '\n') break;
  }
  return text;
}

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
  [[maybe_unused]] const ssize_t written = write(terminal, question.data(), question.size());
  const NoEcho quiet(terminal);
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
