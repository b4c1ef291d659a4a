// SEARCH: does a message match? RFC 9051 §6.4.4. One message per call, so that the caller slices the work and holds no
// transaction longer than it likes. Text is compared decoded (RFC 2047, transfer encoding, charset) and case-folded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "receiver/imap/parse/search_key.hpp"

namespace hearthmail::receiver::imap::search {

constexpr std::size_t kMaxSearchedPart = 16 * 1024 * 1024;  // octets of one decoded part that BODY and TEXT look at

// One message, as lazily as its owner can. Called on one thread.
class SearchSubject {
 public:
  virtual ~SearchSubject() = default;
  virtual std::uint32_t sequence() const = 0;  // message sequence number
  virtual std::uint32_t uid() const = 0;
  virtual std::uint8_t system_flags() const = 0;  // parse::FlagBit, store::mail::SystemFlag
  virtual bool recent() const = 0;
  virtual bool has_keyword(std::string_view name) const = 0;  // ASCII case-insensitive
  virtual base::UnixTime internal_date() const = 0;
  virtual std::int16_t zone_minutes() const = 0;  // of the internal date
  virtual std::uint64_t octets() const = 0;       // RFC822.SIZE
  virtual std::uint64_t modseq() const = 0;
  virtual std::string email_id() const = 0;      // RFC 8474
  virtual base::UnixTime save_date() const = 0;  // RFC 8514
  // The summary made at delivery; called only when a key needs it, and kept by the subject.
  virtual base::Result<const mime::Summary*> summary() = 0;
  // The same, of which only the texts that are compared and the dates need be there.
  virtual base::Result<const mime::Summary*> compared() { return summary(); }
  // Octets of the message; called only for HEADER, BODY and TEXT.
  virtual base::Result<std::string> read(mime::Range range) = 0;
};

// What a search program refers to without naming it.
struct Context {
  std::uint32_t largest_sequence = 0;  // what "*" means; 0: there is no message
  std::uint32_t largest_uid = 0;
  base::UnixTime now = 0;      // OLDER and YOUNGER count from here, RFC 5032 §3
  parse::NumSet saved_result;  // "$" as UIDs, resolved; RFC 5182 §2.1
};

class Matcher {
 public:
  // `charset` of the texts: "", UTF-8 and US-ASCII as they are, others as mime::to_utf8 knows them.
  // Unsupported: answer NO [BADCHARSET (UTF-8 US-ASCII)]; Invalid: text is not in its charset (BAD).
  static base::Result<Matcher> compile(const parse::SearchTree& tree, std::string_view charset, const Context& context);

  // Cheap keys first; stops as soon as it knows. Errors: those of the subject. Const: several threads may share it.
  base::Result<bool> matches(SearchSubject& subject) const;
  // Sets outside of which nothing matches, resolved; valid as long as the matcher.
  struct Bound {
    bool by_uid;  // otherwise sequence numbers
    const parse::NumSet* set;
  };
  std::vector<Bound> bounds() const;
  bool needs_summary() const { return needs_summary_; }
  bool needs_body() const { return needs_body_; }  // BODY or TEXT: runs on the worker pool

 private:
  base::Result<bool> eval(std::uint32_t node, SearchSubject& subject, std::size_t depth) const;
  static base::Result<bool> eval_leaf(const parse::SearchNode& node, SearchSubject& subject);

  parse::SearchTree tree_;  // texts folded, sets resolved, children ordered by cost
  bool needs_summary_ = false;
  bool needs_body_ = false;
};

}  // namespace hearthmail::receiver::imap::search
