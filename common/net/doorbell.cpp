#include "common/net/doorbell.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/net/poll.hpp"
#include "common/net/unix_path.hpp"

namespace hearthmail::net {
namespace {

class BoundDoorbell final : public Doorbell {
 public:
  BoundDoorbell(Loop& loop, int fd, std::string path, std::function<void()> rung)
      : fd_(fd), path_(std::move(path)), rung_(std::move(rung)), watch_(loop, fd, [this](bool, bool) { drain(); }) {
    watch_.watch(true, false);
  }
  ~BoundDoorbell() override {
    watch_.stop();
    ::close(fd_);
    ::unlink(path_.c_str());
  }

 private:
  // However many rings wait, the owner looks once.
  void drain() {
    std::array<char, 16> dropped{};
    bool any = false;
    while (::recv(fd_, dropped.data(), dropped.size(), MSG_DONTWAIT) >= 0) any = true;
    if (any) rung_();
  }

  int fd_;
  std::string path_;
  std::function<void()> rung_;
  FdWatch watch_;
};

}  // namespace

void ring(const std::string& path) {
  const auto address = unix_address(path);
  if (!address.ok()) return;
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  // A full queue (EAGAIN) is as good as a ring: the other side has not looked yet.
  [[maybe_unused]] const ssize_t sent =
      ::sendto(fd, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address.value()),
               sizeof(sockaddr_un));
  ::close(fd);
}

base::Result<std::unique_ptr<Doorbell>> Doorbell::open(Loop& loop, const std::string& path,
                                                       std::function<void()> rung) {
  TRY_ASSIGN(const int fd, bind_unix(path, SOCK_DGRAM));
  return std::unique_ptr<Doorbell>(std::make_unique<BoundDoorbell>(loop, fd, path, std::move(rung)));
}

}  // namespace hearthmail::net
