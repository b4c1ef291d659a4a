#include "common/smtp/line_buffer.hpp"

#include "common/base/text.hpp"

namespace hearthmail::smtp {

std::optional<InputLine> LineBuffer::take_line(std::size_t most) {
  const std::string_view waiting = view();
  const auto end = waiting.find('\n', searched_);
  if (end == std::string_view::npos) {
    searched_ = waiting.size();
    if (waiting.size() >= most) dropping_ = true;
    if (dropping_) clear();
    return std::nullopt;
  }
  InputLine line;
  if (dropping_ || end + 1 > most) {
    line.kind = InputLine::Kind::TooLong;
    dropping_ = false;
  } else if (end > 0 && waiting[end - 1] == '\r') {
    line.text = waiting.substr(0, end - 1);
  } else {
    line.kind = InputLine::Kind::BareLf;
    line.text = waiting.substr(0, end);
  }
  consume(end + 1);
  return line;
}

bool LineBuffer::starts_with(std::string_view word) const { return base::istarts_with(view(), word); }

void LineBuffer::consume(std::size_t count) {
  start_ += count;
  searched_ = 0;
  if (empty()) {
    clear();
  } else if (start_ > buffer_.size() / 2) {
    buffer_.erase(0, start_);
    start_ = 0;
  }
}

void LineBuffer::clear() {
  buffer_.clear();
  start_ = 0;
  searched_ = 0;
}

}  // namespace hearthmail::smtp
