// Scan: looks through a mailbox for the messages that match, a slice at a time, each slice in a transaction of its own.
// Slices may run on any thread while the session waits for them: the view does not change meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "receiver/imap/search/search.hpp"
#include "receiver/imap/view.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::net {
class Workers;
}

namespace hearthmail::receiver::imap::search {

// One message that matched; valid during the call that hands it out.
struct Hit {
  const store::mail::ReadTxn& txn;
  const store::mail::Message& message;
  std::uint32_t sequence;  // 0 when the mailbox is not the selected one
};

class Scan {
 public:
  using Found = std::function<base::Status(const Hit&)>;

  // The selected mailbox as the session sees it; `view` must outlive the scan.
  Scan(store::lmdb::Env& env, const View& view, Matcher matcher);
  // Another mailbox, without sequence numbers (RFC 7377 §2.1). `keywords` is its table.
  Scan(store::lmdb::Env& env, const store::mail::Mailbox& mailbox, std::vector<std::string> keywords, Matcher matcher);

  // Looks at nothing before this message of the view.
  void begin_at(std::size_t index);

  bool done() const { return done_; }
  // How many messages of the view have been looked at.
  std::size_t visited() const { return index_; }
  std::size_t messages() const { return view_ == nullptr ? 0 : view_->size(); }
  // True when slices belong on the worker pool: bodies are searched.
  bool needs_worker() const { return matcher_.needs_body(); }
  // From now on slices that search bodies of the selected mailbox are shared with free threads of `workers`.
  void share(net::Workers& workers) { workers_ = &workers; }
  // Looks at more messages for about `slice`. A message that cannot be read does not match. Errors: those of the store
  // and of `found`.
  base::Status run(std::chrono::milliseconds slice, const Found& found);

 private:
  class Stored;
  struct Piece;
  bool locate(const store::mail::Message& message, std::size_t& index) const;
  base::Status run_alone(std::chrono::steady_clock::time_point until, const Found& found);
  base::Status run_shared(std::chrono::steady_clock::time_point until, const Found& found);
  base::Status search(Piece& piece, std::chrono::steady_clock::time_point until) const;
  base::Status hand_out(const std::vector<Piece>& pieces, const Found& found);

  store::lmdb::Env& env_;
  net::Workers* workers_ = nullptr;
  const View* view_ = nullptr;
  base::MailboxId box_;
  std::vector<std::string> keywords_;  // without a view
  std::uint32_t recent_from_ = 0;      // without a view
  Matcher matcher_;
  base::Uid next_{1};      // first UID that was not looked at
  base::Uid last_{0};      // of the mailbox
  std::size_t index_ = 0;  // in the view
  bool done_ = false;
};

}  // namespace hearthmail::receiver::imap::search
