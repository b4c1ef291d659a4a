// Routes: what a route's URL means, in which order routes are tried, which of them rest, and who probes a resting one.
// Pure: no socket, no database, no configuration type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace hearthmail::relay {

enum class RouteKind { Smtp, Ses, Mailgun, Capture };
enum class RouteTls { Implicit, StartTls, None };

// A route as the operator wrote it: the keys relay.<name>.*
struct RouteKeys {
  std::string name;
  std::string url;
  std::string user;
  bool has_password = false;
  std::string auth;
  std::string tls;  // "" or "verify", or "none" with a loopback host
  std::string endpoint;
};

struct RouteSpec {
  std::string name;
  RouteKind kind = RouteKind::Smtp;
  RouteTls tls = RouteTls::Implicit;
  std::string host;        // Smtp
  std::uint16_t port = 0;  // Smtp
  std::string region;      // Ses
  std::string domain;      // Mailgun: the sending domain
  std::string base_url;    // Ses, Mailgun: without a slash at the end
};

// Errors: Invalid; the text names the key, what is wrong and what to write. It never repeats a URL that holds a password.
base::Result<RouteSpec> parse_route(const RouteKeys& keys);

// "127.0.0.1", "::1", "localhost" and their like: the only hosts that may be spoken to in clear.
bool is_loopback(std::string_view host);

// Which routes are open. Routes keep their order; index = position. Not thread-safe; the runner owns it.
class RouteBook {
 public:
  explicit RouteBook(std::vector<std::string> names);

  enum class Gate {
    Open,
    Probe,  // it rests, but its time is over: this one mail finds out whether it is well again (half-open)
    Shut,
  };
  // What a mail finds at the route now. After Probe, every other mail finds it shut until recovered(), fault() or abandon().
  Gate enter(std::size_t route, base::UnixTime now);
  // Some mail went through: the route is open. True when it had rested before.
  bool recovered(std::size_t route);
  // The probe ended without an answer about the route.
  void abandon(std::size_t route);
  // The route failed: it rests. Returns until when: `told` from now on if set, else probe_delay of its faults in a row.
  base::UnixTime fault(std::size_t route, base::UnixTime now, base::Seconds told);

  // What the queue's database says about pauses: `until` 0 waits for the operator. A pause that is not mentioned in a
  // full round of begin_load, load..., end_load was lifted by the operator. Returns from end_load: some route opened.
  void begin_load();
  void load(std::string_view name, base::UnixTime until, bool by_operator);
  bool end_load();

  // When the first resting route may be probed; nullopt when none will be by itself. `now` when some route is open.
  std::optional<base::UnixTime> earliest(base::UnixTime now) const;
  std::size_t size() const { return states_.size(); }
  const std::string& name(std::size_t route) const { return states_[route].name; }

 private:
  struct RouteState {
    std::string name;
    bool resting = false;
    bool by_operator = false;
    bool probing = false;
    bool mentioned = false;  // in the round of load() under way
    base::UnixTime until = 0;
    std::uint32_t faults = 0;  // in a row
  };
  std::vector<RouteState> states_;
};

}  // namespace hearthmail::relay
