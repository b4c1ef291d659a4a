#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>

#include "common/base/text.hpp"
#include "common/net/listener.hpp"
#include "common/net/uv_stream.hpp"

namespace hearthmail::net {
namespace {

base::Error not_an_endpoint(std::string_view text, std::string_view why) {
  return base::Error{base::Errc::Invalid, "\"" + base::printable(text) + "\" is no address to listen on: " +
                                              std::string(why) + "; write host:port, [v6]:port or unix:/path"};
}

}  // namespace

base::Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::string_view path = text.substr(text.starts_with("unix:") ? 5 : 0);
  if (path.starts_with('/')) return Endpoint{"", 0, std::string(path)};
  if (text.starts_with("unix:")) return not_an_endpoint(text, "the socket's path must be absolute");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_endpoint(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return not_an_endpoint(text, "an IPv6 address stands in square brackets");
  }
  if (host.empty()) return not_an_endpoint(text, "the host is missing");
  const auto port = base::parse_u32(text.substr(colon + 1));
  if (!port || *port > 65535) return not_an_endpoint(text, "the port is no number from 0 to 65535");
  return Endpoint{std::string(host), static_cast<std::uint16_t>(*port), ""};
}

void describe(const sockaddr_storage& address, std::string& text, std::uint16_t& port) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, out.data(), out.size());
    port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    const unsigned char* const octets = v6.sin6_addr.s6_addr;
    // RFC 4291 §2.5.5.2: an IPv4 client of an IPv6 socket.
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) ::inet_ntop(AF_INET, octets + 12, out.data(), out.size());
    else ::inet_ntop(AF_INET6, octets, out.data(), out.size());
    port = ntohs(v6.sin6_port);
  }
  text = out.data();
}

}  // namespace hearthmail::net
