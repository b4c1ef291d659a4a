#include "common/mime/content_fields.hpp"

#include <algorithm>
#include <optional>

#include "common/base/text.hpp"
#include "common/mime/decode.hpp"
#include "common/mime/scan.hpp"

namespace hearthmail::mime {

namespace {

// One parameter as written: "filename*1*=..." is base "filename", section 1, extended. RFC 2231 §3, §4
struct Section {
  std::string base;
  std::optional<std::uint32_t> number;
  bool extended = false;
  std::string value;
};

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 32 && c < 127 && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
  });
}

Section make_section(std::string_view name, std::string value) {
  Section section{base::lower(name), std::nullopt, false, std::move(value)};
  std::string_view rest = name;
  if (rest.size() > 1 && rest.back() == '*') {
    section.extended = true;
    rest.remove_suffix(1);
  }
  const std::size_t star = rest.rfind('*');
  if (star != std::string_view::npos && star > 0) {
    section.number = base::parse_u32(rest.substr(star + 1));
    if (section.number) rest = rest.substr(0, star);
  }
  section.base = base::lower(rest);
  return section;
}

// *(";" name "=" value), lenient: an unquoted value may hold what only a quoted one may ("boundary=--=_x").
std::vector<Section> read_sections(FieldCursor& in, ParameterBudget& budget) {
  std::vector<Section> out;
  while (true) {
    in.skip_to(';');
    if (!in.take(';')) break;
    in.skip_cfws();
    const std::string_view name = in.until(";=(\"");
    in.skip_cfws();
    if (name.empty() || !in.take('=')) continue;
    in.skip_cfws();
    if (out.size() >= kMaxParameters || budget.parameters == 0) {
      budget.clipped = true;
      break;
    }
    --budget.parameters;
    std::string value = !in.empty() && in.peek() == '"' ? in.quoted_string() : std::string(in.until(";(\""));
    out.push_back(make_section(name, std::move(value)));
  }
  return out;
}

int hex_digit(char c) {
  if (base::is_digit(c)) return c - '0';
  const char low = base::to_lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// charset'language'text, RFC 2231 §4. Returns the charset and leaves the text.
std::string_view take_charset(std::string_view& value) {
  const std::size_t first = value.find('\'');
  if (first == std::string_view::npos) return {};
  const std::size_t second = value.find('\'', first + 1);
  if (second == std::string_view::npos) return {};
  const std::string_view charset = value.substr(0, first);
  value.remove_prefix(second + 1);
  return charset;
}

std::string convert(std::string octets, std::string_view charset, ParameterBudget& budget) {
  if (base::is_ascii(octets)) return octets;
  if (budget.conversions == 0) {
    budget.clipped = true;
    return to_utf8(octets, "utf-8");
  }
  --budget.conversions;
  return to_utf8(octets, charset);
}

const Section* find_section(const std::vector<Section>& all, const std::string& base,
                            std::optional<std::uint32_t> number, std::optional<bool> extended) {
  for (const Section& section : all) {
    if (section.base == base && section.number == number && (!extended || section.extended == *extended)) {
      return &section;
    }
  }
  return nullptr;
}

// The sections of one name in the order of their numbers, up to the first gap. RFC 2231 §3
Parameter join_sections(const std::vector<Section>& all, const Section& first, ParameterBudget& budget) {
  std::string octets;
  std::string_view charset;
  bool extended = false;
  const Section* section = &first;
  for (std::uint32_t number = 0; section != nullptr;) {
    std::string_view text = section->value;
    if (section->extended) {
      if (section == &first) charset = take_charset(text);
      octets += percent_decode(text);
      extended = true;
    } else {
      octets += text;
    }
    section = first.number ? find_section(all, first.base, ++number, std::nullopt) : nullptr;
  }
  if (extended) octets = convert(std::move(octets), charset, budget);
  return Parameter{first.base, std::move(octets), extended};
}

// One parameter per name, in order of appearance: the extended form wins over continuations, those over the plain form.
std::vector<Parameter> join_parameters(const std::vector<Section>& sections, ParameterBudget& budget) {
  std::vector<Parameter> out;
  for (const Section& section : sections) {
    if (find_parameter(out, section.base) != nullptr) continue;
    const Section* first = find_section(sections, section.base, std::nullopt, true);
    if (first == nullptr) first = find_section(sections, section.base, 0, std::nullopt);
    if (first == nullptr) first = find_section(sections, section.base, std::nullopt, false);
    if (first != nullptr) out.push_back(join_sections(sections, *first, budget));
  }
  return out;
}

}  // namespace

ContentType parse_content_type(std::string_view value, ParameterBudget& budget) {
  FieldCursor in(value);
  in.skip_cfws();
  const std::string_view type = in.until("/;(\"");
  in.skip_cfws();
  if (!is_token(type) || !in.take('/')) return {"text", "plain", {}};
  in.skip_cfws();
  const std::string_view subtype = in.until(";(\"");
  if (!is_token(subtype)) return {"text", "plain", {}};
  return {base::lower(type), base::lower(subtype), join_parameters(read_sections(in, budget), budget)};
}

Disposition parse_disposition(std::string_view value, ParameterBudget& budget) {
  FieldCursor in(value);
  in.skip_cfws();
  const std::string_view kind = in.until(";(\"");
  if (!is_token(kind)) return {};
  return {base::lower(kind), join_parameters(read_sections(in, budget), budget)};
}

std::string parse_encoding(std::string_view value) {
  FieldCursor in(value);
  in.skip_cfws();
  const std::string_view token = in.until(";(\"");
  return is_token(token) ? base::lower(token) : std::string("7bit");
}

const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name) {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return &parameter.value;
  }
  return nullptr;
}

}  // namespace hearthmail::mime
