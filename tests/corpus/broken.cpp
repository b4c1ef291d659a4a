#include "tests/corpus/corpus.hpp"

namespace hearthmail::test {

namespace {

CorpusMessage raw(std::string_view name, std::string_view text) { return {std::string(name), crlf(text)}; }

std::vector<CorpusMessage> broken_headers() {
  return {
      raw("no-header", "Just text, no header at all.\n\nAnd more of it.\n"),
      raw("header-only", "From: a@elsewhere.example\nSubject: header only\n"),
      raw("header-only-not-ended", "From: a@elsewhere.example\nSubject: header only"),
      raw("blank-line-first", "\nSubject: not a header\n\nText.\n"),
      raw("missing-blank-line", "From: a@elsewhere.example\nSubject: no blank line\nHello Anna,\nhow are you?\n"),
      raw("field-without-colon", "From: a@elsewhere.example\nThis is no field\nSubject: after it\n\nText.\n"),
      raw("broken-fold",
          "From: a@elsewhere.example\nSubject: a subject that was folded\nwithout white space\nTo: "
          "anna@example.test\n\nText.\n"),
      raw("mbox-from-line",
          "From joe Mon Nov 23 18:38:50 2026\nFrom: joe@elsewhere.example\nSubject: from an mbox\n\nText.\n"),
      raw("space-before-colon", "From : a@elsewhere.example\nSubject\t: spaced\n\nText.\n"),
      raw("colon-only", ": no name\nSubject: x\n\nText.\n"),
      raw("strange-names", "X-!#$%&'*+-.^_`|~: tokens\nSubject: x\n1: digit\n\nText.\n"),
      raw("unbalanced",
          "From: \"open <a@elsewhere.example>\nTo: (never closed <b@example.test>\nCc: <<a@b>>, <c@d, e@f>\nSubject: "
          "x\n\nText.\n"),
      raw("nested-groups", "From: a@elsewhere.example\nTo: A: B: C: d@e.example;;;, x: y\nSubject: x\n\nText.\n"),
      raw("bad-dates", "From: a@elsewhere.example\nDate: the day after tomorrow, 25:61 +99999\nSubject: x\n\nText.\n"),
      raw("bad-message-ids",
          "From: a@elsewhere.example\nMessage-ID: no brackets\nIn-Reply-To: your mail <x@y> of today\nReferences: <a "
          "<b@c> <> <d\n\nText.\n"),
      letter("deep-comments", "X-Comments: " + std::string(900, '(') + "\nCc: " + std::string(900, '(') + "\n",
             "Text.\n"),
      letter("deep-quotes", "Content-Type: text/plain; name=\"" + std::string(400, '\\') + "\n", "Text.\n"),
  };
}

std::vector<CorpusMessage> broken_mime() {
  return {
      letter("no-mime-version", "Content-Type: text/html\n", "<p>Without MIME-Version.</p>\n"),
      letter("type-without-subtype", "Content-Type: text\n", "Text.\n"),
      letter("type-empty", "Content-Type:\nContent-Transfer-Encoding:\nContent-Disposition:\n", "Text.\n"),
      letter("type-twice", "Content-Type: text/html\nContent-Type: image/png\n", "<p>The first counts.</p>\n"),
      letter("parameters-broken",
             "Content-Type: text/plain; ; = ; charset ; name= ; x==y ; \"quoted\"=z; charset=\"utf-8\n", "Text.\n"),
      letter(
          "parameters-200",
          [] {
            std::string out = "Content-Type: text/plain";
            for (int i = 0; i < 200; ++i) out += ";\n p" + std::to_string(i) + "=v";
            return out + "\n";
          }(),
          "Text.\n"),
      letter("multipart-no-boundary", "Content-Type: multipart/mixed\n", "--\n\nText.\n----\n"),
      letter("multipart-empty-boundary", "Content-Type: multipart/mixed; boundary=\"\"\n", "--\n\nText.\n----\n"),
      letter("multipart-no-parts", "Content-Type: multipart/mixed; boundary=b\n", "Only a preamble.\n"),
      letter("multipart-empty", "Content-Type: multipart/mixed; boundary=b\n", ""),
      letter("multipart-closed-at-once", "Content-Type: multipart/mixed; boundary=b\n", "--b--\n--b\n\nToo late.\n"),
      letter("multipart-not-closed", "Content-Type: multipart/mixed; boundary=b\n", "--b\n\none\n--b\n\ntwo\n"),
      letter("multipart-base64", "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n",
             "--b\n\none\n--b--\n"),
      letter("same-boundary-nested", "Content-Type: multipart/mixed; boundary=b\n",
             "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ninner\n--b--\n--b\n\nouter\n--b--\n"),
      letter(
          "outer-ends-inner", "Content-Type: multipart/mixed; boundary=o\n",
          "--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\ninner, never closed\n--o\n\nouter\n--i--\n--o--\n"),
      letter("part-header-cut-off", "Content-Type: multipart/mixed; boundary=b\n",
             "--b\nContent-Type: text/html\n--b\nX-Y: z\n--b--\n"),
      letter("part-without-header", "Content-Type: multipart/mixed; boundary=b\n",
             "--b\nNo blank line, no field.\n--b--\n"),
      letter("boundary-too-long", "Content-Type: multipart/mixed;\n boundary=" + std::string(1900, 'b') + "\n",
             "--" + std::string(1900, 'b') + "\n\nx\n"),
      letter("boundary-in-epilogue", "Content-Type: multipart/mixed; boundary=b\n",
             "--b\n\nx\n--b--\n--b\n--b--\n--b\n"),
      letter("megabyte-of-dashes", "Content-Type: multipart/mixed; boundary=b\n",
             [] {
               std::string out = "--b\n\n";
               for (int i = 0; i < 60'000; ++i) out += "--------------\n";
               return out;
             }()),
  };
}

}  // namespace

std::vector<CorpusMessage> corpus_broken() {
  std::vector<CorpusMessage> out = broken_headers();
  for (CorpusMessage& message : broken_mime()) out.push_back(std::move(message));
  return out;
}

}  // namespace hearthmail::test
