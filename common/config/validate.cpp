#include "common/config/validate.hpp"

#include <netdb.h>
#include <unistd.h>

#include <array>

#include "common/base/text.hpp"

namespace hearthmail::config {
namespace {

constexpr std::array<const char*, 5> kSchemes{"smtps://", "smtp://", "ses+https://", "mailgun+https://", "capture:"};
constexpr std::array<const char*, 5> kPlaceholders{"changeme", "change-me", "password", "secret", "your-password"};

bool has_prefix(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// "smtps://user@host:465/x" -> "host"
std::string host_of(std::string_view url) {
  auto rest = url.substr(url.find("://") == std::string_view::npos ? 0 : url.find("://") + 3);
  rest = rest.substr(0, rest.find('/'));
  if (!rest.empty() && rest.front() == '[') return std::string(rest.substr(1, rest.find(']') - 1));
  return std::string(rest.substr(0, rest.rfind(':')));
}

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  std::string full = name.data();
  if (full.find('.') == std::string::npos && getaddrinfo(name.data(), nullptr, &hints, &found) == 0) {
    if (found->ai_canonname != nullptr) full = found->ai_canonname;
    freeaddrinfo(found);
  }
  return base::lower(full);
}

void check_url(const Route& route, std::vector<std::string>& problems) {
  const std::string key = "relay." + route.name + ".url";
  if (route.url.empty()) {
    problems.push_back(key + ": not set; set HEARTHMAIL_" + base::upper("relay_" + route.name) +
                       "_URL or this key in the file, for example to smtps://HOST:465");
    return;
  }
  std::string known;
  bool good = false;
  for (const char* scheme : kSchemes) {
    good = good || has_prefix(route.url, scheme);
    known += std::string(known.empty() ? "" : ", ") + scheme;
  }
  if (!good)
    problems.push_back(key + ": '" + route.url.substr(0, route.url.find(':')) +
                       ":' is not a kind of route; known are " + known);
  else if (route.url.find('@') != std::string::npos)
    problems.push_back(key + ": holds a user or password; put them into .user and .password");
  else if (route.url.find("://") != std::string::npos && host_of(route.url).empty() && route.url.back() == '/')
    problems.push_back(key + ": names no host");
}

void check_transport(const Route& route, std::vector<std::string>& problems, std::vector<std::string>& notes) {
  const std::string section = "relay." + route.name;
  if (route.tls == "none") {
    if (!has_prefix(route.url, "smtp://") || !is_loopback_host(host_of(route.url))) {
      problems.push_back(section + ".tls: none is only for smtp:// to this machine; everybody else gets verified TLS");
    } else {
      notes.push_back("relay route " + route.name + " speaks plaintext to " + host_of(route.url));
    }
  }
  if (!route.endpoint.empty() && !has_prefix(route.endpoint, "https://") &&
      !(has_prefix(route.endpoint, "http://") && is_loopback_host(host_of(route.endpoint)))) {
    problems.push_back(section + ".endpoint: must begin with https:// (http:// only for this machine)");
  }
  if (route.max_recipients == 0) problems.push_back(section + ".max_recipients: must be at least 1");
  if (route.connections == 0) problems.push_back(section + ".connections: must be at least 1");
  if (has_prefix(route.url, "capture:")) {
    notes.push_back("relay route " + route.name +
                    " is capture: outgoing mail is kept in a local mailbox and leaves nowhere");
  }
}

void check_secret(const Route& route, std::vector<std::string>& problems) {
  const std::string section = "relay." + route.name;
  const bool api = has_prefix(route.url, "ses+https://") || has_prefix(route.url, "mailgun+https://");
  const bool wanted = (api || !route.user.empty()) && !has_prefix(route.url, "capture:") && route.auth != "none";
  const std::string how =
      "; set HEARTHMAIL_" + base::upper("relay_" + route.name) + "_PASSWORD_FILE to a file that holds it";
  if (wanted && route.password.empty()) problems.push_back(section + ".password: not set" + how);
  if (route.user.empty() && !route.password.empty() && !has_prefix(route.url, "mailgun+https://")) {
    problems.push_back(section + ".user: not set although a password is");
  }
  for (const char* placeholder : kPlaceholders) {
    if (base::iequals(route.password.reveal(), placeholder)) {
      problems.push_back(section + ".password: is still the placeholder; put the real one there" + how);
    }
  }
}

// Smaller ones would leave clients with a part of mailboxes of a usual size.
void check_message_limits(const Settings& settings, std::vector<std::string>& problems) {
  constexpr std::uint32_t kSmallest = 1000;  // messages, RFC 9738 §3
  const auto check = [&problems](std::string_view key, std::uint32_t limit) {
    if (limit == 0 || limit >= kSmallest) return;
    problems.push_back(std::string(key) + ": must be 0 (no limit) or at least 1000 (RFC 9738 §3)");
  };
  check("imap.message_limit", settings.imap_message_limit);
  check("imap.save_limit", settings.imap_save_limit);
  if (settings.imap_message_limit != 0 && settings.imap_save_limit != 0) {
    problems.push_back("imap.save_limit: imap.message_limit holds for COPY and APPEND too; set one of them");
  }
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "::1" || has_prefix(host, "127.");
}

void fill_defaults(Settings& settings, std::vector<std::string>& problems) {
  if (settings.hostname.empty()) settings.hostname = machine_name();
  if (settings.data_dir.empty()) settings.data_dir = "/var/lib/hearthmail";
  if (settings.run_dir.empty()) settings.run_dir = settings.data_dir + "/run";
  if (settings.tls_certificate.empty()) settings.tls_certificate = settings.data_dir + "/tls/certificate.pem";
  if (settings.tls_key.empty()) settings.tls_key = settings.data_dir + "/tls/key.pem";
  if (settings.lmtp_socket.empty()) settings.lmtp_socket = settings.run_dir + "/lmtp.sock";
  if (settings.hostname.size() > 253) problems.push_back("hostname: longer than 253 octets");
}

void validate(const Settings& settings, bool with_secrets, std::vector<std::string>& problems,
              std::vector<std::string>& notes) {
  constexpr std::uint64_t kSmallest = 64 * 1024;   // octets, RFC 5321 §4.5.3.1.7
  constexpr std::uint64_t kLargest = 1ULL << 30U;  // octets; a message is held in memory once while it is indexed
  constexpr std::size_t kMaxSocketPath = 107;      // octets, sizeof(sockaddr_un::sun_path) - 1
  if (settings.max_message_octets < kSmallest || settings.max_message_octets > kLargest) {
    problems.push_back("max_message_size: must be between 64K (RFC 5321 §4.5.3.1.7) and 1G");
  }
  if (settings.lmtp_socket.size() > kMaxSocketPath) {
    problems.push_back("lmtp.socket: " + settings.lmtp_socket +
                       " is longer than the 107 octets a unix socket may have; set run_dir to a shorter path");
  }
  check_message_limits(settings, problems);
  if (settings.queue_lifetime.count() < 60) problems.push_back("queue.lifetime: must be at least 1m");
  if (settings.relay_routes.empty()) {
    notes.push_back("no relay route is set: mail to other domains waits in the queue and nothing leaves this machine");
  }
  for (const auto& route : settings.routes) {
    check_url(route, problems);
    check_transport(route, problems, notes);
    if (with_secrets) check_secret(route, problems);
  }
}

}  // namespace hearthmail::config
