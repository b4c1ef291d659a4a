// The index and the summary of a message that a stranger wrote: ranges, nesting, limits, what IMAP would be sent.
#include <algorithm>
#include <set>

#include "common/base/text.hpp"
#include "common/mime/compose.hpp"
#include "common/mime/index.hpp"
#include "common/mime/summary.hpp"
#include "tests/corpus/corpus.hpp"
#include "tests/fuzz/imap_list.hpp"
#include "tests/fuzz/target.hpp"

namespace hearthmail::fuzz {

namespace {

using mime::Field;
using mime::Index;
using mime::Part;
using mime::Range;
using mime::Summary;
using mime::SummaryPart;

constexpr std::uint64_t kWorkFactor = 8;  // octets looked at per octet of the message

std::uint64_t end_of(const Range& range) { return range.offset + range.octets; }

bool inside(const Range& inner, const Range& outer) {
  return inner.offset >= outer.offset && end_of(inner) <= end_of(outer);
}

void check_part(std::string_view message, const Index& index, std::size_t number) {
  const Part& part = index.parts[number];
  const Range whole{0, message.size()};
  FUZZ_CHECK(inside(part.header, whole) && inside(part.body, whole));
  FUZZ_CHECK(part.body.offset == end_of(part.header));
  const std::string_view body = message.substr(part.body.offset, part.body.octets);
  FUZZ_CHECK(part.body_lines == static_cast<std::uint64_t>(std::count(body.begin(), body.end(), '\n')));
  for (const Field& field : part.fields) {
    FUZZ_CHECK(inside(field.raw, part.header) && inside(field.value, field.raw));
    FUZZ_CHECK(message.substr(field.raw.offset, field.name.size()) == field.name);
  }
  FUZZ_CHECK((number == 0) == (part.parent < 0));
  if (part.parent >= 0) {
    const Part& parent = index.parts[static_cast<std::size_t>(part.parent)];
    FUZZ_CHECK(static_cast<std::size_t>(part.parent) < number);
    FUZZ_CHECK(parent.is_multipart() || parent.is_message());
    FUZZ_CHECK(inside(part.header, parent.body) && inside(part.body, parent.body));
  }
  if (part.is_message() && !part.children.empty()) {
    const Part& inner = index.parts[part.children.front()];
    FUZZ_CHECK(part.children.size() == 1 && inner.header.offset == part.body.offset &&
               end_of(inner.body) == end_of(part.body));
  }
  std::uint64_t last = part.body.offset;
  for (const std::uint32_t child : part.children) {
    FUZZ_CHECK(index.parts[child].parent == static_cast<std::int32_t>(number));
    FUZZ_CHECK(index.parts[child].header.offset >= last);
    last = end_of(index.parts[child].body);
  }
}

void check_index(std::string_view message, const Index& index) {
  FUZZ_CHECK(!index.parts.empty() && index.parts.size() <= mime::kMaxParts);
  FUZZ_CHECK(index.work <= kWorkFactor * message.size() + 1000);
  std::vector<std::size_t> depth(index.parts.size(), 1);
  for (std::size_t i = 0; i < index.parts.size(); ++i) {
    check_part(message, index, i);
    if (i > 0) depth[i] = depth[static_cast<std::size_t>(index.parts[i].parent)] + 1;
    FUZZ_CHECK(depth[i] <= mime::kMaxDepth);
  }
  FUZZ_CHECK(end_of(index.parts.front().body) == message.size());
  FUZZ_CHECK(mime::header_of(message).size() == index.parts.front().header.octets);
}

void check_summary(std::string_view message, const Summary& summary) {
  FUZZ_CHECK(list_elements(summary.envelope) == 10);
  FUZZ_CHECK(list_elements(summary.body) >= 2);
  FUZZ_CHECK(list_elements(summary.body_structure) >= 6);
  std::set<std::string_view> paths;
  for (const SummaryPart& part : summary.parts) {
    FUZZ_CHECK(paths.insert(part.path).second);
    FUZZ_CHECK(inside(part.header, Range{0, message.size()}) && inside(part.body, Range{0, message.size()}));
    FUZZ_CHECK(!part.message || (inside(part.inner_header, part.body) && inside(part.inner_body, part.body)));
  }
  FUZZ_CHECK(paths.count("") == 1 && paths.count("1") == 1);
  FUZZ_CHECK(summary.preview.size() <= mime::kPreviewOctets && base::is_utf8(summary.preview));
  for (const std::string* text : {&summary.subject, &summary.from, &summary.to, &summary.cc, &summary.bcc}) {
    FUZZ_CHECK(base::is_utf8(*text));
  }
}

void check_record(const Summary& summary, std::string_view message) {
  const std::string stored = mime::encode(summary);
  const auto loaded = mime::decode_summary(stored);
  FUZZ_CHECK(loaded.ok() && mime::encode(loaded.value()) == stored);
  FUZZ_CHECK(mime::summary_text(stored, mime::SummaryText::BodyStructure).value() == summary.body_structure);
  // The message itself as a stored summary: refused or read, never worse.
  for (const char version : {'\1', '\2', '\3'}) {
    const auto foreign = mime::decode_summary(version + std::string(message));
    if (foreign.ok()) FUZZ_CHECK(mime::decode_summary(mime::encode(foreign.value())).ok());
  }
}

void check_edits(std::string_view message) {
  FUZZ_CHECK(!mime::has_field(mime::remove_field(message, "To"), "To"));
  FUZZ_CHECK(mime::has_field(mime::prepend_field(message, "X-New", "1"), "X-New"));
  FUZZ_CHECK(mime::has_field(mime::insert_field(message, "X-New", "1"), "X-New"));
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> out;
  for (auto& message : test::corpus()) {
    if (message.octets.size() <= 16 * 1024) out.push_back(std::move(message.octets));
  }
  return out;
}

std::vector<std::string> fuzz_dictionary() {
  return {"\r\n",
          "\n",
          "\r",
          "\r\n\r\n",
          " ",
          "\t",
          "--",
          "--b",
          "--b--",
          "\r\n--b\r\n",
          "\r\n--b--\r\n",
          "\r\n\r\n--b\r\n\r\n",
          "Content-Type: multipart/mixed; boundary=b\r\n",
          "Content-Type: multipart/digest; boundary=b\r\n",
          "Content-Type: message/rfc822\r\n\r\n",
          "Content-Type: multipart/mixed; boundary=\"b--\"\r\n\r\n",
          "Content-Transfer-Encoding: base64\r\n",
          "Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%A9\r\n",
          "From: ",
          "To: ",
          "Subject: ",
          "Date: ",
          "Message-ID: <",
          "References: ",
          "=?utf-8?Q?=C3?=",
          "=?utf-8?B?w6k=?=",
          "charset=",
          "; ",
          "\"",
          "\\",
          "(",
          ")",
          "<",
          ">",
          "@",
          ",",
          ":",
          ";",
          "*0*=",
          "''",
          "%",
          std::string(1, '\0'),
          "\x80",
          "\xC3\xA9"};
}

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using namespace hearthmail;
  const std::string_view message = fuzz::as_text(octets, count);
  const mime::Index index = mime::index_message(message);
  fuzz::check_index(message, index);
  const mime::Summary summary = mime::summarize(message, index);
  fuzz::check_summary(message, summary);
  fuzz::check_record(summary, message);
  fuzz::check_edits(message);
  return 0;
}
