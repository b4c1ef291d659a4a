// Resync: the second half of SELECT (QRESYNC ...), RFC 7162 §3.2.5: what happened since the client was here last.
#pragma once

#include <vector>

#include "receiver/imap/parse/mailbox.hpp"
#include "receiver/imap/view.hpp"

namespace hearthmail::receiver::imap {

class Resync {
 public:
  explicit Resync(parse::QResync known) : known_(std::move(known)) {}

  // In the transaction that opened `view`: appends VANISHED (EARLIER) and learns which flags are to be told. Nothing when
  // the client knows another UIDVALIDITY.
  base::Status begin(const store::mail::ReadTxn& txn, const View& view, std::string& out);
  // Appends FETCH responses up to about kStepOctets; true when more is to come.
  base::Result<bool> tell(const store::mail::ReadTxn& txn, View& view, const Enabled& enabled, std::string& out);

 private:
  base::Uid matched_up_to(const View& view) const;

  parse::QResync known_;
  std::vector<base::Uid> changed_;  // from at_ on they are still to be told
  std::size_t at_ = 0;
};

}  // namespace hearthmail::receiver::imap
