// ENVELOPE: exact answers, worked out from RFC 9051 7.5.2.
#include "tests/common/mime/messages.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail::mime;
using hearthmail::mime::test::crlf;
using hearthmail::mime::test::summary_of;

TEST_CASE("The ENVELOPE of RFC 9051 8 and RFC 3501 8") {
  CHECK(summary_of("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\n"
                   "From: Terry Gray <gray@cac.washington.edu>\n"
                   "Subject: IMAP4rev2 WG mtg summary and minutes\n"
                   "To: imap@cac.washington.edu\n"
                   "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\n"
                   "Message-Id: <B27397-0100000@cac.washington.ed>\n"
                   "MIME-Version: 1.0\n"
                   "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\n\n")
            .envelope ==
        "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" "
        "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
        "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
        "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
        "((NIL NIL \"imap\" \"cac.washington.edu\")) "
        "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) "
        "NIL NIL \"<B27397-0100000@cac.washington.ed>\")");
}

TEST_CASE("Missing fields are NIL, empty texts are empty, empty lists are NIL") {
  CHECK(summary_of("\n").envelope == "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  CHECK(summary_of("Date:\nSubject: \nFrom:\nTo: \nIn-Reply-To:\nMessage-ID:\n\n").envelope ==
        "(\"\" \"\" NIL NIL NIL NIL NIL NIL \"\" \"\")");
}

TEST_CASE("Sender and Reply-To default to From when absent or empty, RFC 9051 7.5.2") {
  CHECK(summary_of("From: a@x.test\nSender: s@x.test\nReply-To:\nBcc: b@x.test\n\n").envelope ==
        "(NIL NIL ((NIL NIL \"a\" \"x.test\")) ((NIL NIL \"s\" \"x.test\")) ((NIL NIL \"a\" \"x.test\")) NIL NIL "
        "((NIL NIL \"b\" \"x.test\")) NIL NIL)");
}

TEST_CASE("Groups are opened and closed by addresses without a host, RFC 9051 7.5.2") {
  CHECK(summary_of("To: A Group:Ed Jones <c@a.test>,joe@where.test;, x@y.test\nCc: Undisclosed recipients:;\n\n")
            .envelope ==
        "(NIL NIL NIL NIL NIL ((NIL NIL \"A Group\" NIL)(\"Ed Jones\" NIL \"c\" \"a.test\")(NIL NIL \"joe\" "
        "\"where.test\")"
        "(NIL NIL NIL NIL)(NIL NIL \"x\" \"y.test\")) "
        "((NIL NIL \"Undisclosed recipients\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)");
}

TEST_CASE("Quotes and backslashes are quoted, RFC 9051 4.3") {
  CHECK(summary_of("Subject: say \"hi\" \\o/\nFrom: \"a \\\"b\\\" \\\\c\" <\"q\\\"q\"@x.test>\n\n").envelope ==
        "(NIL \"say \\\"hi\\\" \\\\o/\" ((\"a \\\"b\\\" \\\\c\" NIL \"q\\\"q\" \"x.test\")) "
        "((\"a \\\"b\\\" \\\\c\" NIL \"q\\\"q\" \"x.test\")) ((\"a \\\"b\\\" \\\\c\" NIL \"q\\\"q\" \"x.test\")) "
        "NIL NIL NIL NIL NIL)");
}

TEST_CASE("8-bit octets are sent as literals, RFC 9051 4.3") {
  CHECK(summary_of("Subject: caf\xC3\xA9\nTo: J\xC3\xB6 <j@x.test>\n\n").envelope ==
        "(NIL {5}\r\ncaf\xC3\xA9 NIL NIL NIL (({3}\r\nJ\xC3\xB6 NIL \"j\" \"x.test\")) NIL NIL NIL NIL)");
  CHECK(summary_of("Subject: \xE9t\xE9\n\n").envelope == "(NIL {3}\r\n\xE9t\xE9 NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST_CASE("Long and control values are literals, NUL never is sent") {
  const std::string text(1001, 'x');
  CHECK(summary_of("Subject: " + text + "\n\n").envelope ==
        "(NIL {1001}\r\n" + text + " NIL NIL NIL NIL NIL NIL NIL NIL)");
  CHECK(summary_of(std::string("Subject: a\0b\n\n", 14)).envelope ==
        "(NIL {3}\r\na?b NIL NIL NIL NIL NIL NIL NIL NIL)");
  CHECK(summary_of("Subject: a\x01"
                   "b\n\n")
            .envelope ==
        "(NIL {3}\r\na\x01"
        "b NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST_CASE("Values are unfolded and encoded words left alone, RFC 9051 7.5.2") {
  CHECK(summary_of("Subject: =?utf-8?Q?a?=\n =?utf-8?Q?b?=\n\tc\nIn-Reply-To: <a@b>\n <c@d>\n"
                   "From: =?iso-8859-1?Q?J=F6rg?= <j@x.test>\nSender: s@x.test\nReply-To: r@x.test\n\n")
            .envelope ==
        "(NIL \"=?utf-8?Q?a?= =?utf-8?Q?b?=\tc\" ((\"=?iso-8859-1?Q?J=F6rg?=\" NIL \"j\" \"x.test\")) "
        "((NIL NIL \"s\" \"x.test\")) ((NIL NIL \"r\" \"x.test\")) NIL NIL NIL \"<a@b> <c@d>\" NIL)");
}

TEST_CASE("A source route is the at-domain-list, an address without host has an empty one") {
  CHECK(summary_of("To: <@a.test,@b.test:c@d.test>, root\n\n").envelope ==
        "(NIL NIL NIL NIL NIL ((NIL \"@a.test,@b.test\" \"c\" \"d.test\")(NIL NIL \"root\" \"\")) NIL NIL NIL NIL)");
}

TEST_CASE("Repeated address fields are joined, of other fields the first counts") {
  CHECK(summary_of("To: a@x.test\nSubject: one\nTo: b@x.test\nSubject: two\n\n").envelope ==
        "(NIL \"one\" NIL NIL NIL ((NIL NIL \"a\" \"x.test\")(NIL NIL \"b\" \"x.test\")) NIL NIL NIL NIL)");
}
