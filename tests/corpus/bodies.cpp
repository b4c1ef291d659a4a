#include "tests/corpus/corpus.hpp"

namespace hearthmail::test {

namespace {

constexpr std::size_t kHugeOctets = 2 * 1024 * 1024;  // of the encoded part
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Lines of base64 that do not compress to nothing: a fixed linear congruential sequence.
std::string base64_lines(std::size_t octets) {
  std::string out;
  std::uint64_t state = 42;
  while (out.size() < octets) {
    for (int i = 0; i < 76; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      out += kBase64[(state >> 58) & 63];
    }
    out += '\n';
  }
  return out;
}

std::string lines(std::size_t count, std::size_t length) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += std::string(length, static_cast<char>('a' + i % 26)) + "\n";
  return out;
}

std::vector<CorpusMessage> encodings() {
  return {
      letter("utf8-8bit",
             "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
             "Gr\xC3\xBC\xC3\x9F"
             "e, \xE2\x82\xAC 5, \xF0\x9F\x98\x80\n"),
      letter("latin1-8bit", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n",
             "Gr\xFC\xDF"
             "e\n"),
      letter("quoted-printable",
             "Content-Type: text/plain; charset=iso-8859-15\nContent-Transfer-Encoding: quoted-printable\n",
             "Gr=FC=DFe =A4 5=\n and a soft break=20\n=3D\n"),
      letter("quoted-printable-broken", "Content-Transfer-Encoding: quoted-printable\n", "= =Z =4 ==41 =0\n=\n=\n"),
      letter("base64-text", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n",
             "R3LDvMOfZSBhdXMgS8O2bG4K\n"),
      letter("base64-broken", "Content-Transfer-Encoding: base64\n",
             "R3L!!!DvM\nO\nf=ZSBh==\n-- \nnot base64 at all\n"),
      letter("shift-jis", "Content-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: 8bit\n",
             "\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD\n"),
      letter("iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\n", "\x1B$B$3$s$K$A$O\x1B(B\n"),
      letter("unknown-charset", "Content-Type: text/plain; charset=x-nowhere\nContent-Transfer-Encoding: 8bit\n",
             "caf\xE9\n"),
      letter("unknown-encoding", "Content-Transfer-Encoding: x-rot13\n", "Uryyb\n"),
      letter("uuencode", "Content-Transfer-Encoding: x-uuencode\nContent-Type: application/octet-stream\n",
             "begin 644 cat.txt\n#0V%T\n`\nend\n"),
      letter("binary-looking", "Content-Transfer-Encoding: binary\nContent-Type: application/octet-stream\n",
             "\x01\x02\x03\x80\xFF\xFE\n\x7F\n"),
      letter("html", "Content-Type: text/html; charset=utf-8\n",
             "<!DOCTYPE html><html><head><title>T</title><style>p { color: red }</style></head>\n<body><p>Fish &amp; "
             "chips&nbsp;&#8364;5</p></body></html>\n"),
      letter("format-flowed", "Content-Type: text/plain; format=flowed; delsp=yes\n",
             "A flowed \nparagraph.\n\n-- \nsignature\n"),
  };
}

std::vector<CorpusMessage> line_shapes() {
  return {
      letter("empty-body", "", ""),
      letter("one-blank-line", "", "\n"),
      letter("many-blank-lines", "", std::string(50, '\n')),
      letter("no-final-line-end", "", "The last line is not ended."),
      letter("dots", "", ".\n..\n...\n.a\n.\n\n.\n"),
      letter("dot-in-the-last-line", "", "text\n."),
      letter("dots-only", "", ".\n"),
      letter("line-998", "", lines(3, 998)),
      letter("line-999", "", lines(3, 999)),
      letter("line-2000", "", lines(3, 2000)),
      letter("white-space-at-line-ends", "", "a \nb\t\n \n\t\n  c  \n"),
      letter("from-at-line-start", "", "From the start\n>From quoted\nFrom \n"),
      letter("looks-like-commands", "", "QUIT\nRSET\nMAIL FROM:<x@elsewhere.example>\nDATA\n* BYE\n{5}\n+OK\n-ERR\n"),
      letter("lines-of-dashes", "", "--\n---\n----\n-- \n--b\n"),
      letter("four-thousand-lines", "", lines(4000, 60)),
      letter("huge-part", "Content-Type: application/octet-stream; name=huge.bin\nContent-Transfer-Encoding: base64\n",
             base64_lines(kHugeOctets)),
  };
}

}  // namespace

std::vector<CorpusMessage> corpus_bodies() {
  std::vector<CorpusMessage> out = encodings();
  for (CorpusMessage& message : line_shapes()) out.push_back(std::move(message));
  return out;
}

}  // namespace hearthmail::test
