#include "receiver/imap/fetch_batch.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "receiver/imap/limits.hpp"

namespace hearthmail::receiver::imap {

namespace {

// Octets of all responses of a batch. A session has two in memory, one that is sent and one that is rendered.
constexpr std::uint64_t kBatchOctets = 4 * kStepOctets;
// A larger message is streamed instead.
constexpr std::uint64_t kMostOctets = 8 * kStepOctets;
constexpr std::size_t kBatchMessages = 128;
// Fewer are rendered on the loop sooner than a worker is woken.
constexpr std::uint64_t kLeastOctets = kStepOctets / 2;
constexpr std::size_t kLineOctets = 256;  // what mostly stands around a body
constexpr std::size_t kFetchHelpers = 3;  // threads that one client's FETCH may take beside its own

// How long the loop waits for a helper's last message before it turns to other sessions: two hand-overs take longer.
constexpr std::chrono::microseconds kPatience{200};

bool has_body(const parse::FetchItem& item) {
  switch (item.kind) {
    case parse::FetchKind::Section:
    case parse::FetchKind::Rfc822:
    case parse::FetchKind::Rfc822Header:
    case parse::FetchKind::Rfc822Text: return !is_listed(item.section);
    default: return false;
  }
}

}  // namespace

bool FetchBatch::suits(const parse::FetchArgs& args) {
  const auto decodes = [](const parse::FetchItem& item) { return item.decodes(); };
  return std::any_of(args.items.begin(), args.items.end(), has_body) &&
         std::none_of(args.items.begin(), args.items.end(), decodes);
}

bool FetchBatch::add(const store::mail::Message& message, std::size_t index) {
  const auto bodies = static_cast<std::uint64_t>(std::count_if(args_.items.begin(), args_.items.end(), has_body));
  const std::uint64_t octets = std::min(message.octets, kMostOctets + 1) * bodies;
  if (items_.size() == kBatchMessages || octets > kMostOctets || octets_ >= kBatchOctets) return false;
  octets_ += octets;
  items_.push_back({message, index, {}, {}});
  return true;
}

bool FetchBatch::worth() const { return items_.size() > 1 && octets_ >= kLeastOctets; }

void FetchBatch::begin(View& view) {
  const auto render_one = [this, &view](std::size_t i) {
    try {
      items_[i].status = render(items_[i], view);
    } catch (const std::bad_alloc&) {
      items_[i].status = base::Error{base::Errc::Unavailable, "out of memory"};
    }
  };
  work_.emplace(workers_, kFetchHelpers, items_.size(), render_one);
}

bool FetchBatch::help() {
  work_->help();
  return work_->wait_for(kPatience);
}

base::Status FetchBatch::render(Item& item, View& view) const {
  FetchLine line(args_, enabled_);
  line.begin(item.message, item.index, false);
  item.text.reserve(std::min(item.message.octets, kMostOctets) + kLineOctets);
  return env_.read([&](const store::mail::ReadTxn& txn) {
    return line.write(txn, view, item.text, std::numeric_limits<std::size_t>::max());
  });
}

void FetchBatch::clear() {
  work_.reset();
  items_.clear();
  octets_ = 0;
}

}  // namespace hearthmail::receiver::imap
