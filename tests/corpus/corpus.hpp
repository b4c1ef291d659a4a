// The corpus: named messages of every shape that SMTP permits (CRLF only, no NUL), made by code and always the same.
// What goes in by SMTP must come out of IMAP and POP3 with the same octets; unit tests and fuzz targets start from it.
// Lines are at most 2,000 octets long: Python's POP3 client, which reads them back, refuses longer ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearthmail::test {

struct CorpusMessage {
  std::string name;  // lower case words with dashes, unique
  std::string octets;
};

std::vector<CorpusMessage> corpus();

// The parts of the corpus, a file each.
std::vector<CorpusMessage> corpus_headers();     // encodings of header fields
std::vector<CorpusMessage> corpus_bodies();      // texts, transfer encodings, lines
std::vector<CorpusMessage> corpus_structures();  // multiparts and messages in messages
std::vector<CorpusMessage> corpus_broken();      // what should not be, and is sent all the same

// `text` written with "\n", with CRLF.
std::string crlf(std::string_view text);
// Date, From, To, Subject (the name) and Message-ID, then `fields` (each ended by "\n"), a blank line and the body.
CorpusMessage letter(std::string_view name, std::string_view fields, std::string_view body);

}  // namespace hearthmail::test
