// The FETCH responses of several messages whose bodies are asked for, rendered by the loop's thread and by whoever in the pool is
// free: a body is decompressed, which takes longer than sending it. The next batch is rendered while the client is sent
// the last one. Each message has a transaction of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/net/share.hpp"
#include "common/net/workers.hpp"
#include "receiver/imap/fetch_line.hpp"

namespace hearthmail::receiver::imap {

class FetchBatch {
 public:
  struct Item {
    store::mail::Message message;
    std::size_t index = 0;  // in the view
    std::string text;       // the whole response, or nothing
    base::Status status;    // as FetchLine::write() returns it
  };

  // Everything outlives the batch; the view does not change between begin() and clear().
  FetchBatch(store::lmdb::Env& env, net::Workers& workers, const parse::FetchArgs& args, const Enabled& enabled)
      : env_(env), workers_(workers), args_(args), enabled_(enabled) {}

  // Are responses worth a batch? Those with octets of the body, unless something must be decoded or the summary has it.
  static bool suits(const parse::FetchArgs& args);

  // False, and nothing done, when there is no room for the message in this batch.
  bool add(const store::mail::Message& message, std::size_t index);
  // Is it enough to be worth the pool?
  bool worth() const;
  bool empty() const { return items_.empty(); }
  // Lets the pool fill in texts and states of what was added.
  void begin(View& view);
  // Takes part in that. False: the last ones are still in the pool's hands, wait() for them.
  bool help();
  // On any thread.
  void wait() { work_->wait(); }
  // In the order in which they were added.
  const std::vector<Item>& items() const { return items_; }
  void clear();

 private:
  base::Status render(Item& item, View& view) const;

  store::lmdb::Env& env_;
  net::Workers& workers_;
  const parse::FetchArgs& args_;
  Enabled enabled_;
  std::vector<Item> items_;
  std::uint64_t octets_ = 0;             // of the responses, at most
  std::optional<net::SharedWork> work_;  // last: it ends before what it works on
};

}  // namespace hearthmail::receiver::imap
