#include "common/base/bytes.hpp"
#include "common/mime/listed.hpp"
#include "common/mime/summary.hpp"

#include "common/mime/preview.hpp"
#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::base::Errc;
using hearthmail::mime::test::summary_of;

namespace {

const char* const kMessage =
    "Date: Mon, 23 Nov 2026 23:30:00 -0500\nFrom: =?utf-8?Q?J=C3=B6rg?= <joerg@x.test>\nTo: a@x.test, \"B C\" "
    "<b@x.test>\n"
    "Cc: Team: t@x.test;\nBcc: z@x.test\nSubject: =?iso-8859-1?Q?caf=E9?= au lait\nMessage-ID: <1@x.test>\n"
    "In-Reply-To: <0@x.test>\nReferences: <a@x.test>\n <b@x.test>\n"
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: message/rfc822\n\nSubject: in\n\nx\n"
    "--b--\n";

std::string ids(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += " <" + std::to_string(i) + "@x>\n";
  return out;
}

}  // namespace

TEST_CASE("A summary holds what lists, threads and searches ask for") {
  const Summary summary = summary_of(kMessage);
  CHECK(summary.subject == "caf\xC3\xA9 au lait");
  CHECK(summary.from == "J\xC3\xB6rg <joerg@x.test>");
  CHECK(summary.to == "a@x.test, B C <b@x.test>");
  CHECK(summary.cc == "Team:, t@x.test");
  CHECK(summary.bcc == "z@x.test");
  CHECK(summary.message_id == "<1@x.test>");
  CHECK(summary.in_reply_to == "<0@x.test>");
  CHECK(summary.references == std::vector<std::string>{"<a@x.test>", "<b@x.test>"});
  CHECK(summary.sent == 1795494600);
  CHECK(summary.sent_day == 20780);
  CHECK(summary.preview == "Hello");
  CHECK(summary.fields.size() == 10);
}

TEST_CASE("Message ids: broken ones are left out, references are at most 100") {
  const Summary broken =
      summary_of("Message-ID: no brackets\nIn-Reply-To: your mail of <x@y> today\nReferences: <a <b@c> <>\n\n");
  CHECK(broken.message_id.empty());
  CHECK(broken.in_reply_to == "<x@y>");
  CHECK(broken.references == std::vector<std::string>{"<b@c>"});
  CHECK(summary_of("Message-ID: <" + std::string(kMaxMessageId - 2, 'x') + ">\n\n").message_id.size() == kMaxMessageId);
  CHECK(summary_of("Message-ID: <" + std::string(kMaxMessageId - 1, 'x') + ">\n\n").message_id.empty());
  CHECK(summary_of("Message-ID: <fol\n ded@x>\n\n").message_id == "<folded@x>");
  const Summary many = summary_of("References:" + ids(kMaxReferences + 5) + "\n");
  REQUIRE(many.references.size() == kMaxReferences);
  CHECK(many.references.front() == "<0@x>");
  CHECK(many.references[1] == "<6@x>");
  CHECK(many.references.back() == "<104@x>");
}

TEST_CASE("A message without a date has none") {
  CHECK_FALSE(summary_of("Date: tomorrow\n\n").sent.has_value());
  CHECK_FALSE(summary_of("\n").sent.has_value());
}

TEST_CASE("A stored summary gives back what was put in") {
  const Summary summary = summary_of(kMessage);
  const std::string stored = encode(summary);
  const auto loaded = decode_summary(stored);
  REQUIRE(loaded.ok());
  CHECK(encode(loaded.value()) == stored);
  CHECK(loaded->envelope == summary.envelope);
  CHECK(loaded->references == summary.references);
  CHECK(loaded->sent == summary.sent);
  CHECK(loaded->sent_day == summary.sent_day);
  REQUIRE(loaded->parts.size() == summary.parts.size());
  CHECK(loaded->parts[2].message);
  CHECK(loaded->parts[2].inner_body.offset == summary.parts[2].inner_body.offset);
  REQUIRE(loaded->fields.size() == summary.fields.size());
  CHECK(loaded->fields[4].name == "Bcc");
  CHECK(loaded->fields[4].value.offset == summary.fields[4].value.offset);
  const auto compared = decode_summary_compared(stored);
  REQUIRE(compared.ok());
  CHECK(compared->subject == summary.subject);
  CHECK(compared->references == summary.references);
  CHECK(compared->to == summary.to);
  CHECK(compared->bcc == summary.bcc);
  CHECK(compared->sent_day == summary.sent_day);
  CHECK(summary_text(stored, SummaryText::Envelope).value() == summary.envelope);
  CHECK(summary_text(stored, SummaryText::Body).value() == summary.body);
  CHECK(summary_text(stored, SummaryText::BodyStructure).value() == summary.body_structure);
  CHECK(summary_text(stored, SummaryText::Preview).value() == "Hello");
  CHECK(summary_text(stored, SummaryText::MessageId).value() == "<1@x.test>");
  CHECK(summary_text(stored, SummaryText::Subject).value() == "caf\xC3\xA9 au lait");
}

TEST_CASE("A summary that is cut or of another version is Corrupt, longer ones are read") {
  const std::string stored = encode(summary_of(kMessage));
  for (std::size_t length = 0; length < stored.size(); ++length) {
    const auto cut = decode_summary(std::string_view(stored).substr(0, length));
    REQUIRE_FALSE(cut.ok());
    REQUIRE(cut.error().code == Errc::Corrupt);
  }
  std::string newer = stored;
  newer[0] = 4;
  CHECK_FALSE(decode_summary(newer).ok());
  CHECK_FALSE(summary_text(newer, SummaryText::Body).ok());
  CHECK_FALSE(summary_text(stored.substr(0, 20), SummaryText::Body).ok());
  CHECK(decode_summary(stored + "later").ok());
}

TEST_CASE("Previews: text first, quotes and signatures left out, white space folded") {
  CHECK(summary_of("\n> quoted\n  Hello\t\tthere,\n\nworld\n-- \nsig\n").preview == "Hello there, world");
  CHECK(
      summary_of(
          "Content-Type: text/html\n\n<html><head><title>T</title></head><style>p{}</style>"
          "<body><!-- no --><p>Fish &amp; chips&nbsp;&#8364;5 &lt;now&gt;</p><script>x()</script>b<b>ol</b>d</body>\n")
          .preview ==
      "Fish & chips \xE2\x82\xAC"
      "5 <now> bold");
  CHECK(
      summary_of("Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b\n"
                 "Content-Type: text/plain\n\nplain\n--b--\n")
          .preview == "plain");
  CHECK(
      summary_of("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n\nforwarded\n--b\n"
                 "Content-Disposition: attachment\n\nattached\n--b--\n")
          .preview.empty());
  CHECK(summary_of("Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n"
                   "caf=E9 soft=\nbreak\n")
            .preview == "caf\xC3\xA9 softbreak");
  CHECK(summary_of("Content-Type: image/png\n\nAAAA").preview.empty());
}

TEST_CASE("A preview is at most 256 octets of whole characters, RFC 8970 3.2") {
  CHECK(summary_of("\n" + std::string(1000, 'x')).preview.size() == kPreviewOctets);
  std::string text = "\nx";
  for (int i = 0; i < 200; ++i) text += "\xC3\xA9";
  CHECK(summary_of(text).preview.size() == kPreviewOctets - 1);
}

TEST_CASE("HTML that never ends gives what came before") {
  CHECK(html_text("a<b") == "a");
  CHECK(html_text("a<!-- b") == "a");
  CHECK(html_text("a<style>b") == "a");
  CHECK(html_text("a & b &bogus; &#xD800; &#9999999999;") == "a & b &bogus; &#xD800; &#9999999999;");
}

TEST_CASE("a summary keeps the fields of a list view as they stand, unless they are long") {
  const std::string head =
      "Received: by a\r\n\tb\r\nSUBJECT : one\r\n two\r\nX-Other: no\r\n more\r\nFrom: a@b.test\r\n";
  const std::string message = head + "\r\nSubject: not this\r\n";
  const auto summary = summarize(message, index_message(message));
  const std::string kept = "SUBJECT : one\r\n two\r\nFrom: a@b.test\r\n";
  REQUIRE(summary.listed.has_value());
  CHECK(*summary.listed == kept);
  const std::string stored = encode(summary);
  CHECK(decode_summary(stored)->listed == kept);
  CHECK(summary_listed(stored)->value() == kept);
  // No value that the store would give pages of its own.
  const std::string long_one = "References: " + std::string(kMaxWithListed - 100, 'r') + "\r\n" + message;
  const auto with = summarize(long_one, index_message(long_one));
  CHECK(with.listed.has_value());
  const std::string lean = encode(with);
  CHECK_FALSE(summary_listed(lean)->has_value());
  CHECK(decode_summary(lean)->fields.size() == with.fields.size());

  // But one page, when the message takes several anyway.
  const std::string large = long_one + std::string(kLargeMessage, 'x');
  CHECK(summary_listed(encode(summarize(large, index_message(large))))->has_value());
  const std::string fuller = "References: " + std::string(kMaxPage, 'r') + "\r\n" + large;
  CHECK_FALSE(summary_listed(encode(summarize(fuller, index_message(fuller))))->has_value());

  const std::string longer = "References: " + std::string(kMaxListed, 'r') + "\r\n" + message;
  const std::string other = encode(summarize(longer, index_message(longer)));
  CHECK_FALSE(summary_listed(other)->has_value());
  CHECK_FALSE(decode_summary(other)->listed.has_value());
}

namespace {

// What earlier programs wrote: every text and name in full.
std::string in_full(const Summary& summary, bool listed) {
  hearthmail::base::Encoder out;
  out.u8(listed ? 2 : 1);
  if (listed) out.u8(summary.listed ? 1 : 0);
  if (listed && summary.listed) out.octets(*summary.listed);
  for (const auto* text : {&summary.envelope, &summary.body, &summary.body_structure, &summary.preview,
                           &summary.message_id, &summary.subject, &summary.in_reply_to}) {
    out.octets(*text);
  }
  out.varint(summary.references.size());
  for (const auto& id : summary.references) out.octets(id);
  for (const auto* text : {&summary.from, &summary.to, &summary.cc, &summary.bcc}) out.octets(*text);
  out.u8(summary.sent ? 1 : 0);
  if (summary.sent) out.u64(static_cast<std::uint64_t>(*summary.sent));
  out.u64(static_cast<std::uint64_t>(summary.sent_day));
  const auto range = [&out](const Range& one) { out.varint(one.offset).varint(one.octets); };
  out.varint(summary.parts.size());
  for (const auto& part : summary.parts) {
    out.octets(part.path);
    range(part.header);
    range(part.body);
    out.octets(part.encoding).octets(part.type).octets(part.charset).u8(part.message ? 1 : 0);
    if (!part.message) continue;
    range(part.inner_header);
    range(part.inner_body);
  }
  out.varint(summary.fields.size());
  for (const auto& field : summary.fields) {
    out.octets(field.name);
    range(field.raw);
    out.varint(field.value.offset - field.raw.offset).varint(field.value.octets);
  }
  return std::move(out).str();
}

}  // namespace

TEST_CASE("Summaries of versions 1 and 2 are read as they are") {
  const Summary summary = summary_of(kMessage);
  const bool listed = GENERATE(false, true);
  const std::string stored = in_full(summary, listed);
  auto loaded = decode_summary(stored);
  REQUIRE(loaded.ok());
  CHECK(loaded->listed.has_value() == listed);
  CHECK(summary_listed(stored)->has_value() == listed);
  loaded->listed = summary.listed;
  CHECK(encode(*loaded) == encode(summary));  // every other member is the same
  CHECK(summary_text(stored, SummaryText::Envelope).value() == summary.envelope);
  CHECK(summary_text(stored, SummaryText::BodyStructure).value() == summary.body_structure);
  CHECK(summary_text(stored, SummaryText::Subject).value() == summary.subject);
  CHECK(encode(summary).size() < stored.size() * 4 / 5);
}

TEST_CASE("Every octet of a summary that is changed is Corrupt or read, never worse") {
  const std::string stored = encode(summary_of(kMessage));
  for (std::size_t at = 0; at < stored.size(); ++at) {
    for (const char with : {'\0', '\x7f', '\xff'}) {
      std::string changed = stored;
      changed[at] = with;
      const auto loaded = decode_summary(changed);
      if (loaded.ok()) CHECK(decode_summary(encode(*loaded)).ok());
      for (const auto which : {SummaryText::Envelope, SummaryText::BodyStructure, SummaryText::Subject}) {
        const auto text = summary_text(changed, which);
        if (!text.ok()) CHECK(text.error().code == Errc::Corrupt);
      }
    }
  }
}
