#include "receiver/imap/search/base_subject.hpp"

#include <utility>

#include "common/base/text.hpp"

namespace hearthmail::receiver::imap::search {
namespace {

// Step 1: tabs and line ends are spaces, several spaces are one.
std::string collapse(std::string_view subject) {
  std::string out;
  out.reserve(subject.size());
  for (const char c : subject) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) out += c;
    if (blank && (out.empty() || out.back() != ' ')) out += ' ';
  }
  return out;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// subj-blob = "[" *BLOBCHAR "]" *WSP, where BLOBCHAR is anything but "[" and "]". Nothing is taken when there is none.
bool take_blob(std::string_view& text) {
  if (text.empty() || text.front() != '[') return false;
  const std::size_t end = text.find_first_of("[]", 1);
  if (end == std::string_view::npos || text[end] != ']') return false;
  text.remove_prefix(end + 1);
  skip_blanks(text);
  return true;
}

// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
bool take_refwd(std::string_view& text) {
  std::string_view rest = text;
  if (base::istarts_with(rest, "re")) {
    rest.remove_prefix(2);
  } else if (base::istarts_with(rest, "fw")) {
    rest.remove_prefix(2);
    if (!rest.empty() && base::to_lower(rest.front()) == 'd') rest.remove_prefix(1);
  } else {
    return false;
  }
  skip_blanks(rest);
  take_blob(rest);
  if (rest.empty() || rest.front() != ':') return false;
  text = rest.substr(1);
  return true;
}

class Extractor {
 public:
  explicit Extractor(std::string_view text) : text_(text) {}

  BaseSubject run() {
    do {
      take_trailers();                            // step 2
      while (take_leader() || take_one_blob()) {  // steps 3 to 5
      }
    } while (take_forward_brackets());  // step 6
    return {std::string(text_), reply_or_forward_};
  }

 private:
  // subj-trailer = "(fwd)" / WSP
  void take_trailers() {
    for (;;) {
      if (!text_.empty() && text_.back() == ' ') {
        text_.remove_suffix(1);
      } else if (text_.size() >= 5 && base::iequals(text_.substr(text_.size() - 5), "(fwd)")) {
        text_.remove_suffix(5);
        reply_or_forward_ = true;
      } else {
        return;
      }
    }
  }

  // subj-leader = (*subj-blob subj-refwd) / WSP
  bool take_leader() {
    if (!text_.empty() && text_.front() == ' ') {
      skip_blanks(text_);
      return true;
    }
    if (text_.size() > no_leader_before_) return false;
    std::string_view rest = text_;
    while (take_blob(rest)) {
    }
    // Where the blobs end no leader begins: taking them off one by one does not change that, so it is not tried again.
    if (!take_refwd(rest)) {
      no_leader_before_ = rest.size();
      return false;
    }
    no_leader_before_ = std::string_view::npos;
    text_ = rest;
    reply_or_forward_ = true;
    return true;
  }

  // Step 4: a blob goes when something is left behind it.
  bool take_one_blob() {
    std::string_view rest = text_;
    if (!take_blob(rest) || rest.empty()) return false;
    text_ = rest;
    return true;
  }

  // subj-fwd-hdr = "[fwd:", subj-fwd-trl = "]"
  bool take_forward_brackets() {
    if (!base::istarts_with(text_, "[fwd:") || text_.back() != ']') return false;
    text_ = text_.substr(5, text_.size() - 6);
    no_leader_before_ = std::string_view::npos;
    reply_or_forward_ = true;
    return true;
  }

  std::string_view text_;
  std::size_t no_leader_before_ = std::string_view::npos;  // octets left; with more there is no leader
  bool reply_or_forward_ = false;
};

}  // namespace

BaseSubject base_subject(std::string_view subject) {
  const std::string text = collapse(subject);
  return Extractor(text).run();
}

}  // namespace hearthmail::receiver::imap::search
