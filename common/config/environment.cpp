#include <fstream>
#include <sstream>

#include "common/base/sync_point.hpp"
#include "common/base/text.hpp"
#include "common/config/sources.hpp"

extern char** environ;  // NOLINT: POSIX

namespace hearthmail::config {
namespace {

constexpr std::size_t kMaxSecret = 64 * 1024;  // octets; a key file, not a disk image

// One family of names that other projects' compose files use.
struct Family {
  const char* host;
  const char* port;
  const char* user;
  const char* password;
};
constexpr Family kFamilies[] = {
    {"RELAY_HOST", "RELAY_PORT", "RELAY_USER", "RELAY_PASSWORD"},
    {"DEFAULT_RELAY_HOST", "RELAY_PORT", "RELAY_USER", "RELAY_PASSWORD"},
    {"RELAYHOST", "RELAYHOST_PORT", "RELAYHOST_USERNAME", "RELAYHOST_PASSWORD"},
};
constexpr std::uint32_t kDefaultPort = 587;  // RFC 6409 §3.1

std::string value_of(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : std::string(base::trim(found->second));
}

// "[host]:port", "[host]", "host:port", "host" (Postfix's form) -> host and port.
base::Result<std::pair<std::string, std::uint32_t>> split_host(const std::string& name, const std::string& text,
                                                               const std::string& port_text) {
  std::string host = text;
  std::string port = port_text;
  if (!host.empty() && host.front() == '[') {
    const auto end = host.find(']');
    if (end == std::string::npos)
      return base::Error{base::Errc::Invalid, name + ": '" + text + "' has no closing ]; write [host]:587"};
    const std::string rest = host.substr(end + 1);
    if (rest.size() > 1 && rest.front() == ':') port = rest.substr(1);
    host = host.substr(1, end - 1);
  } else if (const auto colon = host.rfind(':'); colon != std::string::npos && host.find(':') == colon) {
    port = host.substr(colon + 1);
    host.resize(colon);
  }
  const auto number = port.empty() ? std::optional(kDefaultPort) : base::parse_u32(port);
  if (!number || *number == 0 || *number > 65535 || host.empty()) {
    return base::Error{base::Errc::Invalid,
                       name + ": '" + text + "' is not a host with a port; write [smtp.example.net]:587"};
  }
  return std::pair{host, *number};
}

bool is_implicit_tls(std::uint32_t port) { return port == 465 || port == 2465 || port == 8465; }

}  // namespace

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::vector<Given> read_environment(const std::map<std::string, std::string>& environment) {
  std::vector<Given> out;
  for (const auto& [name, text] : environment) {
    if (name.rfind("HEARTHMAIL_", 0) == 0 && name != "HEARTHMAIL_CONFIG" && !base::is_crash_variable(name))
      out.push_back({name, text, "environment " + name});
  }
  return out;
}

base::Result<std::string> read_secret_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return base::Error{base::Errc::Invalid, "file " + path + " cannot be read; check the path and its permissions"};
  std::stringstream content;
  content << in.rdbuf();
  std::string text = content.str();
  if (text.size() > kMaxSecret)
    return base::Error{base::Errc::Invalid, "file " + path + " is over 64 KiB; that is no secret"};
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
  if (text.empty()) return base::Error{base::Errc::Invalid, "file " + path + " is empty; write the secret into it"};
  return text;
}

base::Result<std::vector<Given>> compatible_relay(const std::map<std::string, std::string>& environment,
                                                  std::vector<std::string>& notes) {
  std::vector<Given> out;
  std::string used;
  for (const auto& family : kFamilies) {
    const std::string text = value_of(environment, family.host);
    if (text.empty()) continue;
    const auto split = split_host(family.host, text, value_of(environment, family.port));
    if (!split.ok()) return split.error();
    const std::string url = std::string(is_implicit_tls(split->second) ? "smtps://" : "smtp://") + split->first + ":" +
                            std::to_string(split->second);
    if (!used.empty()) {
      if (url == out.front().text) continue;
      return base::Error{base::Errc::Invalid, std::string(family.host) + " and " + used + " name different relays (" +
                                                  text + "); keep one of them, or set HEARTHMAIL_RELAY_ROUTES"};
    }
    used = family.host;
    const auto from = [](const std::string& name) { return "environment " + name; };
    out.push_back({"relay.main.url", url, from(family.host)});
    const std::string user = value_of(environment, family.user);
    if (!user.empty()) out.push_back({"relay.main.user", user, from(family.user)});
    const std::string password = family.password;
    if (const auto secret = environment.find(password); secret != environment.end() && !secret->second.empty()) {
      out.push_back({"relay.main.password", secret->second, from(password)});
    }
    const std::string file = value_of(environment, password + "_FILE");
    if (!file.empty()) out.push_back({"relay.main.password_file", file, from(password + "_FILE")});
    notes.push_back("relay route main comes from " + used + " (" + url +
                    "); HEARTHMAIL_RELAY_ROUTES is the name of this project");
  }
  return out;
}

}  // namespace hearthmail::config
