#include "deploy/cli/queue_text.hpp"

#include <algorithm>

#include "common/base/text.hpp"
#include "store/queue/states.hpp"

namespace hearthmail::cli {

using base::UnixTime;
using store::queue::Entry;
using store::queue::Recipient;
using store::queue::RoutePause;
using store::queue::State;

namespace {

// "in 5 min", "now"
std::string until(UnixTime time, UnixTime now) {
  return time <= now ? "now" : "in " + base::human(base::Seconds{time - now});
}
// "5 min ago", "just now"
std::string since(UnixTime time, UnixTime now) {
  return time >= now ? "just now" : base::human(base::Seconds{now - time}) + " ago";
}

std::string tries(std::uint32_t attempts) {
  if (attempts == 0) return "";
  return attempts == 1 ? " (1 try so far)" : " (" + std::to_string(attempts) + " tries so far)";
}

std::string state_in_words(const Recipient& recipient, UnixTime now) {
  switch (recipient.state) {
    case State::Waiting: return "waiting, next try " + until(recipient.next_attempt, now);
    case State::InFlight:
      return "being sent; if that gets stuck it is tried again " + until(recipient.lease_until, now);
    case State::InDoubt:
      return "in doubt: the whole message was sent and no answer has come; sent again " +
             until(recipient.next_attempt, now);
    case State::Delivered: return "delivered " + since(recipient.finished, now);
    case State::Failed: return "failed " + since(recipient.finished, now);
    case State::Held: return "on hold; `hearthmail queue retry` ends that";
  }
  return "in an unknown state";
}

std::string sender(const Entry& entry) {
  return entry.envelope.reverse_path.empty() ? "<> (a report)" : base::printable(entry.envelope.reverse_path);
}

nlohmann::ordered_json time_or_null(UnixTime time) {
  return time == 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(base::rfc3339(time));
}

nlohmann::ordered_json recipient_json(const Recipient& recipient) {
  const bool tried_again = recipient.state == State::Waiting || recipient.state == State::InDoubt;
  return {{"address", recipient.address},
          {"state", store::queue::name(recipient.state)},
          {"attempts", recipient.attempts},
          {"next_attempt", time_or_null(tried_again ? recipient.next_attempt : 0)},
          {"lease_until", time_or_null(recipient.lease_until)},
          {"route", recipient.route},
          {"reply", recipient.reply},
          {"status", recipient.status},
          {"finished", time_or_null(recipient.finished)},
          {"delay_notified", recipient.delay_notified},
          {"report_done", recipient.dsn_done}};
}

}  // namespace

std::string recipient_in_words(const Recipient& recipient, UnixTime now) {
  std::string text = state_in_words(recipient, now) + tries(recipient.attempts);
  if (!recipient.route.empty()) text += " by route " + recipient.route;
  if (!recipient.reply.empty()) text += ": " + base::printable(recipient.reply, store::queue::kMaxReplyKept);
  return text;
}

std::string queue_in_words(const std::vector<Entry>& entries, UnixTime now) {
  if (entries.empty()) return "the queue is empty: nothing waits to go out\n";
  std::string out;
  for (const Entry& entry : entries) {
    out += std::to_string(entry.id.value) + "  from " + sender(entry) + ", " + std::to_string(entry.envelope.octets) +
           " octets, " + since(entry.envelope.arrived, now) + "\n";
    for (const Recipient& recipient : entry.recipients) {
      out += "    to " + base::printable(recipient.address) + ": " + recipient_in_words(recipient, now) + "\n";
    }
  }
  return out;
}

std::string entry_in_words(const Entry& entry, UnixTime now) {
  const auto& envelope = entry.envelope;
  std::string out = "queue id:   " + std::to_string(entry.id.value) + "\n";
  out += "from:       " + sender(entry) + "\n";
  out += "arrived:    " + base::rfc3339(envelope.arrived) + " (" + since(envelope.arrived, now) + ")\n";
  out += "size:       " + std::to_string(envelope.octets) + " octets\n";
  if (!envelope.message_id.empty()) out += "message id: " + base::printable(envelope.message_id) + "\n";
  if (!envelope.envid.empty()) out += "envid:      " + base::printable(envelope.envid) + "\n";
  for (const Recipient& recipient : entry.recipients) {
    out += "to:         " + base::printable(recipient.address) + "\n            " + recipient_in_words(recipient, now) +
           "\n";
    if (recipient.delay_notified) out += "            the sender was told of the delay\n";
  }
  return out;
}

nlohmann::ordered_json entry_json(const Entry& entry) {
  const auto& envelope = entry.envelope;
  nlohmann::ordered_json out{{"id", entry.id.value},
                             {"from", envelope.reverse_path},
                             {"account", envelope.account.value},
                             {"arrived", base::rfc3339(envelope.arrived)},
                             {"octets", envelope.octets},
                             {"message_id", envelope.message_id},
                             {"envid", envelope.envid},
                             {"recipients", nlohmann::ordered_json::array()}};
  for (const Recipient& recipient : entry.recipients) out["recipients"].push_back(recipient_json(recipient));
  return out;
}

std::vector<RouteState> route_states(const config::Settings& settings, const std::vector<RoutePause>& pauses) {
  std::vector<RouteState> routes;
  const auto pause_of = [&](const std::string& name) -> const RoutePause* {
    const auto found =
        std::find_if(pauses.begin(), pauses.end(), [&](const RoutePause& one) { return one.route == name; });
    return found == pauses.end() ? nullptr : &*found;
  };
  for (const auto& route : settings.routes) routes.push_back({route.name, route.url, pause_of(route.name)});
  for (const RoutePause& pause : pauses) {
    const bool listed =
        std::any_of(routes.begin(), routes.end(), [&](const auto& one) { return one.name == pause.route; });
    if (!listed) routes.push_back({pause.route, "", &pause});
  }
  return routes;
}

std::string routes_in_words(const std::vector<RouteState>& routes, UnixTime now) {
  if (routes.empty()) {
    return "no route is configured: outgoing mail waits in the queue.\n"
           "Set relay.routes and relay.<route>.url (`hearthmail config reference`), then restart `hearthmail up`.\n";
  }
  std::string out;
  for (const RouteState& route : routes) {
    out += route.name + "  " + (route.url.empty() ? "(no longer configured)" : route.url) + "\n";
    if (route.pause == nullptr) {
      out += "    active\n";
      continue;
    }
    out += std::string("    paused ") + (route.pause->by_operator ? "by the operator " : "") +
           since(route.pause->since, now) + ": " + base::printable(route.pause->reason, 1000) + "\n";
    if (route.pause->until == 0) out += "    until `hearthmail route resume " + route.name + "`\n";
    else out += "    tried again " + until(route.pause->until, now) + "\n";
  }
  return out;
}

nlohmann::ordered_json routes_json(const std::vector<RouteState>& routes) {
  auto out = nlohmann::ordered_json::array();
  for (const RouteState& route : routes) {
    const RoutePause none;
    const RoutePause& pause = route.pause == nullptr ? none : *route.pause;
    nlohmann::ordered_json one{{"name", route.name},
                               {"url", route.url},
                               {"paused", route.pause != nullptr},
                               {"reason", pause.reason},
                               {"since", time_or_null(pause.since)},
                               {"until", time_or_null(pause.until)},
                               {"by_operator", pause.by_operator}};
    out.push_back(std::move(one));
  }
  return out;
}

std::string_view header_of(std::string_view message) {
  if (message.starts_with("\r\n")) return {};
  const auto end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? message : message.substr(0, end + 2);
}

std::string for_terminal(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const char c = octets[i];
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\r' && i + 1 < octets.size() && octets[i + 1] == '\n') continue;
    if ((octet < 0x20 && c != '\n' && c != '\t') || octet == 0x7F) out += "\\x" + base::hex(octets.substr(i, 1));
    else out += c;
  }
  return out;
}

}  // namespace hearthmail::cli
