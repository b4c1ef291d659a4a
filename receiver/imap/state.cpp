#include "receiver/imap/state.hpp"

#include <utility>

#include "receiver/imap/out.hpp"
#include "receiver/imap/watch.hpp"

namespace hearthmail::receiver::imap {

Connection::Connection(const Services& services, bool tls, bool can_start_tls)
    : services_(services), tls_(tls), can_start_tls_(can_start_tls) {}

Connection::~Connection() = default;

void Connection::watch(std::unique_ptr<Watch> watch) { watch_ = std::move(watch); }

void Connection::tls_started() {
  tls_ = true;
  unauthenticated();
}

void Connection::unauthenticated() {
  identity_ = {};
  enabled_ = {};
  view_.reset();
  watch_.reset();
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

void Connection::enable_condstore() {
  if (std::exchange(enabled_.condstore, true) || !has_view()) return;
  out += "* OK [HIGHESTMODSEQ ";
  put_number(out, view_->settled().value);
  out += "] Highest\r\n";
}

void Connection::enable_qresync() {
  enabled_.qresync = true;
  enable_condstore();
}

void Connection::enable_rev2() {
  enabled_.rev2 = enabled_.utf8 = true;
  if (has_view()) view_->without_recent();
}

void Connection::log_out() {
  view_.reset();
  watch_.reset();
  state_ = kLogout;
}

}  // namespace hearthmail::receiver::imap
