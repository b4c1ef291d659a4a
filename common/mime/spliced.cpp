#include "common/mime/spliced.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "common/base/bytes.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::size_t kLeastSlice = 6;  // octets; a slice and what it interrupts take up to five
constexpr std::size_t kSlots = 1024;    // of the table of what begins where; the last one wins

// Where octets that begin alike were seen last.
class Seen {
 public:
  // Notes that position `at` begins like this; returns where it was seen before, or npos.
  std::size_t exchange(const char* begins, std::size_t at) {
    std::uint32_t first = 0;
    std::uint16_t last = 0;
    std::memcpy(&first, begins, sizeof first);
    std::memcpy(&last, begins + sizeof first, sizeof last);
    static_assert(sizeof first + sizeof last == kLeastSlice);
    const std::uint64_t octets = std::uint64_t{last} << 32U | first;
    std::uint32_t& slot = slots_[(octets * 0x9E3779B97F4A7C15ULL) >> 54U];
    const std::size_t before = slot == 0 ? std::string_view::npos : slot - 1;
    slot = static_cast<std::uint32_t>(at + 1);
    return before;
  }

 private:
  std::array<std::uint32_t, kSlots> slots_{};
};

// How far `all` goes on alike at `from` and at `to`, which lies behind `source_end`: a slice ends where the source ends,
// and where it would copy itself.
std::size_t alike(std::string_view all, std::size_t from, std::size_t to, std::size_t source_end) {
  const std::size_t most = std::min(all.size() - to, (from < source_end ? source_end : to) - from);
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from);
  const auto end = begin + static_cast<std::ptrdiff_t>(most);
  const auto ends = std::mismatch(begin, end, all.begin() + static_cast<std::ptrdiff_t>(to));
  return static_cast<std::size_t>(ends.first - begin);
}

// base::Decoder, inlined: an envelope has some thirty pieces, and FETCH asks for a million envelopes a second.
class Pieces {
 public:
  explicit Pieces(std::string_view octets) : at_(octets.data()), end_(at_ + octets.size()) {}
  bool ok() const { return ok_; }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto octet = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(octet & 0x7FU) << shift;
      if (octet < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string_view octets(std::uint64_t count) {
    ok_ = ok_ && count <= static_cast<std::size_t>(end_ - at_);
    if (!ok_) return {};
    at_ += count;
    return {at_ - count, count};
  }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

void put_own(base::Encoder& out, std::string_view octets) {
  if (!octets.empty()) out.varint(octets.size() * 2).raw(octets);
}

}  // namespace

std::string splice(std::string_view text, std::string_view source) {
  const std::string all = std::string(source) + std::string(text);
  Seen seen;
  base::Encoder out;
  out.varint(text.size());
  const std::size_t last =
      all.size() < kLeastSlice ? 0 : all.size() - kLeastSlice + 1;  // behind the last one looked at
  for (std::size_t at = 0; at < std::min(source.size(), last); ++at) seen.exchange(all.data() + at, at);
  std::size_t own = source.size();  // from here on nothing is written yet
  for (std::size_t at = own; at < last;) {
    const std::size_t before = seen.exchange(all.data() + at, at);
    const std::size_t same = before == std::string_view::npos ? 0 : alike(all, before, at, source.size());
    if (same < kLeastSlice) {
      ++at;
      continue;
    }
    put_own(out, std::string_view(all).substr(own, at - own));
    out.varint(same * 2 + 1).varint(before);
    own = at + same;
    for (++at; at < own; ++at) {
      if (at < last) seen.exchange(all.data() + at, at);
    }
  }
  put_own(out, std::string_view(all).substr(own));
  return std::move(out).str();
}

bool unsplice(std::string_view spliced, std::string_view source, std::string& out) {
  Pieces in(spliced);
  const std::uint64_t octets = in.number();
  out.clear();
  if (octets > kMostSpliced || !in.ok()) return false;
  while (out.size() < octets && in.ok()) {
    const std::uint64_t head = in.number();
    const std::uint64_t length = head / 2;
    if (length == 0 || length > octets - out.size()) return false;
    if (head % 2 == 0) {
      out += in.octets(length);
      continue;
    }
    std::uint64_t from = in.number();
    const bool of_source = from < source.size();
    if (!of_source) from -= source.size();
    const std::size_t there = of_source ? source.size() : out.size();
    if (from > there || length > there - from) return false;
    if (of_source) out.append(source.data() + from, length);
    else out.append(out, from, length);
  }
  return in.ok() && out.size() == octets;
}

}  // namespace hearthmail::mime
