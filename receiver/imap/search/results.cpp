#include "receiver/imap/search/results.hpp"

#include <algorithm>

#include "receiver/imap/out.hpp"
#include "receiver/imap/text/output.hpp"

namespace hearthmail::receiver::imap::search {
namespace {

// "1:3,7" in the given order: runs of ascending neighbours are joined.
void put_set(std::string& out, std::span<const std::uint32_t> numbers) {
  for (std::size_t first = 0; first < numbers.size();) {
    std::size_t last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (first > 0) out += ',';
    put_number(out, numbers[first]);
    if (last > first) {
      out += ':';
      put_number(out, numbers[last]);
    }
    first = last + 1;
  }
}

std::span<const std::uint32_t> part_of(const parse::PartialRange& range, std::span<const std::uint32_t> found) {
  const auto [first, last] = parse::positions(range, found.size());
  return found.subspan(first, last - first);
}

void put_head(std::string& out, const EsearchHead& head) {
  out += "* ESEARCH (TAG ";
  text::append_string(out, head.tag, false);
  if (!head.mailbox.empty()) {
    out += " MAILBOX ";
    text::append_mailbox(out, head.mailbox, head.utf8);
    out += " UIDVALIDITY ";
    put_number(out, head.uid_validity);
  }
  out += head.uid ? ") UID" : ")";
}

}  // namespace

void put_esearch(std::string& out, const EsearchHead& head, const parse::SearchReturn& want,
                 std::span<const std::uint32_t> found) {
  put_head(out, head);
  const auto put = [&out](std::string_view name, std::uint64_t number) {
    out += name;
    put_number(out, number);
  };
  // RFC 4731 §3.1: without a match MIN, MAX and ALL are left out.
  if (want.min && !found.empty()) put(" MIN ", found.front());
  if (want.max && !found.empty()) put(" MAX ", found.back());
  if (want.all && !found.empty()) {
    out += " ALL ";
    put_set(out, found);
  }
  if (want.partial.has_value()) {
    const auto part = part_of(*want.partial, found);
    out += " PARTIAL (" + want.partial->text + ' ';
    put_set(out, part);
    out += part.empty() ? "NIL)" : ")";
  }
  if (want.count) put(" COUNT ", found.size());
  if (head.modseq != 0) put(" MODSEQ ", head.modseq);
  out += "\r\n";
}

std::uint64_t ModSeqs::answered(const parse::SearchReturn& want, std::span<const std::uint32_t> found) const {
  std::uint64_t highest = 0;
  if (!wanted_) return highest;
  for (const auto number : kept_by_save(want, found)) highest = std::max(highest, of_.at(number));
  return highest;
}

void put_modseq(std::string& out, std::uint64_t modseq) {
  if (modseq == 0) return;
  out += " (MODSEQ ";
  put_number(out, modseq);
  out += ')';
}

std::vector<std::uint32_t> kept_by_save(const parse::SearchReturn& want, std::span<const std::uint32_t> found) {
  const bool narrowed = (want.min || want.max || want.partial.has_value()) && !want.all && !want.count;
  if (!narrowed) return {found.begin(), found.end()};
  std::vector<bool> keep(found.size());
  if (want.partial.has_value()) {
    const auto [first, last] = parse::positions(*want.partial, found.size());
    for (std::size_t i = first; i < last; ++i) keep[i] = true;
  }
  if (want.min && !found.empty()) keep.front() = true;
  if (want.max && !found.empty()) keep.back() = true;
  std::vector<std::uint32_t> kept;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (keep[i]) kept.push_back(found[i]);
  }
  return kept;
}

}  // namespace hearthmail::receiver::imap::search
