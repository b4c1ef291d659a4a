#include "common/mime/index.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <unordered_map>

#include "common/base/text.hpp"
#include "common/mime/content_fields.hpp"
#include "common/mime/scan.hpp"

namespace hearthmail::mime {

namespace {

// A position and the number of line feeds before it.
struct Mark {
  std::size_t offset = 0;
  std::uint64_t newlines = 0;
};

struct Line {
  std::size_t begin = 0;
  std::size_t end = 0;    // after its LF, or the end of the message
  std::string_view text;  // without LF or CRLF; a lone CR does not end a line
  bool terminated = false;
};

// A part whose end has not been seen. Its depth is its place on the stack.
struct Open {
  std::uint32_t part = 0;
  std::string boundary;        // of a multipart whose close delimiter has not been seen, otherwise empty
  std::uint64_t newlines = 0;  // before its body
};

struct Delimiter {
  std::size_t depth = 0;  // of the multipart that it belongs to
  bool close = false;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// The fields of one header as they are read.
struct HeaderState {
  std::size_t lines = 0;
  std::size_t octets = 0;
  std::optional<Field> field;  // the one that the next folded line would belong to
  bool in_field = false;       // the line before belongs to a field, recorded or not
  bool type_seen = false;
  bool encoding_seen = false;
  bool disposition_seen = false;
};

class Indexer {
 public:
  explicit Indexer(std::string_view message) : message_(message) {}

  Index run() {
    open_part(-1, false);
    while (at_ < message_.size()) {
      const Line line = line_at(at_);
      const auto found = find_delimiter(line);
      if (found && !found->close && full()) {
        boundaries_.clear();  // what follows belongs to the last part
      } else if (found) {
        pass_delimiter(line, *found);
        continue;
      }
      consume(line);
    }
    close_above(0, Mark{message_.size(), newlines_});
    index_.clipped = index_.clipped || budget_.clipped;
    return std::move(index_);
  }

 private:
  Line line_at(std::size_t begin) {
    Line line{begin, message_.size(), message_.substr(begin), false};
    const void* found = std::memchr(message_.data() + begin, '\n', message_.size() - begin);
    if (found != nullptr) {
      const auto feed = static_cast<std::size_t>(static_cast<const char*>(found) - message_.data());
      line.end = feed + 1;
      line.terminated = true;
      line.text = message_.substr(begin, feed - begin);
      if (!line.text.empty() && line.text.back() == '\r') line.text.remove_suffix(1);
    }
    index_.work += line.end - begin;
    return line;
  }

  void consume(const Line& line) {
    at_ = line.end;
    if (line.terminated) ++newlines_;
  }

  bool full() {
    if (index_.parts.size() < kMaxParts) return false;
    index_.clipped = true;
    return true;
  }

  std::optional<std::size_t> depth_of(std::string_view boundary) const {
    const auto found = boundaries_.find(boundary);
    if (found == boundaries_.end() || found->second.empty()) return std::nullopt;
    return found->second.back();
  }

  // "--" boundary ["--"] *LWSP-char, RFC 2046 §5.1.1. The innermost multipart that fits; among equals a delimiter.
  std::optional<Delimiter> find_delimiter(const Line& line) {
    if (boundaries_.empty() || line.text.size() < 2 || line.text[0] != '-' || line.text[1] != '-') return std::nullopt;
    std::string_view text = line.text.substr(2);
    while (!text.empty() && base::is_wsp(text.back())) text.remove_suffix(1);
    if (text.size() > kMaxBoundary + 2) return std::nullopt;
    index_.work += text.size();
    std::optional<Delimiter> best;
    if (const auto depth = depth_of(text)) best = Delimiter{*depth, false};
    if (text.size() > 2 && text.substr(text.size() - 2) == "--") {
      const auto depth = depth_of(text.substr(0, text.size() - 2));
      if (depth && (!best || *depth > best->depth)) best = Delimiter{*depth, true};
    }
    return best;
  }

  void pass_delimiter(const Line& line, const Delimiter& delimiter) {
    close_above(delimiter.depth + 1, before_delimiter(line.begin));
    consume(line);
    Open& multipart = stack_[delimiter.depth];
    if (delimiter.close) {
      forget_boundary(multipart);
    } else {
      open_part(static_cast<std::int32_t>(multipart.part), index_.parts[multipart.part].subtype == "digest");
    }
  }

  // Where a body ends that a delimiter line at `begin` ends: before the line end that belongs to the delimiter.
  Mark before_delimiter(std::size_t begin) const {
    Mark mark{begin, newlines_};
    if (mark.offset > 0 && message_[mark.offset - 1] == '\n') {
      --mark.offset;
      --mark.newlines;
      if (mark.offset > 0 && message_[mark.offset - 1] == '\r') --mark.offset;
    }
    return mark;
  }

  void forget_boundary(Open& open) {
    if (open.boundary.empty()) return;
    const auto found = boundaries_.find(open.boundary);
    if (found != boundaries_.end()) {
      found->second.pop_back();
      if (found->second.empty()) boundaries_.erase(found);
    }
    open.boundary.clear();
  }

  // Ends every part from the top of the stack down to `depth`. A part whose header reaches up to the delimiter keeps
  // that line end, and then so do those around it: a part never ends outside its parent.
  void close_above(std::size_t depth, Mark end) {
    while (stack_.size() > depth) {
      Open& open = stack_.back();
      Part& part = index_.parts[open.part];
      if (part.body.offset > end.offset) end = Mark{part.body.offset, open.newlines};
      part.body.octets = end.offset - part.body.offset;
      part.body_lines = end.newlines - open.newlines;
      forget_boundary(open);
      stack_.pop_back();
    }
  }

  // Starts a part at the current position and, as long as it is a message, the message inside it.
  void open_part(std::int32_t parent, bool digest) {
    while (true) {
      const auto number = static_cast<std::uint32_t>(index_.parts.size());
      Part part;
      part.parent = parent;
      if (digest) {  // RFC 2046 §5.1.5
        part.type = "message";
        part.subtype = "rfc822";
      }
      if (parent >= 0) index_.parts[static_cast<std::size_t>(parent)].children.push_back(number);
      read_header(part);
      stack_.push_back(Open{number, boundary_of(part), newlines_});
      if (!stack_.back().boundary.empty()) boundaries_[stack_.back().boundary].push_back(stack_.size() - 1);
      const bool descend = holds_message(part);
      index_.parts.push_back(std::move(part));
      if (!descend) return;
      parent = static_cast<std::int32_t>(number);
      digest = false;
    }
  }

  bool may_nest() {
    if (stack_.size() + 1 < kMaxDepth) return true;
    index_.clipped = true;
    return false;
  }

  std::string boundary_of(const Part& part) {
    if (!part.is_multipart()) return {};
    const std::string* boundary = find_parameter(part.parameters, "boundary");
    if (boundary == nullptr || !may_nest()) return {};
    std::string_view text = *boundary;
    while (!text.empty() && base::is_wsp(text.back())) text.remove_suffix(1);
    if (text.size() <= kMaxBoundary) return std::string(text);
    index_.clipped = true;
    return {};
  }

  // Called with the part already on the stack. An encoded message cannot be addressed by offsets (RFC 2046 §5.2.1
  // allows only these three encodings).
  bool holds_message(const Part& part) {
    if (!part.is_message()) return false;
    if (part.encoding != "7bit" && part.encoding != "8bit" && part.encoding != "binary") return false;
    if (index_.parts.size() + 1 >= kMaxParts || stack_.size() >= kMaxDepth) {
      index_.clipped = true;
      return false;
    }
    return true;
  }

  void read_header(Part& part) {
    const std::size_t start = at_;
    HeaderState state;
    while (at_ < message_.size()) {
      const Line line = line_at(at_);
      if (line.text.empty()) {
        consume(line);
        break;
      }
      if (find_delimiter(line)) break;
      if (!header_line(part, state, line)) break;
      consume(line);
      ++state.lines;
      state.octets += line.end - line.begin;
    }
    finish_field(part, state);
    part.header = Range{start, at_ - start};
    part.body.offset = at_;
  }

  // False when the line starts the body.
  bool header_line(Part& part, HeaderState& state, const Line& line) {
    if (base::is_wsp(line.text[0]) && state.in_field) {
      if (state.field) state.field->raw.octets = line.end - state.field->raw.offset;
      return true;
    }
    const std::size_t name = field_name_length(line.text);
    index_.work += name;
    if (name == 0) {
      if (line.end >= message_.size() || field_name_length(line_at(line.end).text) == 0) return false;
      finish_field(part, state);
      state.in_field = false;
      return true;
    }
    finish_field(part, state);
    state.in_field = true;
    if (state.lines >= kMaxHeaderLines || state.octets >= kMaxHeaderParsed) {
      index_.clipped = true;
      return true;
    }
    const std::size_t colon = line.text.find(':', name);
    state.field = Field{std::string(line.text.substr(0, name)), Range{line.begin, line.end - line.begin},
                        Range{line.begin + colon + 1, 0}};
    return true;
  }

  void finish_field(Part& part, HeaderState& state) {
    if (!state.field) return;
    Field field = std::move(*state.field);
    state.field.reset();
    std::uint64_t end = field.raw.offset + field.raw.octets;
    if (field.raw.octets > kMaxHeaderField) {
      end = std::max(field.value.offset, field.raw.offset + kMaxHeaderField);
      index_.clipped = true;
    }
    field.value.octets = end - field.value.offset;
    apply(part, state, field);
    if (fields_++ < kMaxFields) {
      part.fields.push_back(std::move(field));
    } else {
      index_.clipped = true;
    }
  }

  // The first of each kind counts. RFC 2045 §5 and §6, RFC 2183 §2
  void apply(Part& part, HeaderState& state, const Field& field) {
    if (!base::istarts_with(field.name, "content-")) return;
    const std::string_view value = message_.substr(field.value.offset, field.value.octets);
    index_.work += value.size();
    if (!state.type_seen && base::iequals(field.name, "content-type")) {
      state.type_seen = true;
      ContentType parsed = parse_content_type(value, budget_);
      part.type = std::move(parsed.type);
      part.subtype = std::move(parsed.subtype);
      part.parameters = std::move(parsed.parameters);
    } else if (!state.encoding_seen && base::iequals(field.name, "content-transfer-encoding")) {
      state.encoding_seen = true;
      part.encoding = parse_encoding(value);
    } else if (!state.disposition_seen && base::iequals(field.name, "content-disposition")) {
      state.disposition_seen = true;
      Disposition parsed = parse_disposition(value, budget_);
      part.disposition = std::move(parsed.kind);
      part.disposition_parameters = std::move(parsed.parameters);
    }
  }

  std::string_view message_;
  std::size_t at_ = 0;
  std::uint64_t newlines_ = 0;  // line feeds before at_
  std::size_t fields_ = 0;
  Index index_;
  ParameterBudget budget_;
  std::vector<Open> stack_;
  // Boundaries of open multiparts and the depths at which they are open, innermost last.
  std::unordered_map<std::string, std::vector<std::size_t>, TextHash, std::equal_to<>> boundaries_;
};

}  // namespace

Index index_message(std::string_view message) { return Indexer(message).run(); }

}  // namespace hearthmail::mime
