// Base subject extraction, RFC 5256 §2.1: what is left of a subject without "Re:", "Fwd:", "[list]" and "(fwd)".
#pragma once

#include <string>
#include <string_view>

namespace hearthmail::receiver::imap::search {

struct BaseSubject {
  std::string text;               // UTF-8, its case kept; may be empty
  bool reply_or_forward = false;  // something that marks a reply or a forward was taken off
};

// `subject`: decoded to UTF-8. Linear in its length.
BaseSubject base_subject(std::string_view subject);

}  // namespace hearthmail::receiver::imap::search
