// What SEARCH, SORT, THREAD and ESEARCH have in common: making a matcher of the client's keys, and walking the selected
// mailbox with it in slices, on the loop or in the worker pool.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "receiver/imap/operation.hpp"
#include "receiver/imap/parse/search.hpp"
#include "receiver/imap/search/scan.hpp"

namespace hearthmail::receiver::imap::cmd {

// What "*", "$" and "now" mean; without numbers unless it is for the selected mailbox.
search::Context context_of(const Connection& connection, bool selected);

// How the program can be refused: as a BAD, or as NO [BADCHARSET].
struct Program {
  std::optional<search::Matcher> matcher;  // nothing: the charset is not known
};
// Protocol: a text is not in its charset.
base::Result<Program> compile(const Connection& connection, const parse::SearchArgs& args);
// NO [BADCHARSET (UTF-8 US-ASCII)], RFC 9051 §7.1. With `resets`, "$" is emptied (RFC 5182 §2.1).
std::unique_ptr<Operation> unknown_charset(bool resets);

// After ENABLE UIDONLY a program that names messages by number is answered BAD [UIDREQUIRED], RFC 9586 §3.2.
bool needs_uid(const Connection& connection, const parse::SearchArgs& args);
std::unique_ptr<Operation> uid_required();

// The messages of the selected mailbox that a search has to look at: those in all of the sets that it names. They are what
// MESSAGELIMIT counts, "note, NOT the number of matched messages" (RFC 9738 §3.1).
std::vector<IndexRange> searched(const View& view, const search::Matcher& matcher);

// An operation over the messages of the selected mailbox that match: first found() for each, then sort() in the worker
// pool when the command needs it, then answer() until it says Done.
class MatchOperation : public Operation {
 public:
  MatchOperation(const Connection& connection, search::Matcher matcher)
      : scan_(connection.env(), connection.view(), std::move(matcher)) {
    scan_.share(connection.services().workers);
  }

  void begin_at(std::size_t index) { scan_.begin_at(index); }
  base::Result<Next> step(Connection& connection) final;
  base::Status work() final;
  // Only before the answer begins: it may go out in pieces.
  std::optional<Progress> progress() const final {
    if (phase_ != Phase::Scan) return std::nullopt;
    return Progress{scan_.visited(), scan_.messages()};
  }

 protected:
  virtual base::Status found(const search::Hit& hit) = 0;
  virtual bool must_sort() const { return false; }
  // On a worker. True when it is finished; false: it wants another slice.
  virtual bool sort() { return true; }
  virtual Next answer(Connection& connection) = 0;
  virtual void failed(Connection&) {}

 private:
  enum class Phase { Scan, Sort, Answer };
  base::Status scan(std::chrono::milliseconds slice);

  search::Scan scan_;
  base::Status scanned_;
  Phase phase_ = Phase::Scan;
};

// Appends numbers one by one, each behind a space, up to about kStepOctets; `at` is the next one. True when all are out.
bool put_numbers(std::string& out, const std::vector<std::uint32_t>& numbers, std::size_t& at);

}  // namespace hearthmail::receiver::imap::cmd
