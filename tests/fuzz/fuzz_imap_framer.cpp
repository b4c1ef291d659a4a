// The framer: what it says does not depend on how the octets were packed, and every limit holds.
#include "receiver/imap/framer.hpp"
#include "tests/fuzz/target.hpp"

namespace hearthmail::fuzz {

std::vector<std::string> fuzz_seeds() {
  return {"a LOGIN {3}\r\nfoo {3+}\r\nbar\r\nb NOOP\r\n",
          "a APPEND INBOX (\\Seen) {5}\r\nhello {3+}\r\nyou\r\nb NOOP\r\n",
          "a APPEND {5+}\r\nINBOX {900+}\r\nx\r\n",
          "a X ~{4+}\r\nabcd\r\n",
          "a X {99999999999999999999+}\r\n",
          "a SEARCH TEXT {90+}\r\nx\nb {2}\n"};
}
std::vector<std::string> fuzz_dictionary() {
  return {"{3}\r\n",  "{3+}\r\n",    "~{",
          "{0+}\r\n", "{4097+}\r\n", "\r\n",
          "\n",       "a APPEND x ", "{18446744073709551616+}\r\n"};
}

namespace {

using receiver::imap::Framer;
using receiver::imap::FramerEvent;
using Kind = FramerEvent::Kind;

receiver::imap::FramerLimits limits() {
  receiver::imap::FramerLimits small;
  small.line = 200;
  small.literal = 100;
  small.command = 400;
  small.append = 300;
  small.non_sync = 50;
  small.append_non_sync = 80;
  return small;
}

// Everything that was said, with neighbouring pieces of a message joined.
std::string transcript(std::string_view input, std::size_t step) {
  Framer framer(limits());
  std::string out;
  unsigned messages = 0;
  for (std::size_t at = 0; at < input.size(); at += step) {
    framer.feed(input.substr(at, step));
    for (FramerEvent event = framer.next(); event.kind != Kind::NeedInput; event = framer.next()) {
      if (event.kind == Kind::Fatal) return out + "fatal";
      if (event.kind == Kind::Command) FUZZ_CHECK(event.text.size() <= limits().command);
      if (event.kind == Kind::AppendLiteral) {
        FUZZ_CHECK(event.octets <= limits().append);
        if (++messages % 3 == 0) {
          framer.refuse_append();
        } else {
          framer.accept_append();
        }
      }
      if (event.kind != Kind::AppendData) out += '\x01' + std::to_string(static_cast<int>(event.kind));
      out += event.text;
    }
  }
  return out;
}

}  // namespace

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using namespace hearthmail::fuzz;
  const std::string_view input = as_text(octets, count);
  const std::string whole = transcript(input, input.size() + 1);
  FUZZ_CHECK(transcript(input, 1) == whole);
  FUZZ_CHECK(transcript(input, 7) == whole);
  return 0;
}
