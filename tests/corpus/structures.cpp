#include "tests/corpus/corpus.hpp"

namespace hearthmail::test {

namespace {

constexpr std::string_view kMixed = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n";

std::string nested_multiparts(std::size_t depth) {
  std::string out;
  for (std::size_t i = 1; i < depth; ++i) {
    out += "--b" + std::to_string(i - 1) + "\nContent-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n";
  }
  out += "--b" + std::to_string(depth - 1) + "\n\nThe innermost part.\n";
  for (std::size_t i = depth; i > 0; --i) out += "--b" + std::to_string(i - 1) + "--\n";
  return out;
}

std::string nested_messages(std::size_t depth) {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) {
    out += "Subject: level " + std::to_string(i) + "\nContent-Type: message/rfc822\n\n";
  }
  return out + "Subject: the innermost\n\nText.\n";
}

std::string many_parts(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += "--b\n\npart " + std::to_string(i) + "\n";
  return out + "--b--\n";
}

std::vector<CorpusMessage> multiparts() {
  return {
      letter("rfc2046-simple", "MIME-Version: 1.0\nContent-type: multipart/mixed; boundary=\"simple boundary\"\n",
             "This is the preamble.  It is to be ignored.\n\n--simple boundary\n\nThis is implicitly typed plain "
             "US-ASCII text.\n"
             "It does NOT end with a linebreak.\n--simple boundary\nContent-type: text/plain; charset=us-ascii\n\n"
             "This is explicitly typed plain US-ASCII text.\nIt DOES end with a linebreak.\n\n--simple "
             "boundary--\n\nThis is the epilogue.\n"),
      letter("alternative", "Content-Type: multipart/alternative; boundary=b\n",
             "--b\nContent-Type: text/plain; charset=utf-8\n\nplain\n--b\nContent-Type: text/html; "
             "charset=utf-8\n\n<p>html</p>\n--b--\n"),
      letter("attachment", kMixed,
             "--b\n\nSee attached.\n--b\nContent-Type: application/pdf; name=\"a b.pdf\"\nContent-Disposition: "
             "attachment;\n filename=\"a b.pdf\"\n"
             "Content-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--b--\n"),
      letter("rfc2049-complex", "Content-Type: multipart/mixed;\n boundary=unique-boundary-1\n",
             "Preamble.\n\n--unique-boundary-1\n\n ... Some text appears here ...\n\n--unique-boundary-1\n"
             "Content-type: text/plain; charset=US-ASCII\n\nMore text.\n\n--unique-boundary-1\nContent-Type: "
             "multipart/parallel;\n boundary=unique-boundary-2\n\n"
             "--unique-boundary-2\nContent-Type: audio/basic\nContent-Transfer-Encoding: "
             "base64\n\nAAAA\n\n--unique-boundary-2\n"
             "Content-Type: image/jpeg\nContent-Transfer-Encoding: "
             "base64\n\n/9j/\n\n--unique-boundary-2--\n\n--unique-boundary-1\n"
             "Content-type: text/enriched\n\nThis is "
             "<bold><italic>enriched.</italic></bold>\n\n--unique-boundary-1\nContent-Type: message/rfc822\n\n"
             "From: (mailbox in US-ASCII)\nTo: (address in US-ASCII)\nSubject: (subject in US-ASCII)\n"
             "Content-Type: Text/plain; charset=ISO-8859-1\nContent-Transfer-Encoding: Quoted-printable\n\n ... "
             "Additional text in ISO-8859-1 goes here ...\n\n--unique-boundary-1--\n"),
      letter("related",
             "Content-Type: multipart/related; boundary=b; type=\"text/html\"; start=\"<main@corpus.example>\"\n",
             "--b\nContent-Type: text/html\nContent-ID: <main@corpus.example>\n\n<img "
             "src=\"cid:i@corpus.example\">\n--b\nContent-Type: image/gif\n"
             "Content-ID: <i@corpus.example>\nContent-Disposition: inline; filename=i.gif\nContent-Transfer-Encoding: "
             "base64\n\nR0lGODlh\n--b--\n"),
      letter(
          "signed",
          "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=b\n",
          "--b\nContent-Type: text/plain\n\nSigned text \n--b\nContent-Type: application/pgp-signature\n\n-----BEGIN "
          "PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n--b--\n"),
      letter("six-levels", "Content-Type: multipart/mixed; boundary=b0\n", nested_multiparts(6)),
      letter("ninety-nine-levels", "Content-Type: multipart/mixed; boundary=b0\n", nested_multiparts(99)),
      letter("two-hundred-levels", "Content-Type: multipart/mixed; boundary=b0\n", nested_multiparts(200)),
      letter("thousand-parts", kMixed, many_parts(1000)),
      letter("empty-parts", kMixed, "--b\n\n--b\n\n\n--b\nContent-Type: text/html\n\n--b\n--b--\n"),
      letter("prefix-boundaries", kMixed,
             "--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\ninner\n--bb--\n--b\nContent-Type: "
             "multipart/mixed; boundary=\"b--\"\n\n--b--\n\nx\n--b----\n--b--\n"),
      letter("boundary-with-everything", "Content-Type: multipart/mixed; boundary=\"a'()+_,-./:=? z\"\n",
             "--a'()+_,-./:=? z\n\nx\n--a'()+_,-./:=? z--\n"),
      letter("boundary-of-70", "Content-Type: multipart/mixed; boundary=" + std::string(70, 'B') + "\n",
             "--" + std::string(70, 'B') + "\n\nx\n--" + std::string(70, 'B') + "--\n"),
      letter("delimiters-with-white-space", kMixed, "--b  \n\none\n--b\t\n\ntwo\n--b-- \t\nepilogue\n"),
  };
}

std::vector<CorpusMessage> messages() {
  return {
      letter("forwarded", kMixed,
             "--b\n\nSee below.\n--b\nContent-Type: message/rfc822\nContent-Disposition: attachment\n\nFrom: Bob "
             "<bob@elsewhere.example>\nSubject: inner\n"
             "Content-Type: multipart/alternative; boundary=i\n\n--i\n\nplain\n--i\nContent-Type: "
             "text/html\n\n<p>html</p>\n--i--\n--b--\n"),
      letter("message-alone", "Content-Type: message/rfc822\n",
             "From: bob@elsewhere.example\nSubject: alone\n\nInner text.\n"),
      letter("message-in-message", "Content-Type: message/rfc822\n", nested_messages(3)),
      letter("messages-150-deep", "Content-Type: message/rfc822\n", nested_messages(150)),
      letter("message-base64", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n",
             "U3ViamVjdDogaW5uZXINCg0KdGV4dA0K\n"),
      letter("message-empty", "Content-Type: message/rfc822\n", ""),
      letter("digest", "Content-Type: multipart/digest; boundary=b\n",
             "--b\n\nFrom: one@elsewhere.example\nSubject: first\n\nOne.\n--b\n\nFrom: two@elsewhere.example\nSubject: "
             "second\n\nTwo.\n--b\nContent-Type: text/plain\n\nNo message.\n--b--\n"),
      letter("delivery-report", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
             "--b\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; "
             "elsewhere.example\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n"
             "\n--b\nContent-Type: text/rfc822-headers\n\nFrom: anna@example.test\nSubject: the lost one\n\n--b--\n"),
      letter("external-body", "Content-Type: message/external-body; access-type=URL; URL=\"http://corpus.example/\"\n",
             "Content-Type: text/plain\n\n"),
      letter("partial", "Content-Type: message/partial; id=\"x@corpus.example\"; number=2; total=3\n",
             "The second of three pieces.\n"),
  };
}

}  // namespace

std::vector<CorpusMessage> corpus_structures() {
  std::vector<CorpusMessage> out = multiparts();
  for (CorpusMessage& message : messages()) out.push_back(std::move(message));
  return out;
}

}  // namespace hearthmail::test
