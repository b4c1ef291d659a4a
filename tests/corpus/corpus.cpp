#include "tests/corpus/corpus.hpp"

namespace hearthmail::test {

std::string crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

CorpusMessage letter(std::string_view name, std::string_view fields, std::string_view body) {
  const std::string title(name);
  std::string text =
      "Date: Mon, 23 Nov 2026 18:38:50 +0100\nFrom: Ada Lovelace <ada@elsewhere.example>\n"
      "To: Anna <anna@example.test>\nSubject: " +
      title + "\nMessage-ID: <" + title + "@corpus.example>\n";
  text += fields;
  text += '\n';
  text += body;
  return {title, crlf(text)};
}

std::vector<CorpusMessage> corpus() {
  std::vector<CorpusMessage> out;
  for (auto* part : {corpus_headers, corpus_bodies, corpus_structures, corpus_broken}) {
    for (CorpusMessage& message : part()) out.push_back(std::move(message));
  }
  return out;
}

}  // namespace hearthmail::test
