// Encoding of stored records: big-endian fixed numbers (so that keys sort), LEB128 varints, length-prefixed octets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::base {

class Encoder {
 public:
  Encoder& u8(std::uint8_t value);
  Encoder& u32(std::uint32_t value);        // big-endian
  Encoder& u64(std::uint64_t value);        // big-endian
  Encoder& varint(std::uint64_t value);     // LEB128, 1 to 10 octets
  Encoder& octets(std::string_view value);  // varint length, then the octets
  Encoder& raw(std::string_view value);     // the octets alone
  const std::string& str() const& { return out_; }
  std::string str() && { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what an Encoder wrote. After the first short or malformed field every read gives zero and ok() is false, so a
// record is decoded straight through and tested once with finish(). Views point into the input.
class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}
  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::uint64_t varint();
  std::string_view octets();
  std::string_view raw(std::size_t count);
  std::string_view rest();  // everything left
  bool ok() const { return ok_; }
  bool empty() const { return in_.empty(); }
  // Corrupt when a field was short; `what` names the record. Trailing octets are allowed: newer minor versions append.
  Status finish(std::string_view what) const;

 private:
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace hearthmail::base
