#include "common/base/bytes.hpp"

namespace hearthmail::base {

Encoder& Encoder::u8(std::uint8_t value) {
  out_ += static_cast<char>(value);
  return *this;
}

Encoder& Encoder::u32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out_ += static_cast<char>((value >> static_cast<unsigned>(shift)) & 255U);
  return *this;
}

Encoder& Encoder::u64(std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out_ += static_cast<char>((value >> static_cast<unsigned>(shift)) & 255U);
  return *this;
}

Encoder& Encoder::varint(std::uint64_t value) {
  while (value >= 0x80) {
    out_ += static_cast<char>((value & 0x7FU) | 0x80U);
    value >>= 7U;
  }
  out_ += static_cast<char>(value);
  return *this;
}

Encoder& Encoder::octets(std::string_view value) { return varint(value.size()).raw(value); }

Encoder& Encoder::raw(std::string_view value) {
  out_ += value;
  return *this;
}

std::string_view Decoder::raw(std::size_t count) {
  if (!ok_ || count > in_.size()) {
    ok_ = false;
    in_ = {};
    return {};
  }
  const auto out = in_.substr(0, count);
  in_.remove_prefix(count);
  return out;
}

std::uint8_t Decoder::u8() {
  const auto octet = raw(1);
  return octet.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(octet[0]);
}

std::uint32_t Decoder::u32() {
  std::uint32_t value = 0;
  for (const char c : raw(4)) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

std::uint64_t Decoder::u64() {
  std::uint64_t value = 0;
  for (const char c : raw(8)) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

std::uint64_t Decoder::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t octet = u8();
    if (!ok_) return 0;
    value |= static_cast<std::uint64_t>(octet & 0x7FU) << shift;
    if ((octet & 0x80U) == 0) return value;
  }
  ok_ = false;
  return 0;
}

std::string_view Decoder::octets() {
  const std::uint64_t count = varint();
  if (count > in_.size()) ok_ = false;
  return raw(ok_ ? static_cast<std::size_t>(count) : 0);
}

std::string_view Decoder::rest() { return raw(in_.size()); }

Status Decoder::finish(std::string_view what) const {
  if (ok_) return base::ok();
  return Error{Errc::Corrupt, std::string(what) + ": record is shorter than its fields say"};
}

}  // namespace hearthmail::base
