#include "tests/crash/corruption/damage.hpp"

#include <algorithm>
#include <string_view>

#include "store/lmdb/layout.hpp"

namespace hearthmail::crash {

namespace {

constexpr std::size_t kPage = 4096, kSector = 512;
namespace layout = store::lmdb::layout;
using layout::load;

void flip(std::string& octets, std::size_t bit) {
  octets[bit / 8] = static_cast<char>(static_cast<unsigned char>(octets[bit / 8]) ^ (1U << (bit % 8)));
}

void noise(std::string& octets, std::size_t at, std::size_t count, std::mt19937_64& random) {
  for (std::size_t i = at; i < at + count && i < octets.size(); ++i) octets[i] = static_cast<char>(random());
}

std::string flip_some(std::string& octets, std::size_t from, std::size_t count, std::size_t times,
                      std::mt19937_64& random) {
  std::string where;
  for (; times > 0; --times) {
    const std::size_t bit = from * 8 + random() % (count * 8);
    flip(octets, bit);
    where += "octet " + std::to_string(bit / 8) + " bit " + std::to_string(bit % 8) + " ";
  }
  return where;
}

struct Span {
  std::size_t at = 0, octets = 0;
};

// A record's key (or key and value) in some leaf page; the whole file when there is none.
Span random_record(std::string_view octets, bool with_value, std::mt19937_64& random) {
  for (int tries = 0; tries < 10'000; ++tries) {
    const std::size_t page = random() % (octets.size() / kPage) * kPage;
    const std::size_t nodes = (load<std::uint16_t>(octets, page + layout::kPageLower) - layout::kPageHeader) / 2;
    if (load<std::uint16_t>(octets, page + layout::kPageFlags) != layout::kLeaf || nodes == 0 || nodes > kPage)
      continue;
    const std::size_t at = page + load<std::uint16_t>(octets, page + layout::kPageHeader + 2 * (random() % nodes));
    const bool big = (load<std::uint16_t>(octets, at + 4) & layout::kBigValue) != 0;
    const std::size_t key = load<std::uint16_t>(octets, at + 6), value = big ? 0 : load<std::uint16_t>(octets, at);
    const std::size_t length = with_value ? key + value : key;
    if (length > 0 && at + layout::kNodeHeader + length <= page + kPage) return {at + layout::kNodeHeader, length};
  }
  return {0, octets.size()};
}

}  // namespace

const char* name_of(Damage damage) {
  switch (damage) {
    case Damage::Bit: return "a bit";
    case Damage::Bits: return "some bits";
    case Damage::BitsInPage: return "some bits of a page";
    case Damage::KeyBit: return "a bit of a key";
    case Damage::RecordBits: return "some bits of a record";
    case Damage::ZeroedPage: return "a zeroed page";
    case Damage::ZeroedSector: return "a zeroed sector";
    case Damage::NoisySector: return "noise in a sector";
    case Damage::SwappedPages: return "two pages swapped";
    case Damage::CopiedPage: return "a page over another";
    case Damage::Cut: return "the file cut";
    case Damage::NoisyMeta: return "noise in a meta page";
    case Damage::CopiedMeta: return "one meta page over the other";
  }
  return "";
}

std::string apply(Damage damage, std::string& octets, std::mt19937_64& random) {
  const std::size_t pages = octets.size() / kPage;
  const std::size_t page = random() % pages, other = random() % pages;
  const std::size_t sector = random() % (octets.size() / kSector);
  const std::size_t meta = random() % 2;
  const std::string in_page = "page " + std::to_string(page);
  switch (damage) {
    case Damage::Bit: return flip_some(octets, 0, octets.size(), 1, random);
    case Damage::Bits: return flip_some(octets, 0, octets.size(), 2 + random() % 15, random);
    case Damage::BitsInPage: return flip_some(octets, page * kPage, kPage, 2 + random() % 15, random);
    case Damage::KeyBit: {
      const Span key = random_record(octets, false, random);
      return flip_some(octets, key.at, key.octets, 1, random);
    }
    case Damage::RecordBits: {
      const Span record = random_record(octets, true, random);
      return flip_some(octets, record.at, record.octets, 2 + random() % 7, random);
    }
    case Damage::ZeroedPage: octets.replace(page * kPage, kPage, std::string(kPage, '\0')); return in_page;
    case Damage::ZeroedSector:
      octets.replace(sector * kSector, kSector, std::string(kSector, '\0'));
      return "sector " + std::to_string(sector);
    case Damage::NoisySector:
      noise(octets, sector * kSector, kSector, random);
      return "sector " + std::to_string(sector);
    case Damage::SwappedPages:
      std::swap_ranges(octets.begin() + static_cast<std::ptrdiff_t>(page * kPage),
                       octets.begin() + static_cast<std::ptrdiff_t>((page + 1) * kPage),
                       octets.begin() + static_cast<std::ptrdiff_t>(other * kPage));
      return in_page + " and " + std::to_string(other);
    case Damage::CopiedPage:
      octets.replace(page * kPage, kPage, octets.substr(other * kPage, kPage));
      return in_page + " from " + std::to_string(other);
    case Damage::Cut:
      octets.resize(random() % 8 == 0 ? 0 : random() % octets.size());
      return "to " + std::to_string(octets.size());
    case Damage::NoisyMeta:
      noise(octets, meta * kPage + random() % 160, 1 + random() % 160, random);
      return "meta page " + std::to_string(meta);
    case Damage::CopiedMeta:
      octets.replace(meta * kPage, kPage, octets.substr((1 - meta) * kPage, kPage));
      return "over meta page " + std::to_string(meta);
  }
  return {};
}

}  // namespace hearthmail::crash
