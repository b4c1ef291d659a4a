// What one client believes of its selected mailbox, made from nothing but the server's answers. Every answer is checked
// against what a client may rely on: numbers that exist, UIDs that stay with their numbers, EXISTS that never shrinks,
// nothing taken out while sequence numbers are in use (RFC 9051 §7.5.1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/receiver/imap/model/reference.hpp"

namespace hearthmail::test::model {

struct Entry {
  std::uint32_t uid = 0;  // 0: announced by EXISTS, not fetched yet
  FlagSet flags;
};

// The parts of one FETCH response.
struct Fetched {
  std::uint32_t sequence = 0;
  std::uint32_t uid = 0;
  std::uint64_t modseq = 0;
  std::optional<FlagSet> flags;
  bool text = false;  // BODY[TEXT]
};

// The answer to one command, split up.
struct Answer {
  std::string tagged;         // "OK [..] text"
  std::uint64_t highest = 0;  // of a HIGHESTMODSEQ code; 0: none
  std::uint32_t validity = 0;
  std::uint64_t fetched_modseq = 0;  // the highest one of FETCH responses
  Uids earlier;                      // VANISHED (EARLIER)
  Uids found;                        // SEARCH
  Uids modified;                     // MODIFIED
  Uids copied_from;                  // COPYUID
  Uids copied_to;
  Uids appended;  // APPENDUID
  std::vector<Fetched> fetched;
  bool ok() const { return tagged.rfind("OK", 0) == 0; }
};

Uids parse_set(std::string_view text);
std::string set_text(const Uids& uids);

class Believer {
 public:
  std::vector<Entry> list;   // index + 1 is the sequence number
  std::uint64_t modseq = 0;  // the client's HIGHESTMODSEQ: what it would come back with
  std::uint32_t validity = 0;
  bool notified = false;  // NOTIFY: news may come after the tagged answer, without EXPUNGE (selected-delayed)
  bool rev2 = false;      // nothing is \Recent, SEARCH is answered with ESEARCH, news has UIDs (RFC 9051 E)

  // Takes in everything up to the tagged answer. `withheld`: the command uses sequence numbers.
  Answer read(const std::string& text, const std::string& tag, bool withheld);
  // SELECT: the answer with the list still empty but for what EXISTS announced.
  Answer read_select(const std::string& text, const std::string& tag);

  bool has_unknown() const;
  Uids uids() const;  // those that are known
  std::optional<std::size_t> index_of(std::uint32_t uid) const;

 private:
  void line(const std::string& text, bool withheld, Answer& answer);
  void take_fetch(const Fetched& fetched);
  void take_vanished(std::uint32_t uid);
  void take_code(const std::string& text, Answer& answer);
  bool selecting_ = false;
};

}  // namespace hearthmail::test::model
