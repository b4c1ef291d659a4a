#include "common/process/last_words.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

namespace hearthmail::process {
namespace {

constexpr std::string_view kNoMemory = "error: out of memory; stopping, to be started anew\n";

[[noreturn]] void last_words() noexcept {
  bool no_memory = false;
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    no_memory = true;
  } catch (...) {
  }
  if (!no_memory) std::abort();
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kNoMemory.data(), kNoMemory.size());
  ::_exit(kExitNoMemory);
}

}  // namespace

void install_last_words() { std::set_terminate(last_words); }

}  // namespace hearthmail::process
