// Result<T>: a value or an Error; the only error channel of the house (no exceptions cross a function that returns it).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace hearthmail::base {

// One small set of causes; each protocol translates it once, exhaustively (house rule: when in doubt, temporary).
enum class Errc {
  Invalid,      // the caller's input breaks the grammar or a rule; it will not get better by itself
  NotFound,     // the named thing does not exist
  Exists,       // the name is taken
  Denied,       // authentication failed or the right is missing
  OverLimit,    // a limit in octets, count or quota is reached
  Unavailable,  // temporary: resources, full disk, a peer that is away
  Timeout,      // a deadline fired
  Closed,       // the peer or we closed the stream
  Interrupted,  // Stream::interrupt() woke a pending read; nothing was lost
  Corrupt,      // a checksum, a record or a file is not what was written
  Unsupported,  // understood, not offered
  Protocol,     // the peer broke its protocol
  Internal,     // a defect of ours
};

// The stable, lower-case name of `code` for logs ("over-limit").
std::string_view name(Errc code);

// `text` is for the operator's log, in English, without secrets; it names the key, line or field and what to do.
struct Error {
  Errc code = Errc::Internal;
  std::string text;
};

struct Unit {};

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() { return *std::get_if<1>(&state_); }
  const Error& error() const { return *std::get_if<1>(&state_); }
  T value_or(T other) const { return ok() ? value() : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Unit) {}                                    // NOLINT: implicit by design
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  Error& error() { return *error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;
inline Status ok() { return Status{}; }

// Puts `context` before the error's text: "open /srv/mail: permission denied".
Error with_context(std::string_view context, Error error);

}  // namespace hearthmail::base

#define HM_CONCAT_(a, b) a##b
#define HM_CONCAT(a, b) HM_CONCAT_(a, b)
// Returns from the enclosing function when `expr` failed. Not in coroutines: there, test the result in the next statement and co_return its error.
#define TRY(expr)                                               \
  do {                                                          \
    auto hm_status_ = (expr);                                   \
    if (!hm_status_.ok()) return std::move(hm_status_).error(); \
  } while (false)
// TRY_ASSIGN(auto x, expr) or TRY_ASSIGN(x, expr): assigns the value or returns the error.
#define TRY_ASSIGN(target, expr) HM_TRY_ASSIGN_(HM_CONCAT(hm_result_, __COUNTER__), target, expr)
#define HM_TRY_ASSIGN_(name, target, expr)        \
  auto name = (expr);                             \
  if (!name.ok()) return std::move(name).error(); \
  target = std::move(name).value()
