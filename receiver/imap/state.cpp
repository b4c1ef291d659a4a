#include "receiver/imap/state.hpp"

#include <utility>

namespace hearthmail::receiver::imap {

void Connection::tls_started() {
  tls_ = true;
  identity_ = {};
  view_.reset();
  state_ = kNotAuthenticated;
}

void Connection::authenticated(auth::Identity identity) {
  identity_ = std::move(identity);
  state_ = kAuthenticated;
}

void Connection::selected(View view) {
  view_.emplace(std::move(view));
  state_ = kSelected;
}

void Connection::deselected() {
  view_.reset();
  if (state_ == kSelected) state_ = kAuthenticated;
}

void Connection::log_out() {
  view_.reset();
  state_ = kLogout;
}

}  // namespace hearthmail::receiver::imap
