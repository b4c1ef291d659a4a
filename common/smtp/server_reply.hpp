// The server's replies: text with an enhanced status code, and the one translation of errors into them.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace hearthmail::smtp {

struct ServerReply {
  int code = 250;        // RFC 5321 §4.2
  std::string enhanced;  // "2.1.5", RFC 3463; empty where none belongs: greeting, EHLO, 334, 354 (RFC 2034 §4)
  std::string text;      // "\n" between lines; everything is made printable and cut at kMaxReplyText per line
  bool positive() const { return code < 400; }
};

// The disk is full but for its reserve.
inline ServerReply no_room() { return {452, "4.3.1", "Insufficient storage, try again later"}; }

// The octets on the wire: "250-2.1.0 text CRLF ... 250 2.1.0 text CRLF".
std::string format(const ServerReply& reply);

// RFC 5321 §4.2.1 (first digit), RFC 3463 (enhanced code). The text names no file, host or policy: those go to the
// log. Temporary by default: a mistake here may delay mail, never lose it.
ServerReply to_reply(const base::Error& error);

}  // namespace hearthmail::smtp
