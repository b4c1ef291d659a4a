#include "receiver/imap/search/envelope_address.hpp"

#include <array>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::search {
namespace {

using base::Result;
using base::Status;

// Reads what common/mime wrote: no blanks but single spaces, strings quoted or literal.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  // nstring; NIL gives "".
  Result<std::string> nstring() {
    if (text_.starts_with("NIL")) {
      text_.remove_prefix(3);
      return std::string();
    }
    if (take('"')) return quoted();
    if (take('{')) return literal();
    return damaged();
  }

  // An address list or NIL.
  Status skip_list() {
    if (!take('(')) return nstring().ok() ? base::ok() : Status(damaged());
    while (take('(')) {
      for (int i = 0; i < 4; ++i) {
        TRY(nstring());
        take(' ');
      }
      if (!take(')')) return damaged();
    }
    return take(')') ? base::ok() : Status(damaged());
  }

  static base::Error damaged() { return {base::Errc::Corrupt, "summary: the envelope cannot be read"}; }

 private:
  Result<std::string> quoted() {
    std::string value;
    while (!text_.empty() && text_.front() != '"') {
      if (text_.front() == '\\') text_.remove_prefix(1);
      if (text_.empty()) break;
      value += text_.front();
      text_.remove_prefix(1);
    }
    if (!take('"')) return damaged();
    return value;
  }

  Result<std::string> literal() {
    const std::size_t end = text_.find("}\r\n");
    if (end == std::string_view::npos) return damaged();
    const auto octets = base::parse_u64(text_.substr(0, end));
    text_.remove_prefix(end + 3);
    if (!octets || *octets > text_.size()) return damaged();
    std::string value(text_.substr(0, *octets));
    text_.remove_prefix(*octets);
    return value;
  }

  std::string_view text_;
};

}  // namespace

Result<EnvelopeAddress> first_address(std::string_view envelope, EnvelopeList list) {
  Reader in(envelope);
  EnvelopeAddress address;
  if (!in.take('(')) return Reader::damaged();
  TRY(in.nstring());  // date
  in.take(' ');
  TRY(in.nstring());  // subject
  in.take(' ');
  for (int i = 2; i < static_cast<int>(list); ++i) {
    TRY(in.skip_list());
    in.take(' ');
  }
  if (!in.take('(')) return address;
  if (!in.take('(')) return Reader::damaged();
  TRY_ASSIGN(address.name, in.nstring());
  in.take(' ');
  TRY(in.nstring());  // source route
  in.take(' ');
  TRY_ASSIGN(address.mailbox, in.nstring());
  in.take(' ');
  TRY_ASSIGN(address.host, in.nstring());
  return address;
}

}  // namespace hearthmail::receiver::imap::search
