#include "tests/corpus/corpus.hpp"

namespace hearthmail::test {

namespace {

// A whole header of one's own.
CorpusMessage raw(std::string_view name, std::string_view text) { return {std::string(name), crlf(text)}; }

std::string many_recipients(std::size_t count) {
  std::string out = "Cc: ";
  for (std::size_t i = 0; i < count; ++i) {
    out += "User " + std::to_string(i) + " <user" + std::to_string(i) + "@elsewhere.example>";
    out += i + 1 < count ? ",\n " : "\n";
  }
  return out;
}

std::vector<CorpusMessage> encoded() {
  return {
      letter("q-encoded-subject", "X-Real: =?iso-8859-1?Q?caf=E9_au_lait?=\nComments: =?utf-8?Q?=E2=82=AC?=\n",
             "Text.\n"),
      raw("encoded-words",
          "From: =?iso-8859-1?Q?J=F6rg_M=FCller?= <joerg@elsewhere.example>\nTo: =?utf-8?B?w4Vzc2E=?= "
          "<anna@example.test>\n"
          "Subject: =?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\n "
          "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=\n"
          "Message-ID: <encoded-words@corpus.example>\n\nEncoded words.\n"),
      raw("encoded-word-split-character",
          "From: a@elsewhere.example\nSubject: =?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=\n\nOne character in two words.\n"),
      raw("encoded-word-broken",
          "From: =?utf-8?Q?open <a@elsewhere.example>\nSubject: =?utf-8?X?a?= =?=?= "
          "=?no-such-charset?Q?x=FF?=\n\nBroken words.\n"),
      raw("raw-utf8-header",
          "From: J\xC3\xB6rg <j\xC3\xB6rg@elsewhere.example>\nSubject: Gr\xC3\xBC\xC3\x9F"
          "e aus K\xC3\xB6ln\n\nRaw UTF-8.\n"),
      raw("raw-latin1-header",
          "From: J\xF6rg <j@elsewhere.example>\nSubject: Gr\xFC\xDF"
          "e aus K\xF6ln\n\nRaw Latin-1.\n"),
      raw("raw-8bit-everywhere",
          "From: \xFF\xFE\x80 <\x81@\x82>\nSubject: \x80\xBF\xC0\xC1\xF5\xFF\nX-\x80: y\n\n\x80\xFF\n"),
      letter("rfc2231-charset",
             "Content-Type: application/octet-stream; name*=utf-8''caf%C3%A9.bin\n"
             "Content-Disposition: attachment; filename*=iso-8859-1'fr'caf%E9.bin\nContent-Transfer-Encoding: base64\n",
             "AAECAw==\n"),
      letter("rfc2231-continuations",
             "Content-Type: application/x-stuff;\n title*0*=us-ascii'en'This%20is%20even%20more%20;\n"
             " title*1*=%2A%2A%2Afun%2A%2A%2A%20;\n title*2=\"isn't it!\"\n",
             "RFC 2231.\n"),
      letter("rfc2231-disorder", "Content-Type: text/plain; name*2=c; name*0=a; name*1*=%62; name*9=z; name*x=y\n",
             "Sections.\n"),
      letter("parameter-8bit", "Content-Type: text/plain; name=\"caf\xC3\xA9 \\\"x\\\".txt\"; charset=utf-8\n",
             "caf\xC3\xA9\n"),
  };
}

std::vector<CorpusMessage> addresses() {
  return {
      raw("rfc5322-simple",
          "From: John Doe <jdoe@machine.example>\nSender: Michael Jones <mjones@machine.example>\n"
          "To: Mary Smith <mary@example.net>\nSubject: Saying Hello\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n"
          "Message-ID: <1234@local.machine.example>\n\nThis is a message just to say hello.\nSo, \"Hello\".\n"),
      raw("rfc5322-mailboxes",
          "From: \"Joe Q. Public\" <john.q.public@example.com>\nTo: Mary Smith <mary@x.test>, jdoe@example.org, Who? "
          "<one@y.test>\n"
          "Cc: <boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>\nDate: Tue, 1 Jul 2003 10:52:37 "
          "+0200\n"
          "Message-ID: <5678.21-Nov-1997@example.com>\n\nHi everyone.\n"),
      raw("rfc5322-groups",
          "From: Pete <pete@silly.example>\nTo: A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;\n"
          "Cc: Undisclosed recipients:;\nDate: Thu, 13 Feb 1969 23:32:54 -0330\nMessage-ID: "
          "<testabcd.1234@silly.example>\n\nTesting.\n"),
      raw("rfc5322-comments",
          "From: Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>\n"
          "To:A Group(Some people)\n     :Chris Jones <c@(Chris's host.)public.example>,\n         joe@example.org,\n"
          "  John <jdoe@one.test> (my dear friend); (the end of the group)\nCc:(Empty list)(start)Hidden recipients  "
          ":(nobody(that I know))  ;\n"
          "Date: Thu,\n      13\n        Feb\n          1969\n      23:32\n               -0330 (Newfoundland Time)\n"
          "Message-ID:              <testabcd.1234@silly.test>\n\nTesting.\n"),
      raw("rfc5322-obsolete",
          "From: Joe Q. Public <john.q.public@example.com>\nTo: Mary Smith "
          "<@node.test,@machine.example:mary@example.net>, , jdoe@test   . example\n"
          "Date: Tue, 1 Jul 97 10:52:37 EDT\nMessage-ID: <5678.21-Nov-1997@example.com>\n\nHi everyone.\n"),
      raw("rfc5322-resent",
          "Resent-From: Mary Smith <mary@example.net>\nResent-To: Jane Brown <j-brown@other.example>\n"
          "Resent-Date: Mon, 24 Nov 1997 14:22:01 -0800\nResent-Message-ID: <78910@example.net>\nFrom: John Doe "
          "<jdoe@machine.example>\n"
          "To: Mary Smith <mary@example.net>\nSubject: Saying Hello\n\nResent.\n"),
      raw("received-fields",
          "Received: from x.y.test\n   by example.net\n   via TCP\n   with ESMTP\n   id ABC12345\n"
          "   for <mary@example.net>;  21 Nov 1997 10:05:43 -0600\nReceived: from node.example by x.y.test; 21 Nov "
          "1997 10:01:22 -0600\n"
          "From: John Doe <jdoe@node.example>\n\nTraced before.\n"),
      letter("a-hundred-recipients", many_recipients(100), "Many.\n"),
      letter("no-domain", "Cc: root, operator, two words\nReply-To: <>\n", "Local.\n"),
      letter("thread",
             "In-Reply-To: <parent@corpus.example>\nReferences: <root@corpus.example>\n <parent@corpus.example>\n"
             "\t<other@corpus.example>\n",
             "> quoted\n\nAn answer.\n"),
      letter("repeated-fields", "To: Second <second@example.test>\nSubject: the second subject\nDate: 1 Jan 2000\n",
             "Twice.\n"),
      letter("bcc-kept", "Bcc: hidden@elsewhere.example\n", "As it was sent.\n"),
  };
}

std::vector<CorpusMessage> shapes() {
  return {
      raw("only-subject", "Subject: only this\n\nNo From, no Date.\n"),
      raw("empty-fields", "From:\nTo:\nCc: \nSubject:\nDate:\nMessage-ID:\nIn-Reply-To: \n\nEmpty fields.\n"),
      letter("folded-long", "X-Folded: one\n two\n\tthree\n    four\n \n five\n", "Folds.\n"),
      letter("header-line-998", "X-Long: " + std::string(990, 'x') + "\n", "A header line of 998 octets.\n"),
      letter("header-line-2000", "X-Long: " + std::string(1992, 'x') + "\n", "A header line of 2,000 octets.\n"),
      letter(
          "header-of-60-kib",
          [] {
            std::string out = "References:";
            for (int i = 0; i < 1500; ++i) out += "\n <reference-number-" + std::to_string(i) + "@corpus.example>";
            return out + "\n";
          }(),
          "A long chain.\n"),
      letter(
          "1200-fields",
          [] {
            std::string out;
            for (int i = 0; i < 1200; ++i) out += "X-Field-" + std::to_string(i) + ": v\n";
            return out;
          }(),
          "Many fields.\n"),
      letter("tabs-and-controls", "X-Tab:\t\ta\tb\t\nX-Control: \x01\x02\x7F\n", "A tab:\t. A bell: \x07.\n"),
      letter("content-fields",
             "MIME-Version: (produced by hand) 1.0\nContent-Type: text/plain; charset=us-ascii (Plain "
             "text)\nContent-ID: <id@corpus.example>\n"
             "Content-Description: a description\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\nContent-Language: de, en\n"
             "Content-Location: http://corpus.example/a\nContent-Disposition: inline; filename=a.txt\n",
             "Everything said.\n"),
  };
}

}  // namespace

std::vector<CorpusMessage> corpus_headers() {
  std::vector<CorpusMessage> out;
  for (auto* part : {encoded, addresses, shapes}) {
    for (CorpusMessage& message : part()) out.push_back(std::move(message));
  }
  return out;
}

}  // namespace hearthmail::test
