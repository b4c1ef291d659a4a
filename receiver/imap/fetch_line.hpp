// One FETCH response, written in pieces: small items are copied from records and the summary, a body section is announced
// as a literal and then streamed from the store, so that a 50 MiB message costs 64 KiB of memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mime/summary.hpp"
#include "receiver/imap/enabled.hpp"
#include "receiver/imap/parse/fetch.hpp"
#include "receiver/imap/sections.hpp"
#include "receiver/imap/view.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver::imap {

class FetchLine {
 public:
  // `args` is what the client asked for; the caller keeps it.
  FetchLine(const parse::FetchArgs& args, const Enabled& enabled);

  bool open() const { return open_; }
  // True when the next item is a large part that must be decoded first: run decode() on a worker, then write() again.
  bool wants_worker() const { return decode_.has_value() && !decoded_.has_value(); }
  // Decodes the part that wants_worker() is about. Errors: those of the store, for the next write() to report.
  void decode(const store::mail::ReadTxn& txn);
  // Begins the response for `message`, the one at `index`. `flags_changed`: this FETCH has set \Seen, so FLAGS is shown
  // even if it was not asked for (RFC 9051 §6.4.5), and MODSEQ when CONDSTORE is enabled (RFC 7162 §3.1).
  void begin(const store::mail::Message& message, std::size_t index, bool flags_changed);
  // Appends up to about `budget` octets; open() tells whether more is to come. After an error of the store nothing of
  // the response is left in `out` and the next message can be shown; Closed: a part of it has gone out already and
  // cannot be completed as announced. Unsupported: BINARY of a part in an unknown encoding (RFC 3516 §4.3).
  base::Status write(const store::mail::ReadTxn& txn, View& view, std::string& out, std::size_t budget);

 private:
  base::Status fill(const store::mail::ReadTxn& txn, View& view, std::string& out, std::size_t budget);
  void put_start(std::string& out);
  void put_modseq(std::string& out) const;
  base::Status put_item(const store::mail::ReadTxn& txn, const View& view, const parse::FetchItem& item,
                        std::string& out, std::size_t budget);
  base::Status put_preview(const store::mail::ReadTxn& txn, std::string& out) const;
  base::Status put_summary(const store::mail::ReadTxn& txn, mime::SummaryText which, std::string_view name,
                           std::string& out) const;
  base::Status put_section(const store::mail::ReadTxn& txn, const parse::FetchItem& item, std::string& out,
                           std::size_t budget);
  // False when the summary does not keep the fields.
  base::Result<bool> put_listed(const store::mail::ReadTxn& txn, const parse::FetchItem& item, std::string& out) const;
  base::Status put_filtered(const store::mail::ReadTxn& txn, const parse::FetchItem& item, mime::Range header,
                            std::string& out) const;
  base::Status check_encodings(const store::mail::ReadTxn& txn);
  base::Status load_summary(const store::mail::ReadTxn& txn);
  base::Status prepare(const store::mail::ReadTxn& txn, const parse::FetchItem& item);
  base::Status put_binary(const parse::FetchItem& item, std::string& out);
  base::Status stream(const store::mail::ReadTxn& txn, std::string& out, std::size_t budget);
  base::Result<std::optional<mime::Range>> find_section(const store::mail::ReadTxn& txn, const parse::FetchItem& item);

  const parse::FetchArgs& args_;
  Enabled enabled_;
  std::vector<std::string> names_;  // of the items, as the response says them; made once for all messages
  bool open_ = false;
  bool started_ = false;  // "* n FETCH (" is out
  bool flags_changed_ = false;
  bool modseq_changed_ = false;
  store::mail::Message message_;
  std::size_t index_ = 0;
  std::size_t item_ = 0;  // the next one of args_.items
  mime::Range left_;      // of the literal that is being streamed
  std::optional<mime::Summary> summary_;
  std::optional<mime::SummaryPart> decode_;           // the part that is being decoded, or was last
  std::optional<base::Result<std::string>> decoded_;  // its content
  bool from_decoded_ = false;                         // left_ counts in decoded_, not in the message
};

}  // namespace hearthmail::receiver::imap
