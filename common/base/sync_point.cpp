#include "common/base/sync_point.hpp"

#ifdef HEARTHMAIL_CRASH_HOOKS

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <mutex>

namespace hearthmail::base {

namespace {

constexpr const char* kPointVariable = "HEARTHMAIL_SYNC_POINT";
constexpr const char* kFaultVariable = "HEARTHMAIL_FAULT";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// The armed point's text, wherever it stands.
class Orders {
 public:
  Orders() : fixed_(variable(kPointVariable)) {
    if (!fixed_.starts_with('@')) return;
    const std::string path = fixed_.substr(1) + "/" + program_invocation_short_name;
    fixed_.clear();
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file >= 0 && ::fstat(file, &status) == 0 && status.st_size >= static_cast<off_t>(kPlanOctets)) {
      void* map = ::mmap(nullptr, kPlanOctets, PROT_READ, MAP_SHARED, file, 0);
      if (map != MAP_FAILED) page_ = static_cast<const char*>(map);
    }
    if (file >= 0) ::close(file);
  }
  std::string_view text() const {
    if (page_ == nullptr) return fixed_;
    const std::string_view whole(page_, kPlanOctets);
    return whole.substr(0, whole.find_first_of(std::string_view(" \n\0", 3)));
  }

 private:
  std::string fixed_;
  const char* page_ = nullptr;  // the shared map, as long as the process lives
};

}  // namespace

void SyncPlan::set(std::string_view text) {
  if (text == text_) return;
  text_ = text;
  name_.clear();
  left_ = 0;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return;
  const std::string_view digits = text.substr(colon + 1);
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), left_);
  if (end.ec != std::errc() || end.ptr != digits.data() + digits.size()) left_ = 0;
  if (left_ > 0) name_ = text.substr(0, colon);
}

bool SyncPlan::hit(std::string_view name) { return left_ > 0 && name == name_ && --left_ == 0; }

void sync_point(std::string_view name) {
  static const Orders orders;
  static std::mutex mutex;
  static SyncPlan plan;
  const std::lock_guard lock(mutex);
  plan.set(orders.text());
  if (plan.hit(name)) ::kill(::getpid(), SIGKILL);
}

bool fault(std::string_view name) {
  static const std::string wanted(variable(kFaultVariable));
  return !wanted.empty() && name == wanted;
}

bool is_crash_variable(std::string_view name) { return name == kPointVariable || name == kFaultVariable; }

}  // namespace hearthmail::base

#endif
