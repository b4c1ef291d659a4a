// What a route's URL means.
#include <utility>

#include "common/base/text.hpp"
#include "relay/route.hpp"

namespace hearthmail::relay {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::uint16_t kSubmissionsPort = 465;  // implicit TLS, RFC 8314 §3.3
constexpr std::uint16_t kSubmissionPort = 587;   // STARTTLS, RFC 6409

Error wrong(const RouteKeys& keys, std::string_view key, std::string_view what) {
  return {Errc::Invalid, "relay." + keys.name + "." + std::string(key) + ": " + std::string(what)};
}

struct Authority {
  std::string host;
  std::optional<std::uint16_t> port;
};

// "host", "host:port", "[v6]:port"; nullopt when it is none of them.
std::optional<Authority> parse_authority(std::string_view text) {
  Authority out;
  std::string_view rest;
  if (text.starts_with("[")) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return std::nullopt;
  } else {
    const std::size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (out.host.empty()) return std::nullopt;
  for (const char c : out.host) {
    if (!base::is_alnum(c) && c != '.' && c != '-' && c != ':' && c != '_') return std::nullopt;
  }
  if (rest.empty()) return out;
  const auto port = base::parse_u32(rest.substr(1));
  if (!port || *port == 0 || *port > 65535) return std::nullopt;
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

bool only(std::string_view text, std::string_view extra) {
  for (const char c : text) {
    if (!base::is_alnum(c) && extra.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

Result<RouteSpec> parse_smtp(const RouteKeys& keys, RouteSpec spec, std::string_view rest, bool implicit) {
  while (rest.ends_with("/")) rest.remove_suffix(1);
  const auto authority = parse_authority(rest);
  if (!authority) return wrong(keys, "url", "write smtps://host:465 or smtp://host:587");
  spec.host = authority->host;
  spec.tls = implicit ? RouteTls::Implicit : RouteTls::StartTls;
  spec.port = authority->port.value_or(implicit ? kSubmissionsPort : kSubmissionPort);
  if (keys.tls == "none") {
    if (implicit) return wrong(keys, "tls", "\"none\" contradicts smtps://; write smtp:// for a plain loopback host");
    if (!is_loopback(spec.host)) {
      return wrong(keys, "tls", "\"none\" is only allowed with a loopback host (127.0.0.1, ::1, localhost)");
    }
    spec.tls = RouteTls::None;
  }
  if (!keys.user.empty() && !keys.has_password) return wrong(keys, "password", "a user is set but no password");
  return spec;
}

// The base URL of an HTTP API: the provider's own, or relay.<name>.endpoint.
Status take_endpoint(const RouteKeys& keys, RouteSpec& spec, std::string own) {
  spec.base_url = keys.endpoint.empty() ? std::move(own) : keys.endpoint;
  while (spec.base_url.ends_with("/")) spec.base_url.pop_back();
  const bool https = base::istarts_with(spec.base_url, "https://");
  const bool http = base::istarts_with(spec.base_url, "http://");
  if (!https && !http) return wrong(keys, "endpoint", "write https://host[:port]");
  std::string_view authority = std::string_view(spec.base_url).substr(https ? 8 : 7);
  authority = authority.substr(0, authority.find('/'));
  if (authority.find('@') != std::string_view::npos)
    return wrong(keys, "endpoint", "credentials do not belong in a URL");
  const auto parsed = parse_authority(authority);
  if (!parsed) return wrong(keys, "endpoint", "the host or port is not valid");
  if (http && !is_loopback(parsed->host)) {
    return wrong(keys, "endpoint", "http:// is only allowed with a loopback host; write https://");
  }
  return base::ok();
}

Result<RouteSpec> parse_ses(const RouteKeys& keys, RouteSpec spec, std::string_view rest) {
  while (rest.ends_with("/")) rest.remove_suffix(1);
  if (!only(rest, "-")) return wrong(keys, "url", "write ses+https://REGION, for example ses+https://eu-west-1");
  spec.region = base::lower(rest);
  if (keys.user.empty()) return wrong(keys, "user", "set the AWS access key id");
  if (!keys.has_password) return wrong(keys, "password", "set the AWS secret access key");
  TRY(take_endpoint(keys, spec, "https://email." + spec.region + ".amazonaws.com"));
  return spec;
}

Result<RouteSpec> parse_mailgun(const RouteKeys& keys, RouteSpec spec, std::string_view rest) {
  while (rest.ends_with("/")) rest.remove_suffix(1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || !parse_authority(rest.substr(0, slash)) ||
      !only(rest.substr(slash + 1), ".-")) {
    return wrong(keys, "url", "write mailgun+https://api.mailgun.net/DOMAIN (api.eu.mailgun.net for the EU)");
  }
  spec.domain = base::lower(rest.substr(slash + 1));
  if (!keys.has_password) return wrong(keys, "password", "set the Mailgun API key");
  TRY(take_endpoint(keys, spec, "https://" + std::string(rest.substr(0, slash))));
  return spec;
}

}  // namespace

bool is_loopback(std::string_view host) {
  if (base::iequals(host, "localhost") || host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  const auto parts = base::split(host, '.');
  if (parts.size() != 4) return false;
  for (const std::string_view part : parts) {
    const auto number = base::parse_u32(part);
    if (!number || *number > 255) return false;
  }
  return true;
}

Result<RouteSpec> parse_route(const RouteKeys& keys) {
  RouteSpec spec;
  spec.name = keys.name;
  if (keys.url.find('@') != std::string::npos) {
    return wrong(keys, "url", "credentials do not belong in a URL; use relay." + keys.name + ".user and .password");
  }
  if (!keys.tls.empty() && keys.tls != "verify" && keys.tls != "none") {
    return wrong(keys, "tls", "write verify, or none with a loopback host");
  }
  if (base::iequals(keys.url, "capture:") || base::istarts_with(keys.url, "capture:/")) {
    spec.kind = RouteKind::Capture;
    return spec;
  }
  const std::size_t colon = keys.url.find("://");
  if (colon == std::string::npos) {
    return wrong(keys, "url",
                 "write smtps://host:465, smtp://host:587, ses+https://REGION, "
                 "mailgun+https://api.mailgun.net/DOMAIN or capture:");
  }
  const std::string scheme = base::lower(std::string_view(keys.url).substr(0, colon));
  const std::string_view rest = std::string_view(keys.url).substr(colon + 3);
  if (scheme == "smtps") return parse_smtp(keys, std::move(spec), rest, true);
  if (scheme == "smtp") return parse_smtp(keys, std::move(spec), rest, false);
  if (keys.tls == "none") return wrong(keys, "tls", "\"none\" is for smtp:// only");
  if (scheme == "ses+https") {
    spec.kind = RouteKind::Ses;
    return parse_ses(keys, std::move(spec), rest);
  }
  if (scheme == "mailgun+https") {
    spec.kind = RouteKind::Mailgun;
    return parse_mailgun(keys, std::move(spec), rest);
  }
  const auto meant = base::nearest(scheme, {"smtps", "smtp", "ses+https", "mailgun+https", "capture"});
  return wrong(
      keys, "url",
      "unknown scheme \"" + base::printable(scheme, 40) + "\"" + (meant ? "; did you mean " + *meant + "?" : ""));
}

}  // namespace hearthmail::relay
