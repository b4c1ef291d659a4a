#include "tests/crash/trace/image.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hearthmail::crash {

namespace {

constexpr std::size_t kRareBarriers = 16;

void must(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::_Exit(3);
}

void write_at(int fd, std::string_view octets, std::uint64_t offset) {
  const auto done = ::pwrite(fd, octets.data(), octets.size(), static_cast<off_t>(offset));
  must(done == static_cast<ssize_t>(octets.size()), "write an image");
}

}  // namespace

ImageBuilder::ImageBuilder(const Record& record, std::uint8_t environment, std::string path, Barriers barriers)
    : record_(record),
      environment_(environment),
      path_(std::move(path)),
      barriers_(barriers),
      durable_(record.before[environment]) {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  must(fd_ >= 0, "make an image");
  write_at(fd_, durable_, 0);
}

ImageBuilder::~ImageBuilder() {
  if (fd_ >= 0) ::close(fd_);
}

void ImageBuilder::make_durable(const Event& event) {
  if (event.kind == Event::Kind::Length) {
    durable_.resize(event.offset, '\0');
    must(::ftruncate(fd_, static_cast<off_t>(event.offset)) == 0, "cut an image");
    return;
  }
  if (event.offset + event.octets.size() > durable_.size()) durable_.resize(event.offset + event.octets.size(), '\0');
  std::copy(event.octets.begin(), event.octets.end(), durable_.begin() + static_cast<std::ptrdiff_t>(event.offset));
  write_at(fd_, event.octets, event.offset);
}

void ImageBuilder::advance(std::size_t at) {
  for (; at_ < at; ++at_) {
    const Event& event = record_.events[at_];
    if (event.environment != environment_) continue;
    if (event.kind == Event::Kind::Barrier) {
      if (barriers_ == Barriers::Rare && ++seen_barriers_ % kRareBarriers != 0) continue;
      for (const Event* one : pending_) make_durable(*one);
      pending_.clear();
    } else if (event.kind == Event::Kind::Write && event.durable && barriers_ == Barriers::All) {
      make_durable(event);
    } else if (event.kind == Event::Kind::Write || event.kind == Event::Kind::Length) {
      pending_.push_back(&event);
    }
  }
}

void ImageBuilder::put(Piece piece) {
  if (piece.octets.empty()) return;
  write_at(fd_, piece.octets, piece.offset);
  changed_.emplace_back(piece.offset, piece.octets.size());
}

void ImageBuilder::put_some(Piece piece, std::size_t unit, unsigned percent, std::mt19937_64& random) {
  for (std::size_t at = 0; at < piece.octets.size();) {
    const std::size_t here = unit - static_cast<std::size_t>((piece.offset + at) % unit);
    const std::size_t count = std::min(here, piece.octets.size() - at);
    if (random() % 100 < percent) put({piece.offset + at, piece.octets.substr(at, count)});
    at += count;
  }
}

// The next write of this environment, partly; returns its index, or where we are when there is none.
std::size_t ImageBuilder::put_torn(Loss loss, std::mt19937_64& random) {
  for (std::size_t i = at_; i < record_.events.size(); ++i) {
    const Event& event = record_.events[i];
    if (event.environment != environment_) continue;
    if (event.kind == Event::Kind::Barrier) return at_;  // what is pending is behind it: another moment's image
    if (event.kind != Event::Kind::Write) continue;
    const Piece piece{event.offset, event.octets};
    if (loss == Loss::Torn) put({piece.offset, piece.octets.substr(0, random() % (piece.octets.size() + 1))});
    else put_some(piece, kSector, 50, random);
    return i;
  }
  return at_;
}

std::size_t ImageBuilder::build(Loss loss, std::mt19937_64& random) {
  static constexpr unsigned kKept[] = {5, 25, 50, 75, 95};  // percent of the units that reached the disk
  const unsigned percent = kKept[random() % 5];
  const std::size_t unit = loss == Loss::Sectors ? kSector : kPage;
  for (const Event* event : pending_) {
    if (event->kind == Event::Kind::Length) continue;  // LMDB does not cut its file; a longer one is no harm
    const Piece piece{event->offset, event->octets};
    if (loss == Loss::Writes) put_some(piece, ~std::size_t{0}, percent, random);
    else if (loss == Loss::Pages || loss == Loss::Sectors) put_some(piece, unit, percent, random);
    else put(piece);
  }
  return loss == Loss::Torn || loss == Loss::TornSectors ? put_torn(loss, random) : at_;
}

void ImageBuilder::revert(bool everything) {
  if (everything) {
    write_at(fd_, durable_, 0);
  } else {
    for (const auto& [offset, count] : changed_) {
      if (offset < durable_.size()) write_at(fd_, std::string_view(durable_).substr(offset, count), offset);
    }
  }
  must(::ftruncate(fd_, static_cast<off_t>(durable_.size())) == 0, "cut an image");
  changed_.clear();
}

}  // namespace hearthmail::crash
