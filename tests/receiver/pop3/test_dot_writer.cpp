#include <string>
#include <vector>

#include "receiver/pop3/dot_writer.hpp"
#include "tests/support/catch.hpp"

using hearthmail::receiver::pop3::DotWriter;

namespace {

std::string write(const std::vector<std::string_view>& pieces, std::optional<std::uint64_t> lines) {
  DotWriter writer(lines);
  std::string out;
  for (const std::string_view piece : pieces) {
    if (!writer.add(out, piece)) break;
  }
  writer.finish(out);
  return out;
}

// What `message` becomes, after checking that it does not matter in which pieces it comes.
std::string stuffed(std::string_view message, std::optional<std::uint64_t> lines = std::nullopt) {
  const std::string whole = write({message}, lines);
  for (std::size_t at = 0; at <= message.size(); ++at) {
    if (write({message.substr(0, at), message.substr(at)}, lines) != whole) return "split at " + std::to_string(at);
  }
  std::vector<std::string_view> octets;
  for (std::size_t at = 0; at < message.size(); ++at) octets.push_back(message.substr(at, 1));
  if (write(octets, lines) != whole) return "octet by octet";
  return whole;
}

}  // namespace

TEST_CASE("dots at the front of lines are doubled, RFC 1939 3", "[pop3]") {
  CHECK(stuffed("a: b\r\n\r\n.\r\n..x\r\ny.\r\n") == "a: b\r\n\r\n..\r\n...x\r\ny.\r\n.\r\n");
  CHECK(stuffed(".first\r\n") == "..first\r\n.\r\n");
  CHECK(stuffed("").compare(".\r\n") == 0);
  CHECK(stuffed("no end") == "no end\r\n.\r\n");
  CHECK(stuffed("\r\n\r\nx\r") == "\r\n\r\nx\r\r\n.\r\n");
}

TEST_CASE("a bare LF cannot smuggle the end of a message", "[pop3]") {
  CHECK(stuffed("a\n.\r\nb\r\n") == "a\n..\r\nb\r\n.\r\n");
  CHECK(stuffed("a\n") == "a\n\r\n.\r\n");
}

TEST_CASE("TOP sends the header, the blank line and so many lines, RFC 1939 7", "[pop3]") {
  const std::string message = "A: 1\r\nB: 2\r\n\r\none\r\n.two\r\nthree\r\n";
  CHECK(stuffed(message, 0) == "A: 1\r\nB: 2\r\n\r\n.\r\n");
  CHECK(stuffed(message, 1) == "A: 1\r\nB: 2\r\n\r\none\r\n.\r\n");
  CHECK(stuffed(message, 2) == "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\n.\r\n");
  CHECK(stuffed(message, 3) == "A: 1\r\nB: 2\r\n\r\none\r\n..two\r\nthree\r\n.\r\n");
  CHECK(stuffed(message, 99) == stuffed(message));
  CHECK(stuffed("A: 1\r\n", 5) == "A: 1\r\n.\r\n");
  CHECK(stuffed("A: 1\n\nx\ny\n", 1) == "A: 1\n\nx\n\r\n.\r\n");
  CHECK(stuffed("A: 1\r\n \r\n\r\nx\r\n", 0) == "A: 1\r\n \r\n\r\n.\r\n");  // a folded blank is not the end
}
