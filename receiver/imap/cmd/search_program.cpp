#include "receiver/imap/cmd/search_program.hpp"

#include <algorithm>
#include <utility>

#include "receiver/imap/limits.hpp"
#include "receiver/imap/out.hpp"

namespace hearthmail::receiver::imap::cmd {
namespace {

class UnknownCharset : public Operation {
 public:
  explicit UnknownCharset(bool resets) : resets_(resets) {}
  base::Result<Next> step(Connection& connection) override {
    if (resets_ && connection.has_view()) connection.view().save_result({});
    connection.completion = {"NO", "BADCHARSET (UTF-8 US-ASCII)", "Unknown charset", false};
    return Next::Done;
  }

 private:
  bool resets_;
};

class UidRequired : public Operation {
 public:
  base::Result<Next> step(Connection& connection) override {
    connection.completion = {"BAD", "UIDREQUIRED", "Message numbers are not used after ENABLE UIDONLY", false};
    return Next::Done;
  }
};

}  // namespace

bool needs_uid(const Connection& connection, const parse::SearchArgs& args) {
  return connection.enabled().uid_only && parse::has_numbers(args.tree);
}

std::unique_ptr<Operation> uid_required() { return std::make_unique<UidRequired>(); }

search::Context context_of(const Connection& connection, bool selected) {
  search::Context context;
  context.now = connection.services().clock.now();
  if (!selected) return context;
  const View& view = connection.view();
  context.largest_sequence = static_cast<std::uint32_t>(view.size());
  context.largest_uid = view.size() == 0 ? 0 : view.uid_at(view.size() - 1).value;
  for (const base::Uid uid : view.saved_result()) context.saved_result.add_ascending(uid.value);
  return context;
}

base::Result<Program> compile(const Connection& connection, const parse::SearchArgs& args) {
  auto matcher = search::Matcher::compile(args.tree, args.charset, context_of(connection, connection.has_view()));
  if (matcher.ok()) return Program{std::move(*matcher)};
  if (matcher.error().code == base::Errc::Unsupported) return Program{};
  return base::Error{base::Errc::Protocol, matcher.error().text};
}

namespace {

std::vector<IndexRange> positions(const View& view, const search::Matcher::Bound& bound) {
  std::vector<IndexRange> ranges;
  for (const auto& [first, last] : bound.set->ranges()) {
    IndexRange range{first - 1, std::min<std::size_t>(last, view.size())};
    if (bound.by_uid) range = view.between(base::Uid{first}, base::Uid{last});
    if (range.first < range.last) ranges.push_back(range);
  }
  return ranges;
}

// Of ascending, disjoint ranges.
std::vector<IndexRange> intersection(const std::vector<IndexRange>& a, const std::vector<IndexRange>& b) {
  std::vector<IndexRange> both;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    const IndexRange range{std::max(x->first, y->first), std::min(x->last, y->last)};
    if (range.first < range.last) both.push_back(range);
    ++(x->last < y->last ? x : y);
  }
  return both;
}

}  // namespace

std::vector<IndexRange> searched(const View& view, const search::Matcher& matcher) {
  std::vector<IndexRange> ranges;
  if (view.size() > 0) ranges.push_back({0, view.size()});
  for (const auto& bound : matcher.bounds()) ranges = intersection(ranges, positions(view, bound));
  return ranges;
}

std::unique_ptr<Operation> unknown_charset(bool resets) { return std::make_unique<UnknownCharset>(resets); }

base::Result<Next> MatchOperation::step(Connection& connection) {
  if (phase_ == Phase::Scan && !scan_.done() && scanned_.ok()) {
    if (scan_.needs_worker()) return Next::Work;
    scanned_ = scan(kTurn);
  }
  if (!scanned_.ok()) {
    failed(connection);
    return scanned_.error();
  }
  if (!scan_.done()) return Next::Again;
  if (phase_ == Phase::Scan) phase_ = must_sort() ? Phase::Sort : Phase::Answer;
  if (phase_ == Phase::Sort) return Next::Work;
  return answer(connection);
}

base::Status MatchOperation::work() {
  if (phase_ == Phase::Scan) {
    scanned_ = scan(kWorkSlice);
  } else if (sort()) {
    phase_ = Phase::Answer;
  }
  return base::ok();
}

base::Status MatchOperation::scan(std::chrono::milliseconds slice) {
  const auto each = [this](const search::Hit& hit) { return found(hit); };
  return scan_.run(slice, each);
}

bool put_numbers(std::string& out, const std::vector<std::uint32_t>& numbers, std::size_t& at) {
  const std::size_t start = out.size();
  for (; at < numbers.size() && out.size() - start < kStepOctets; ++at) {
    out += ' ';
    put_number(out, numbers[at]);
  }
  return at == numbers.size();
}

}  // namespace hearthmail::receiver::imap::cmd
