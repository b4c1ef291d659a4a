// What a client has switched on for the rest of its connection: by ENABLE (RFC 5161), or by the first command that shows
// that it knows CONDSTORE (RFC 7162 §3.1).
#pragma once

namespace hearthmail::receiver::imap {

struct Enabled {
  bool condstore = false;    // FETCH responses about flags carry MODSEQ
  bool qresync = false;      // VANISHED instead of EXPUNGE; implies condstore
  bool uid_only = false;     // no message numbers either way; VANISHED and UIDFETCH (RFC 9586)
  bool utf8 = false;         // mailbox names and quoted strings are UTF-8: by one of the next two
  bool utf8_accept = false;  // UTF8=ACCEPT (RFC 6855 §3)
  bool rev2 = false;         // IMAP4rev2 (RFC 9051 §6.3.1): ESEARCH for SEARCH, nothing of \Recent, LIST at SELECT
};

}  // namespace hearthmail::receiver::imap
