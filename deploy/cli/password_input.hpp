// Where a new password comes from: a file, standard input or a prompt; never the command line, which every user of the
// machine can read.
#pragma once

#include <string>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"

namespace hearthmail::cli {

struct PasswordSource {
  std::string file;         // --password-file
  bool from_stdin = false;  // --password-stdin
};

// The first line of the file or of standard input, or what is typed twice at the prompt for `whose`.
// Errors: Invalid (no terminal to ask at, the two differ, empty, too long), Unavailable (the file).
base::Result<base::Secret> read_password(const PasswordSource& source, const std::string& whose);

// The password in what a file or a pipe holds: its first line. Invalid when it cannot be one.
base::Result<base::Secret> password_of(std::string text);

}  // namespace hearthmail::cli
