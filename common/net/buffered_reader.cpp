#include "common/net/buffered_reader.hpp"

#include <algorithm>
#include <utility>

namespace hearthmail::net {
namespace {

// Octets asked for in one read: few while the peer sends commands, more once it fills its reads with data.
constexpr std::size_t kReadSize = 4096;
constexpr std::size_t kTransferReadSize = 16384;
constexpr std::size_t kKeptCapacity = 16384;  // octets; a buffer that grew beyond is given back when it is empty

}  // namespace

void BufferedReader::consume(std::size_t count) {
  at_ += std::min(count, buffer_.size() - at_);
  scanned_ = 0;
  if (at_ < buffer_.size()) return;
  if (buffer_.capacity() > kKeptCapacity) std::string().swap(buffer_);
  buffer_.clear();
  at_ = 0;
}

void BufferedReader::discard() { consume(buffer_.size()); }

void BufferedReader::attach(Stream& stream) {
  stream_ = &stream;
  discard();
}

base::Task<base::Result<std::size_t>> BufferedReader::fill() {
  buffer_.erase(0, std::exchange(at_, 0));
  const std::size_t before = buffer_.size();
  const std::size_t size = transfers_ ? kTransferReadSize : kReadSize;
  buffer_.resize(before + size);
  const std::span<char> room(buffer_.data() + before, size);
  auto count = co_await stream_->read(room);
  buffer_.resize(before + (count.ok() ? *count : 0));
  if (count.ok()) transfers_ = *count >= kReadSize;
  co_return count;
}

base::Task<base::Status> BufferedReader::more() {
  const auto count = co_await fill();
  if (!count.ok()) co_return count.error();
  if (*count == 0) {
    co_return base::Error{base::Errc::Closed, has_input() ? "the peer ended in the midst of a line or of data"
                                                          : "the peer closed the connection"};
  }
  co_return base::ok();
}

base::Task<base::Result<std::string>> BufferedReader::line(std::size_t most) {
  for (;;) {
    const std::string_view have = buffered();
    const auto end = have.find('\n', scanned_);
    const std::size_t length = end == std::string_view::npos ? have.size() : end + 1;
    if (length > most || (end == std::string_view::npos && length == most)) {
      co_return base::Error{base::Errc::OverLimit, "a line has more than " + std::to_string(most) + " octets"};
    }
    if (end != std::string_view::npos) {
      const bool cr = end > 0 && have[end - 1] == '\r';
      std::string text(have.substr(0, cr ? end - 1 : end));
      consume(length);
      co_return text;
    }
    scanned_ = have.size();
    const auto got = co_await more();
    if (!got.ok()) co_return got.error();
  }
}

base::Task<base::Status> BufferedReader::skip_line() {
  for (;;) {
    const auto end = buffered().find('\n');
    if (end != std::string_view::npos) {
      consume(end + 1);
      co_return base::ok();
    }
    discard();
    const auto got = co_await more();
    if (!got.ok()) co_return got.error();
  }
}

base::Task<base::Result<std::string>> BufferedReader::exactly(std::size_t count) {
  while (buffered().size() < count) {
    const auto got = co_await more();
    if (!got.ok()) co_return got.error();
  }
  std::string octets(buffered().substr(0, count));
  consume(count);
  co_return octets;
}

}  // namespace hearthmail::net
