// GETMETADATA and SETMETADATA, RFC 5464 §4.2, §4.3, §5; the names of entries, §3.1; also for LIST ... RETURN (METADATA ...).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "receiver/imap/parse/cursor.hpp"

namespace hearthmail::receiver::imap::parse {

constexpr std::size_t kMaxEntries = 100;    // in one command
constexpr std::size_t kMaxEntryName = 255;  // octets

// "/private/vendor/x", taken apart. Names are compared without case (RFC 5464 §3.1), so they are kept in lower case.
struct Entry {
  bool shared = false;
  std::string name;  // "/vendor/x"; empty: all of /private or /shared, which only DEPTH can ask for
  std::string full() const { return (shared ? "/shared" : "/private") + name; }
};

enum class Depth : std::uint8_t { Zero, One, Infinity };  // RFC 5464 §4.2.2

struct GetMetadataArgs {
  std::string mailbox;  // empty: the server
  std::optional<std::uint64_t> max_size;
  Depth depth = Depth::Zero;
  std::vector<Entry> entries;
};
struct SetMetadataArgs {
  std::string mailbox;  // empty: the server
  struct Change {
    Entry entry;
    std::optional<std::string> value;  // none: NIL, which removes it
  };
  std::vector<Change> changes;
};

base::Result<GetMetadataArgs> parse_get_metadata(Cursor& in);
base::Result<SetMetadataArgs> parse_set_metadata(Cursor& in);
// entries = entry / "(" entry *(SP entry) ")"
base::Result<std::vector<Entry>> parse_entries(Cursor& in);

}  // namespace hearthmail::receiver::imap::parse
