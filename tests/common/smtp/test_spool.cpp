#include <memory>

#include "common/smtp/incoming.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_directory.hpp"

using namespace hearthmail;
using namespace hearthmail::smtp;

namespace {

// A disk of 1 GiB with that many octets free.
std::unique_ptr<base::DiskReserve> disk_with(std::uint64_t free) {
  return std::make_unique<base::DiskReserve>([free] { return base::DiskSpace{1U << 30U, free}; }, 0);
}

}  // namespace

TEST_CASE("a spool gives back what was written, from memory and from a file") {
  const test::TempDirectory directory;
  const auto octets = GENERATE(std::size_t{10}, kSpoolMemory, kSpoolMemory + 1);
  Spool spool(directory.path("spool"));
  const std::string message(octets, 'x');
  REQUIRE(spool.write(message.substr(0, 5)).ok());
  REQUIRE(spool.write(message.substr(5)).ok());
  CHECK(spool.check_room().ok());
  CHECK(spool.in_file() == (octets > kSpoolMemory));
  CHECK(*spool.read_all("Head\r\n") == "Head\r\n" + message);
}

TEST_CASE("the disk's reserve is never filled with mail, small or large", "[limits]") {
  const test::TempDirectory directory;
  ServerOptions options;
  options.line_endings = LineEndings::Keep;
  options.spool_dir = directory.path() + GENERATE("", "/not-made-yet");
  const auto full = disk_with(base::reserve_for(1U << 30U) - 1);
  options.disk = full.get();
  const auto octets = GENERATE(std::size_t{10}, kSpoolMemory + 1);
  Incoming refused(options);
  refused.take(std::string(octets, 'x'));
  refused.finish();
  REQUIRE(refused.refusal().has_value());
  CHECK(refused.refusal()->code == 452);
  CHECK(refused.refusal()->enhanced == "4.3.1");
  CHECK(refused.spool().octets() <= kSpoolMemory);  // no file was filled
  const auto roomy = disk_with(1U << 29U);
  options.disk = roomy.get();
  Incoming taken(options);
  taken.take(std::string(octets, 'x'));
  taken.finish();
  CHECK_FALSE(taken.refusal().has_value());
}
