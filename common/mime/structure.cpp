#include "common/mime/structure.hpp"

#include "common/base/text.hpp"
#include "common/mime/content_fields.hpp"
#include "common/mime/envelope.hpp"
#include "common/mime/imap_text.hpp"
#include "common/mime/scan.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::string_view kEmptyBody = R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0))";
constexpr std::string_view kEmptyBodyExtended =
    R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL))";

// RFC 2231 §4 in one section: utf-8''caf%C3%A9
std::string percent_encode(std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "utf-8''";
  for (const char c : value) {
    if (base::is_alnum(c) || c == '.' || c == '-' || c == '_') {
      out += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[octet >> 4];
    out += kHex[octet & 15];
  }
  return out;
}

bool is_plain(std::string_view value) {
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126) return false;
  }
  return true;
}

class StructureWriter {
 public:
  StructureWriter(std::string_view message, const Index& index, bool extensions)
      : message_(message), index_(index), extensions_(extensions) {}

  std::string run() {
    open(0);
    while (!stack_.empty()) {
      Frame& top = stack_.back();
      const Part& part = index_.parts[top.part];
      if (top.next < part.children.size()) {
        open(part.children[top.next++]);
      } else {
        close(part);
        stack_.pop_back();
      }
    }
    return std::move(out_);
  }

 private:
  struct Frame {
    std::uint32_t part = 0;
    std::size_t next = 0;  // child to write next
  };

  void open(std::uint32_t number) {
    const Part& part = index_.parts[number];
    out_ += '(';
    if (!part.is_multipart()) fields(part);
    if (part.is_message()) {
      out_ += ' ';
      inner_envelope(part);
      out_ += ' ';
    }
    if ((part.is_multipart() || part.is_message()) && part.children.empty()) {
      out_ += extensions_ ? kEmptyBodyExtended : kEmptyBody;
    }
    stack_.push_back(Frame{number, 0});
  }

  void close(const Part& part) {
    if (part.is_multipart()) {
      out_ += ' ';
      append_string(out_, part.subtype);
    } else if (part.is_message() || part.type == "text") {
      out_ += ' ';
      out_ += std::to_string(part.body_lines);
    }
    if (extensions_) extension(part);
    out_ += ')';
  }

  // type subtype parameters id description encoding octets
  void fields(const Part& part) {
    append_string(out_, part.type);
    out_ += ' ';
    append_string(out_, part.subtype);
    out_ += ' ';
    parameters(part.parameters, part.type == "text" && part.subtype == "plain");
    header_value(part, "Content-ID");
    header_value(part, "Content-Description");
    out_ += ' ';
    append_string(out_, part.encoding);
    out_ += ' ';
    out_ += std::to_string(part.body.octets);
  }

  // md5 (or, for a multipart, parameters) disposition language location
  void extension(const Part& part) {
    if (part.is_multipart()) {
      out_ += ' ';
      parameters(part.parameters, false);
    } else {
      header_value(part, "Content-MD5");
    }
    out_ += ' ';
    if (part.disposition.empty()) {
      out_ += "NIL";
    } else {
      out_ += '(';
      append_string(out_, part.disposition);
      out_ += ' ';
      parameters(part.disposition_parameters, false);
      out_ += ')';
    }
    languages(part);
    header_value(part, "Content-Location");
  }

  bool afford(std::size_t octets) {
    if (octets > extras_) return false;
    extras_ -= octets;
    return true;
  }

  // RFC 2046 §4.1.2: text/plain without a charset is us-ascii.
  void parameters(const std::vector<Parameter>& list, bool default_charset) {
    std::string text;
    for (const Parameter& parameter : list) {
      const bool encode = parameter.extended && !is_plain(parameter.value);
      if (!text.empty()) text += ' ';
      append_string(text, encode ? parameter.name + '*' : parameter.name);
      text += ' ';
      append_string(text, encode ? percent_encode(parameter.value) : parameter.value);
    }
    if (default_charset && find_parameter(list, "charset") == nullptr) {
      if (!text.empty()) text += ' ';
      text += R"("charset" "us-ascii")";
    }
    if (text.empty() || !afford(text.size())) {
      out_ += "NIL";
    } else {
      out_ += '(' + text + ')';
    }
  }

  void header_value(const Part& part, std::string_view name) {
    out_ += ' ';
    const auto value = field_value(message_, part.fields, name);
    if (value && afford(value->size())) {
      append_string(out_, unfold(*value));
    } else {
      out_ += "NIL";
    }
  }

  // Content-Language, RFC 3282 §2: tags between commas.
  void languages(const Part& part) {
    out_ += ' ';
    const auto value = field_value(message_, part.fields, "Content-Language");
    std::string text;
    if (value && afford(value->size() * 2)) {
      FieldCursor in(*value);
      while (!in.empty()) {
        in.skip_cfws();
        const std::string_view tag = in.until(",(");
        if (!tag.empty()) {
          if (!text.empty()) text += ' ';
          append_string(text, tag);
        }
        in.skip_to(',');
        in.take(',');
      }
    }
    out_ += text.empty() ? "NIL" : '(' + text + ')';
  }

  void inner_envelope(const Part& part) {
    if (!part.children.empty()) {
      const std::string text = envelope(message_, index_.parts[part.children.front()].fields);
      if (afford(text.size())) {
        out_ += text;
        return;
      }
    }
    out_ += kEmptyEnvelope;
  }

  std::string_view message_;
  const Index& index_;
  bool extensions_;
  std::string out_;
  std::size_t extras_ = kMaxStructureExtras;
  std::vector<Frame> stack_;
};

std::string child_path(const std::string& prefix, std::size_t number) {
  return prefix.empty() ? std::to_string(number) : prefix + '.' + std::to_string(number);
}

class PartLister {
 public:
  explicit PartLister(const Index& index) : index_(index), prefix_(index.parts.size()), seen_(index.parts.size(), 0) {}

  std::vector<SummaryPart> run() {
    const Part& root = index_.parts.front();
    SummaryPart whole = make(root, "");
    whole.message = false;
    out_.push_back(std::move(whole));
    for (std::uint32_t i = 0; i < index_.parts.size(); ++i) visit(i);
    return std::move(out_);
  }

 private:
  void visit(std::uint32_t number) {
    const Part& part = index_.parts[number];
    std::string path = path_of(number);
    if (!path.empty()) out_.push_back(make(part, path));
    prefix_[number] = path.empty() ? inherited(part) : std::move(path);
    // BODYSTRUCTURE shows an empty text there, so it can be fetched.
    if ((part.is_multipart() || part.is_message()) && part.children.empty()) {
      SummaryPart empty;
      empty.path = child_path(prefix_[number], 1);
      empty.header = Range{part.body.offset, 0};
      empty.body = Range{part.body.offset, 0};
      empty.encoding = "7bit";
      empty.type = "text/plain";
      out_.push_back(std::move(empty));
    }
  }

  // The part's number, or "" when it is a multipart that is a whole message and has none.
  std::string path_of(std::uint32_t number) {
    const Part& part = index_.parts[number];
    if (part.parent < 0) return part.is_multipart() ? "" : "1";
    const auto parent = static_cast<std::size_t>(part.parent);
    const bool whole_message = index_.parts[parent].is_message();
    if (whole_message && part.is_multipart()) return "";
    return child_path(prefix_[parent], whole_message ? 1 : ++seen_[parent]);
  }

  std::string inherited(const Part& part) const {
    return part.parent < 0 ? std::string() : prefix_[static_cast<std::size_t>(part.parent)];
  }

  SummaryPart make(const Part& part, std::string path) const {
    SummaryPart out;
    out.path = std::move(path);
    out.header = part.header;
    out.body = part.body;
    out.encoding = part.encoding;
    out.type = part.type + '/' + part.subtype;
    const std::string* charset = find_parameter(part.parameters, "charset");
    if (charset != nullptr) out.charset = base::lower(*charset);
    if (part.is_message() && !part.children.empty()) {
      const Part& inner = index_.parts[part.children.front()];
      out.message = true;
      out.inner_header = inner.header;
      out.inner_body = inner.body;
    }
    return out;
  }

  const Index& index_;
  std::vector<std::string> prefix_;  // per part: the path under which its children are numbered
  std::vector<std::size_t> seen_;    // per part: children numbered so far
  std::vector<SummaryPart> out_;
};

}  // namespace

std::string body_structure(std::string_view message, const Index& index, bool extensions) {
  return StructureWriter(message, index, extensions).run();
}

std::vector<SummaryPart> list_parts(const Index& index) { return PartLister(index).run(); }

}  // namespace hearthmail::mime
