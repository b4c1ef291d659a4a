#include "common/net/listening_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "common/base/text.hpp"
#include "common/net/unix_path.hpp"
#include "common/net/uv_stream.hpp"

namespace hearthmail::net {
namespace {

constexpr int kBacklog = 1024;  // connections that wait to be accepted; the kernel caps it at net.core.somaxconn

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

base::Errc code_of(int error) {
  if (error == EADDRINUSE) return base::Errc::Exists;
  if (error == EACCES || error == EPERM) return base::Errc::Denied;
  return base::Errc::Unavailable;
}

base::Error listen_error(const Endpoint& endpoint, int error) {
  std::string text = "listen on " + text_of(endpoint) + ": " + std::strerror(error);
  if (error == EADDRINUSE) text += " (`ss -ltnp` names the program that has it: stop that, or listen elsewhere)";
  if (error == EACCES) text += " (ports below 1024 need CAP_NET_BIND_SERVICE)";
  return base::Error{code_of(error), text};
}

base::Result<AddressList> resolve(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int status = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
  AddressList keep(list, &::freeaddrinfo);
  if (status != 0 || list == nullptr) {
    return base::Error{base::Errc::Invalid, "\"" + base::printable(endpoint.host) +
                                                "\" is no address of this machine: " + ::gai_strerror(status)};
  }
  return keep;
}

// 0, or errno.
int bind_to(int fd, const addrinfo& address) {
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool v6 = address.ai_family == AF_INET6;
  if (v6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0) return 0;
  return errno;
}

int bind_v6_only(int fd, const addrinfo& address) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0) return 0;
  return errno;
}

base::Result<int> listen_tcp(const Endpoint& endpoint) {
  TRY_ASSIGN(const AddressList list, resolve(endpoint));
  int error = 0;
  for (const auto bind_fn : {bind_to, bind_v6_only}) {
    const int fd = ::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return listen_error(endpoint, errno);
    error = bind_fn(fd, *list);
    if (error == 0) return fd;
    ::close(fd);
    if (error != EADDRINUSE || list->ai_family != AF_INET6) break;
  }
  return listen_error(endpoint, error);
}

}  // namespace

base::Result<int> listen_on(const Endpoint& endpoint) {
  if (endpoint.unix_path.empty()) return listen_tcp(endpoint);
  TRY_ASSIGN(const int fd, bind_unix(endpoint.unix_path, SOCK_STREAM));
  if (::listen(fd, kBacklog) == 0) return fd;
  const base::Error error = listen_error(endpoint, errno);
  ::close(fd);
  return error;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::string text;
  std::uint16_t port = 0;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) describe(address, text, port);
  return port;
}

std::string text_of(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return "unix:" + endpoint.unix_path;
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace hearthmail::net
