#include "store/lmdb/misfit.hpp"

#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::store::lmdb {

namespace {

// Two flipped bits are tried in what is this short: 128 octets make half a million tries, a tenth of a second.
constexpr std::size_t kMostForTwo = 128;  // octets
// And one in what is this short. A longer value lies in pages of its own, far from its key; when no change of the key
// makes the record fit, the value it is.
constexpr std::size_t kMostForOne = 4096;  // octets

void flip(std::string& octets, std::size_t bit) {
  octets[bit / 8] = static_cast<char>(static_cast<unsigned char>(octets[bit / 8]) ^ (1U << (bit % 8)));
}

// True when `count` flipped bits of `octets`, from `first` on, make the record fit; they stay flipped.
template <class Fits>
bool flips_fit(std::string& octets, int count, std::size_t first, const Fits& fits) {
  for (std::size_t bit = first; bit < octets.size() * 8; ++bit) {
    flip(octets, bit);
    if (count == 1 ? fits() : flips_fit(octets, count - 1, bit + 1, fits)) return true;
    flip(octets, bit);
  }
  return false;
}

}  // namespace

void examine(Misfit& misfit, Belongs belongs) {
  std::string key = misfit.key, value = misfit.value;
  const auto fits = [&] { return belongs(key, value); };
  for (const int count : {1, 2}) {
    if (value.size() <= (count == 1 ? kMostForOne : kMostForTwo) && flips_fit(value, count, 0, fits)) {
      misfit.wrong = Misfit::Wrong::Value;
      return;
    }
    if ((count == 1 || key.size() <= kMostForTwo) && flips_fit(key, count, 0, fits)) {
      misfit.wrong = Misfit::Wrong::Key;
      misfit.right_key = key;
      return;
    }
  }
  if (value.size() > kMostForOne) misfit.wrong = Misfit::Wrong::Value;
}

base::Error misplaced_error(const Misfit& misfit) {
  return {base::Errc::Corrupt, "a record of the table " + misfit.table +
                                   " is damaged and may be missing where it belongs (key " + base::hex(misfit.key) +
                                   "); `hearthmail check --repair` puts back or sets aside what it can, " +
                                   "or restore a backup with `hearthmail restore`"};
}

}  // namespace hearthmail::store::lmdb
