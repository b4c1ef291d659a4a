#include "receiver/imap/sections.hpp"

#include <algorithm>

#include "common/base/text.hpp"
#include "common/mime/listed.hpp"

namespace hearthmail::receiver::imap {
namespace {

using parse::SectionText;

const mime::SummaryPart* find_part(const mime::Summary& summary, std::string_view path) {
  for (const auto& part : summary.parts) {
    if (part.path == path) return &part;
  }
  return nullptr;
}

std::optional<mime::Range> in_message(SectionText text, const mime::SummaryPart& root) {
  switch (text) {
    case SectionText::All: return mime::Range{root.header.offset, root.header.octets + root.body.octets};
    case SectionText::Header:
    case SectionText::HeaderFields:
    case SectionText::HeaderFieldsNot: return root.header;
    case SectionText::Text: return root.body;
    case SectionText::Mime: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<mime::Range> in_part(SectionText text, const mime::SummaryPart& part) {
  switch (text) {
    case SectionText::All: return part.body;
    case SectionText::Mime: return part.header;
    case SectionText::Header:
    case SectionText::HeaderFields:
    case SectionText::HeaderFieldsNot:
      if (!part.message) return std::nullopt;
      return part.inner_header;
    case SectionText::Text:
      if (!part.message) return std::nullopt;
      return part.inner_body;
  }
  return std::nullopt;
}

bool is_named(std::string_view name, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [name](const auto& wanted) { return base::iequals(wanted, name); });
}

}  // namespace

const mime::SummaryPart* find_part(const parse::Section& section, const mime::Summary& summary) {
  const mime::SummaryPart* root = find_part(summary, "");
  const std::string path = section.path();
  const mime::SummaryPart* part = find_part(summary, path);
  if (part != nullptr || root == nullptr || path != "1") return part;
  // Part 1 of a message that is not multipart is its text (RFC 9051 §6.4.5.1).
  return base::istarts_with(root->type, "multipart/") ? nullptr : root;
}

std::optional<mime::Range> locate(const parse::Section& section, const mime::Summary& summary) {
  const mime::SummaryPart* root = find_part(summary, "");
  if (root == nullptr) return std::nullopt;
  if (section.part.empty()) return in_message(section.text, *root);
  const auto* part = find_part(section, summary);
  return part == nullptr ? std::nullopt : in_part(section.text, *part);
}

bool needs_summary(const parse::Section& section) { return !section.part.empty() || section.text != SectionText::All; }

bool is_filtered(const parse::Section& section) {
  return section.text == SectionText::HeaderFields || section.text == SectionText::HeaderFieldsNot;
}

bool is_listed(const parse::Section& section) {
  return section.part.empty() && section.text == SectionText::HeaderFields &&
         std::all_of(section.fields.begin(), section.fields.end(), mime::is_listed_field);
}

std::string filter_header(std::string_view header, const std::vector<std::string>& names, bool invert) {
  const auto wanted = [&](std::string_view name) { return is_named(name, names) != invert; };
  std::string kept = mime::select_fields(header, wanted);
  if (!kept.empty() && kept.back() != '\n') kept += "\r\n";  // the message ends inside its header
  kept += "\r\n";
  return kept;
}

mime::Range cut(mime::Range whole, const std::optional<parse::Partial>& partial) {
  if (!partial.has_value()) return whole;
  const std::uint64_t skipped = std::min(partial->first, whole.octets);
  return {whole.offset + skipped, std::min(partial->count, whole.octets - skipped)};
}

}  // namespace hearthmail::receiver::imap
