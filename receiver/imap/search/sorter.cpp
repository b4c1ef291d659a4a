#include "receiver/imap/search/sorter.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/mime/decode.hpp"
#include "common/mime/fold.hpp"
#include "common/mime/summary.hpp"
#include "receiver/imap/search/base_subject.hpp"
#include "receiver/imap/search/envelope_address.hpp"

namespace hearthmail::receiver::imap::search {

using base::Result;
using parse::SortField;

namespace {

bool is_number(SortField field) {
  return field == SortField::Arrival || field == SortField::Date || field == SortField::Size;
}
bool is_in_record(SortField field) { return field == SortField::Arrival || field == SortField::Size; }

// RFC 5957 §3: the display name, or the address when there is none; of a group its name.
std::string displayed(const EnvelopeAddress& address) {
  std::string name = mime::decode_header(address.name);
  if (!name.empty()) return name;
  return address.host.empty() ? address.mailbox : address.mailbox + '@' + address.host;
}

Result<std::string> text_of(SortField field, const mime::Summary& summary) {
  switch (field) {
    case SortField::Arrival:
    case SortField::Date:
    case SortField::Size: break;
    case SortField::Subject: return mime::fold_case(base_subject(summary.subject).text);
    case SortField::Cc: {
      TRY_ASSIGN(const auto address, first_address(summary.envelope, EnvelopeList::Cc));
      return mime::fold_case(address.mailbox);
    }
    case SortField::From: {
      TRY_ASSIGN(const auto address, first_address(summary.envelope, EnvelopeList::From));
      return mime::fold_case(address.mailbox);
    }
    case SortField::To: {
      TRY_ASSIGN(const auto address, first_address(summary.envelope, EnvelopeList::To));
      return mime::fold_case(address.mailbox);
    }
    case SortField::DisplayFrom: {
      TRY_ASSIGN(const auto address, first_address(summary.envelope, EnvelopeList::From));
      return mime::fold_case(displayed(address));
    }
    case SortField::DisplayTo: {
      TRY_ASSIGN(const auto address, first_address(summary.envelope, EnvelopeList::To));
      return mime::fold_case(displayed(address));
    }
  }
  return std::string();
}

}  // namespace

Sorter::Sorter(std::vector<parse::SortKey> keys) : keys_(std::move(keys)) {
  for (const auto& key : keys_) {
    ++(is_number(key.field) ? numbers_per_message_ : texts_per_message_);
    needs_summary_ = needs_summary_ || !is_in_record(key.field);
  }
}

base::Status Sorter::add(const SortSubject& subject, std::string_view stored) {
  mime::Summary summary;
  if (needs_summary_) {
    TRY_ASSIGN(summary, mime::decode_summary_texts(stored));
  }
  std::vector<std::string> texts;
  for (const auto& key : keys_) {
    if (is_number(key.field)) continue;
    TRY_ASSIGN(std::string text, text_of(key.field, summary));
    texts.push_back(std::move(text));
  }
  for (const auto& key : keys_) {
    if (key.field == SortField::Arrival) numbers_.push_back(subject.internal_date);
    if (key.field == SortField::Size) numbers_.push_back(static_cast<std::int64_t>(subject.octets));
    // RFC 5256 §2.2: without a Date: that can be read, the internal date.
    if (key.field == SortField::Date) numbers_.push_back(summary.sent.value_or(subject.internal_date));
  }
  std::move(texts.begin(), texts.end(), std::back_inserter(texts_));
  sequences_.push_back(subject.sequence);
  return base::ok();
}

bool Sorter::before(std::size_t a, std::size_t b) const {
  std::size_t number = 0;
  std::size_t text = 0;
  for (const auto& key : keys_) {
    int order = 0;
    if (is_number(key.field)) {
      const auto left = numbers_[a * numbers_per_message_ + number];
      const auto right = numbers_[b * numbers_per_message_ + number];
      order = left < right ? -1 : left > right ? 1 : 0;
      ++number;
    } else {
      order = texts_[a * texts_per_message_ + text].compare(texts_[b * texts_per_message_ + text]);
      ++text;
    }
    if (order != 0) return (order < 0) != key.reverse;
  }
  return a < b;
}

std::vector<std::uint32_t> Sorter::sorted() {
  std::vector<std::uint32_t> order(sequences_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) { return before(a, b); });
  for (auto& entry : order) entry = sequences_[entry];
  return order;
}

}  // namespace hearthmail::receiver::imap::search
