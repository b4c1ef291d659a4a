// The commands that keep a whole copy of the databases and bring it back; see commands.hpp.
#pragma once

#include "deploy/cli/commands.hpp"

namespace hearthmail::cli {

void add_backup(CLI::App& app, Context& context);
void add_restore(CLI::App& app, Context& context);

}  // namespace hearthmail::cli
