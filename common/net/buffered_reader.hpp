// BufferedReader: lines and counted octets out of a Stream, for sessions and clients of line protocols.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/task.hpp"
#include "common/net/stream.hpp"

namespace hearthmail::net {

// Borrows the stream; used from its loop's thread, one call at a time. An error of the stream (Timeout, Interrupted,
// Protocol) is passed on and loses nothing: what had arrived stays buffered, the call can be repeated.
class BufferedReader {
 public:
  explicit BufferedReader(Stream& stream) : stream_(&stream) {}

  // The next line without its CRLF; a bare LF ends a line too. `most` counts its octets with the line end. Errors:
  // OverLimit (the line is longer and still unread: skip_line() drops it), Closed (the peer ended its side).
  base::Task<base::Result<std::string>> line(std::size_t most);
  // Reads and drops everything up to and including the next line end, of any length, in bounded memory.
  base::Task<base::Status> skip_line();
  // The next `count` octets exactly; the caller has checked the count against a limit.
  base::Task<base::Result<std::string>> exactly(std::size_t count);

  // Raw access, for a session with a framer of its own: take what is in buffered(), consume() it, fill() for more.
  std::string_view buffered() const { return std::string_view(buffer_).substr(at_); }
  void consume(std::size_t count);
  // One read of the stream, added to buffered(): the octets that came, 0 when the peer ended its side.
  base::Task<base::Result<std::size_t>> fill();
  // Drops what is buffered: after STARTTLS nothing that came in clear may be run (RFC 3207 §4.2).
  void discard();
  // True when more input is here already: replies can wait to be sent together (pipelining, RFC 2920 §3.2).
  bool has_input() const { return at_ < buffer_.size(); }
  // The stream was replaced (a client's start_tls_client); what is buffered is dropped.
  void attach(Stream& stream);

 private:
  base::Task<base::Status> more();

  Stream* stream_;
  std::string buffer_;
  std::size_t at_ = 0;       // octets before it are consumed
  std::size_t scanned_ = 0;  // octets after at_ that hold no line end
  bool transfers_ = false;   // the last read was full
};

}  // namespace hearthmail::net
