#include "receiver/imap/parse/message.hpp"

namespace hearthmail::receiver::imap::parse {

using base::Result;

// sequence-set = (seq-number / seq-range) *("," sequence-set), RFC 9051 §9. 0 stands for "*".
Result<NumSet> parse_sequence_set(Cursor& in) {
  if (in.take('$')) return NumSet::saved_result();  // seq-last-command, RFC 5182 §3
  NumSet set;
  do {
    if (set.ranges().size() >= kMaxRanges) return in.error("at most 10000 ranges");
    NumRange range{0, 0};
    if (!in.take('*')) {
      TRY_ASSIGN(range.first, in.nz_number());
    }
    range.last = range.first;
    if (in.take(':')) {
      range.last = 0;
      if (!in.take('*')) {
        TRY_ASSIGN(range.last, in.nz_number());
      }
    }
    set.push_back(range);
  } while (in.take(','));
  return set;
}

namespace {

// store-modifiers = SP "(" store-modifier *(SP store-modifier) ")", RFC 4466 §2.5
base::Status parse_store_modifiers(Cursor& in, StoreArgs& args) {
  if (!in.take('(')) return base::ok();
  if (!in.take_word("UNCHANGEDSINCE")) return in.error("UNCHANGEDSINCE");
  TRY(in.space());
  TRY_ASSIGN(args.unchanged_since, in.mod_sequence());
  TRY(in.expect(')', "\")\" after the STORE modifier"));
  return in.space();
}

}  // namespace

// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
Result<StoreArgs> parse_store(Cursor& in, bool uid) {
  StoreArgs args;
  args.uid = uid;
  TRY(in.space());
  TRY_ASSIGN(args.set, parse_sequence_set(in));
  TRY(in.space());
  TRY(parse_store_modifiers(in, args));
  if (in.take('+')) {
    args.mode = StoreMode::Add;
  } else if (in.take('-')) {
    args.mode = StoreMode::Remove;
  }
  args.silent = in.take_word("FLAGS.SILENT");
  if (!args.silent && !in.take_word("FLAGS")) return in.error("FLAGS or FLAGS.SILENT");
  TRY(in.space());
  TRY_ASSIGN(args.flags, parse_store_flags(in));
  return args;
}

Result<CopyArgs> parse_copy(Cursor& in, bool uid) {
  CopyArgs args;
  args.uid = uid;
  TRY(in.space());
  TRY_ASSIGN(args.set, parse_sequence_set(in));
  TRY(in.space());
  TRY_ASSIGN(args.mailbox, in.mailbox());
  return args;
}

Result<ExpungeArgs> parse_expunge(Cursor& in, bool uid) {
  ExpungeArgs args;
  if (!uid) return args;
  TRY(in.space());
  TRY_ASSIGN(args.uids, parse_sequence_set(in));
  return args;
}

}  // namespace hearthmail::receiver::imap::parse
