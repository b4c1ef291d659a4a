#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "store/body/body.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

// flag-keyword = atom, RFC 9051 §9.
bool is_keyword(std::string_view name) {
  if (name.empty() || name.size() > kMaxKeywordName) return false;
  const auto bad = [](char c) {
    return c <= ' ' || c == 0x7f || std::string_view("(){%*\"\\]").find(c) != std::string_view::npos;
  };
  return std::none_of(name.begin(), name.end(), bad);
}

}  // namespace

Result<std::vector<std::string>> keywords(const ReadTxn& txn, MailboxId box) {
  const auto key = id_key(box.value);
  TRY_ASSIGN(const auto stored, txn.get(kKeywords, key));
  std::vector<std::string> names;
  if (!stored) return names;
  TRY_ASSIGN(const std::string_view plain, body::unseal(*stored, key));
  Decoder in(plain);
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) names.emplace_back(in.octets());
  TRY(in.finish("keywords"));
  return names;
}

Result<std::vector<KeywordId>> intern_keywords(WriteTxn& txn, MailboxId box, std::span<const std::string> names) {
  std::vector<KeywordId> ids;
  if (names.empty()) return ids;
  TRY_ASSIGN(std::vector<std::string> known, keywords(txn, box));
  const std::size_t before = known.size();
  for (const std::string& name : names) {
    if (!is_keyword(name)) return Error{Errc::Invalid, "not a keyword: " + base::printable(name)};
    const auto same = [&](const std::string& other) { return base::iequals(name, other); };
    const auto found = std::find_if(known.begin(), known.end(), same);
    ids.push_back(static_cast<KeywordId>(found - known.begin()));
    if (found == known.end()) known.push_back(name);
  }
  if (known.size() == before) return ids;
  if (known.size() > kMaxKeywords) return Error{Errc::OverLimit, "the mailbox has its 1024 keywords"};
  Encoder out;
  out.varint(known.size());
  for (const std::string& name : known) out.octets(name);
  const auto key = id_key(box.value);
  TRY(txn.put(kKeywords, key, body::seal(out.str(), key)));
  txn.notify(box.value);
  return ids;
}

}  // namespace hearthmail::store::mail
