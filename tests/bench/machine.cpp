#include "tests/bench/machine.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <thread>
#include <vector>

#include "common/crypto/tls.hpp"

namespace hearthmail::bench {

namespace {

using base::Errc;
using base::Error;
using base::Result;
using std::chrono::steady_clock;

Error failed(const std::string& step) { return {Errc::Unavailable, step + ": " + std::strerror(errno)}; }

std::size_t cores() { return std::max(1U, std::thread::hardware_concurrency()); }

double since(steady_clock::time_point began) {
  return std::chrono::duration<double>(steady_clock::now() - began).count();
}

// A file that is gone at the end.
struct Scrap {
  std::string path;
  int fd;
  explicit Scrap(const std::string& directory)
      : path(directory + "/machine-limit"), fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  ~Scrap() {
    ::close(fd);
    ::unlink(path.c_str());
  }
  Scrap(const Scrap&) = delete;
  Scrap& operator=(const Scrap&) = delete;
};

// Writes of `octets` made durable one by one for `limit` seconds; returns how many per second.
Result<double> durable_writes(const std::string& directory, std::size_t octets, double limit) {
  const Scrap file(directory);
  if (file.fd < 0) return failed("make a file in " + directory);
  const std::string block(octets, 'x');
  constexpr std::size_t kRoom = 64UL * 1024 * 1024;  // octets, there before the clock starts: no growth is measured
  const std::string room(kRoom, 'y');
  if (::pwrite(file.fd, room.data(), kRoom, 0) != static_cast<ssize_t>(kRoom) || ::fsync(file.fd) != 0)
    return failed("write");
  const std::size_t blocks = kRoom / octets;
  double done = 0;
  const auto began = steady_clock::now();
  while (since(began) < limit) {
    const auto at = static_cast<off_t>(static_cast<std::size_t>(done) % blocks * octets);
    if (::pwrite(file.fd, block.data(), octets, at) != static_cast<ssize_t>(octets)) return failed("write");
    if (::fdatasync(file.fd) != 0) return failed("fdatasync");
    ++done;
  }
  return done / since(began);
}

// A listening socket on 127.0.0.1 and where it listens.
struct Listening {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  Listening() {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(fd, 128);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  }
  ~Listening() { ::close(fd); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  int connect() const {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return client;
    ::close(client);
    return -1;
  }
};

double loopback_megabytes(double limit) {
  const Listening listening;
  std::thread sender([&listening, limit] {
    const int fd = listening.connect();
    const std::string block(256 * 1024, 'x');
    const auto began = steady_clock::now();
    while (fd >= 0 && since(began) < limit) {
      if (::send(fd, block.data(), block.size(), MSG_NOSIGNAL) < 0) break;
    }
    ::close(fd);
  });
  const int fd = ::accept(listening.fd, nullptr, nullptr);
  std::vector<char> room(256 * 1024);
  double octets = 0;
  const auto began = steady_clock::now();
  for (ssize_t count = 1; count > 0;) {
    count = ::recv(fd, room.data(), room.size(), 0);
    if (count > 0) octets += static_cast<double>(count);
  }
  const double took = since(began);
  ::close(fd);
  sender.join();
  return octets / took / 1e6;
}

// A connection that is accepted, greeted with one octet and closed.
double connects(double limit) {
  const Listening listening;
  std::thread server([&listening] {
    for (;;) {
      const int fd = ::accept(listening.fd, nullptr, nullptr);
      if (fd < 0) return;
      ::send(fd, "x", 1, MSG_NOSIGNAL);
      ::close(fd);
    }
  });
  double done = 0;
  const auto began = steady_clock::now();
  while (since(began) < limit) {
    const int fd = listening.connect();
    char octet = 0;
    while (fd >= 0 && ::recv(fd, &octet, 1, 0) > 0) continue;
    ::close(fd);
    ++done;
  }
  const double rate = done / since(began);
  ::shutdown(listening.fd, SHUT_RDWR);
  server.join();
  return rate;
}

// One whole handshake between two engines in memory. False when it failed.
bool handshake(const crypto::TlsServer& server, const crypto::TlsClient& client) {
  auto far = server.engine();
  auto near = client.engine("localhost");
  if (!far.ok() || !near.ok()) return false;
  for (int turn = 0; turn < 10; ++turn) {
    const auto ours = (*near)->handshake();
    (*far)->feed((*near)->take_output());
    const auto theirs = (*far)->handshake();
    (*near)->feed((*far)->take_output());
    if (!ours.ok() || !theirs.ok()) return false;
    if (*ours == crypto::TlsEngine::Step::Done && *theirs == crypto::TlsEngine::Step::Done) return true;
  }
  return false;
}

// On all cores at once, both ends.
Result<double> tls_handshakes(const std::string& certificate, const std::string& key, double limit) {
  TRY_ASSIGN(const auto server, crypto::TlsServer::load(certificate, key));
  TRY_ASSIGN(const auto client, crypto::TlsClient::create(certificate));
  std::vector<double> done(cores(), 0);
  std::vector<std::thread> threads;
  const auto began = steady_clock::now();
  for (double& mine : done) {
    threads.emplace_back([&] {
      while (since(began) < limit && handshake(*server, *client)) ++mine;
    });
  }
  double all = 0;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i].join();
    all += done[i];
  }
  if (all == 0) return Error{Errc::Protocol, "the TLS handshake fails"};
  return all / since(began);
}

double memmem_gigabytes(double limit) {
  const std::string hay(64UL * 1024 * 1024, 'a');
  double octets = 0;
  const auto began = steady_clock::now();
  while (since(began) < limit) {
    if (::memmem(hay.data(), hay.size(), "harvest", 7) != nullptr) break;
    octets += static_cast<double>(hay.size());
  }
  return octets / since(began) / 1e9;
}

std::string value_of(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const auto at = line.find_first_not_of(" \t:", key.size());
    return at == std::string::npos ? "" : line.substr(at);
  }
  return "";
}

std::string file_system_name(const std::string& directory) {
  struct statfs found {};
  if (::statfs(directory.c_str(), &found) != 0) return "unknown";
  switch (static_cast<unsigned long>(found.f_type)) {  // statfs(2)
    case 0xEF53: return "ext4";
    case 0x58465342: return "xfs";
    case 0x9123683E: return "btrfs";
    case 0x01021994: return "tmpfs (nothing is durable here: take another --dir)";
    case 0x794C7630: return "overlayfs";
    default: break;
  }
  std::ostringstream hex;
  hex << "type 0x" << std::hex << found.f_type;
  return hex.str();
}

}  // namespace

Machine describe_machine(const std::string& directory) {
  Machine machine;
  machine.processor = value_of("/proc/cpuinfo", "model name");
  machine.cores = cores();
  const double kibibytes = std::atof(value_of("/proc/meminfo", "MemTotal").c_str());
  std::ostringstream memory;
  memory << std::fixed << std::setprecision(1) << kibibytes / 1024 / 1024 << " GiB";
  machine.memory = memory.str();
  utsname names{};
  if (::uname(&names) == 0) machine.kernel = std::string(names.sysname) + " " + names.release;
  machine.file_system = file_system_name(directory);
  return machine;
}

Result<std::vector<MachineLimit>> measure_machine(const std::string& directory, const std::string& certificate,
                                                  const std::string& key, bool quick) {
  const double limit = quick ? 0.4 : 1.5;  // seconds for each
  constexpr std::size_t kMegabyte = 1024 * 1024;
  TRY_ASSIGN(const double syncs, durable_writes(directory, 4096, limit));
  TRY_ASSIGN(const double large, durable_writes(directory, kMegabyte, limit));
  TRY_ASSIGN(const double handshakes, tls_handshakes(certificate, key, limit));
  return std::vector<MachineLimit>{
      {"fdatasync", "4 KiB written and made durable, one after the other", "per s", syncs},
      {"durable-write", "written and made durable in pieces of 1 MiB", "MB/s", large * kMegabyte / 1e6},
      {"loopback", "one TCP connection over loopback", "MB/s", loopback_megabytes(limit)},
      {"connects", "TCP connections opened, greeted and closed, one after the other", "per s", connects(limit)},
      {"tls-handshakes", "TLS 1.3 handshakes in memory, both ends, all cores", "per s", handshakes},
      {"memmem", "memmem over 64 MiB, one core", "GB/s", memmem_gigabytes(limit)},
  };
}

}  // namespace hearthmail::bench
