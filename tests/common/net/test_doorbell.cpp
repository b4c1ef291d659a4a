#include "common/net/doorbell.hpp"

#include <sys/stat.h>

#include "tests/common/net/rig.hpp"

using namespace hearthmail;
using namespace hearthmail::test;

TEST_CASE("rings wake the owner, many rings at most once each, and are lost without an owner") {
  const TempDirectory dir;
  const std::string path = dir.path("bell");
  net::ring(path);                   // nobody there
  net::ring(std::string(300, 'x'));  // no path at all
  net::Loop loop;
  int rung = 0;
  auto bell = net::Doorbell::open(loop, path, [&] {
    ++rung;
    loop.stop();
  });
  REQUIRE(bell.ok());
  for (int i = 0; i < 2000; ++i) net::ring(path);  // more than the socket queues: never blocks
  loop.run();
  CHECK(rung == 1);
}

TEST_CASE("a doorbell replaces a stale socket, refuses one in use, and removes its own") {
  const TempDirectory dir;
  const std::string path = dir.path("bell");
  struct stat info {};
  net::Loop loop;
  {
    auto bell = net::Doorbell::open(loop, path, [] {});
    REQUIRE(bell.ok());
    CHECK(net::Doorbell::open(loop, path, [] {}).error().code == base::Errc::Exists);
  }
  CHECK(::stat(path.c_str(), &info) != 0);
  CHECK(net::Doorbell::open(loop, dir.path("none/bell"), [] {}).error().code == base::Errc::Unavailable);
}
