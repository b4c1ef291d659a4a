// What a client has switched on for the rest of its connection: by ENABLE (RFC 5161), or by the first command that shows
// that it knows CONDSTORE (RFC 7162 §3.1).
#pragma once

namespace hearthmail::receiver::imap {

struct Enabled {
  bool condstore = false;  // FETCH responses about flags carry MODSEQ
  bool qresync = false;    // VANISHED instead of EXPUNGE; implies condstore
};

}  // namespace hearthmail::receiver::imap
