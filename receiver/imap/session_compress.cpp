// COMPRESS, RFC 4978: from the answer on, both directions are deflate streams.
#include <utility>

#include "receiver/imap/reply.hpp"
#include "receiver/imap/session.hpp"

namespace hearthmail::receiver::imap {

base::Task<void> Session::compress(parse::Command command) {
  const auto& args = std::get<parse::CompressArgs>(command.args);
  std::string& out = connection_.out;
  if (args.algorithm != "DEFLATE") {
    put_tagged(out, command.tag, "NO", "CANNOT", "Only DEFLATE is offered");
    co_return;
  }
  if (connection_.compressed()) {
    put_tagged(out, command.tag, "NO", "COMPRESSIONACTIVE", "The connection is compressed already");
    co_return;
  }
  auto stream = std::make_unique<net::DeflateStream>(*stream_);
  if (!stream->ready()) {
    put_tagged(out, command.tag, "NO", "UNAVAILABLE", "No memory to compress");
    co_return;
  }
  put_tagged(out, command.tag, "OK", "", "DEFLATE active");
  co_await flush();
  if (over_) co_return;
  // A client sends nothing before it has seen the answer (RFC 4978 §3): what was pipelined is neither text nor deflate.
  framer_.discard_input();
  compressed_ = std::move(stream);
  stream_ = compressed_.get();
  connection_.compression_started();
}

}  // namespace hearthmail::receiver::imap
