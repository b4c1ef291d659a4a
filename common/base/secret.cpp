#include "common/base/secret.hpp"

#include <string.h>  // explicit_bzero

#include <utility>

namespace hearthmail::base {

void Secret::wipe() {
  if (!text_.empty()) explicit_bzero(text_.data(), text_.size());
}

Secret::Secret(Secret&& other) noexcept : text_(other.text_) {
  other.wipe();
  other.text_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = other.text_;
    other.wipe();
    other.text_.clear();
  }
  return *this;
}

Secret::~Secret() { wipe(); }

}  // namespace hearthmail::base
