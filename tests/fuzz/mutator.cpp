#include "tests/fuzz/mutator.hpp"

#include <algorithm>

namespace hearthmail::fuzz {

namespace {
constexpr std::size_t kPool = 256;    // mutations that are kept to start from, besides the seeds
constexpr std::size_t kMaxSteps = 8;  // changes in one go
}  // namespace

Mutator::Mutator(std::uint64_t seed, std::vector<std::string> seeds, std::vector<std::string> dictionary,
                 std::size_t most)
    : state_(seed * 0x9E3779B97F4A7C15U + 1), pool_(std::move(seeds)), dictionary_(std::move(dictionary)), most_(most) {
  if (pool_.empty()) pool_.emplace_back();
  for (std::string& text : pool_) text.resize(std::min(text.size(), most_));
  originals_ = pool_.size();
}

std::uint64_t Mutator::random() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 0x2545F4914F6CDD1DU;
}

std::size_t Mutator::below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); }

const std::string& Mutator::next() {
  if (given_ < originals_) {
    current_ = pool_[given_++];
    return current_;
  }
  current_ = pool_[below(pool_.size())];
  for (std::size_t steps = 1 + below(kMaxSteps); steps > 0; --steps) mutate(current_);
  current_.resize(std::min(current_.size(), most_));
  if (pool_.size() < originals_ + kPool) {
    pool_.push_back(current_);
  } else if (below(8) == 0) {
    pool_[originals_ + below(kPool)] = current_;
  }
  return current_;
}

void Mutator::mutate(std::string& text) {
  switch (below(7)) {
    case 0: change_octet(text); return;
    case 1:
    case 2: insert_word(text); return;
    case 3: remove_range(text); return;
    case 4: repeat_range(text); return;
    case 5: splice(text); return;
    default: insert_noise(text); return;
  }
}

void Mutator::change_octet(std::string& text) {
  if (text.empty()) return;
  char& octet = text[below(text.size())];
  if (below(2) == 0) {
    octet = static_cast<char>(octet ^ static_cast<char>(1 << below(8)));
  } else {
    octet = static_cast<char>(below(256));
  }
}

void Mutator::insert_word(std::string& text) {
  if (dictionary_.empty()) return insert_noise(text);
  const std::string& word = dictionary_[below(dictionary_.size())];
  const std::size_t at = below(text.size() + 1);
  if (below(3) == 0) {
    text.replace(at, word.size(), word);
  } else {
    text.insert(at, word);
  }
}

void Mutator::remove_range(std::string& text) {
  if (text.empty()) return;
  const std::size_t at = below(text.size());
  const std::size_t limit = below(4) == 0 ? text.size() : 8;
  text.erase(at, 1 + below(std::min(limit, text.size() - at)));
}

void Mutator::repeat_range(std::string& text) {
  if (text.empty() || text.size() > most_) return;
  const std::size_t at = below(text.size());
  const std::string piece = text.substr(at, 1 + below(64));
  std::string run;
  const std::size_t times = 1 + below(below(8) == 0 ? 200 : 3);
  for (std::size_t i = 0; i < times && run.size() < most_; ++i) run += piece;
  text.insert(at, run);
}

void Mutator::splice(std::string& text) {
  const std::string& other = pool_[below(pool_.size())];
  const std::size_t cut = below(text.size() + 1);
  const std::size_t from = below(other.size() + 1);
  text = text.substr(0, cut) + other.substr(from);
}

void Mutator::insert_noise(std::string& text) {
  std::string noise;
  for (std::size_t i = 1 + below(8); i > 0; --i) noise += static_cast<char>(below(256));
  text.insert(below(text.size() + 1), noise);
}

}  // namespace hearthmail::fuzz
