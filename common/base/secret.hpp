// Secret: text that does not print. It is wiped when it goes, and shows only its length and a fingerprint.
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();
  bool empty() const { return text_.empty(); }
  std::size_t size() const { return text_.size(); }
  // The text itself, for the one place that hands it to the peer. Never log it.
  std::string_view reveal() const { return text_; }

 private:
  void wipe();
  std::string text_;
};

}  // namespace hearthmail::base
