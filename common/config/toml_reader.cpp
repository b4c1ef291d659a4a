// The only file that includes toml++.
#include <fstream>
#include <sstream>

#define TOML_EXCEPTIONS 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include "common/config/sources.hpp"

namespace hearthmail::config {
namespace {

constexpr int kMaxTables = 8;  // nesting of tables; ours need three

std::string place(const std::string& path, const toml::node& node) {
  return "file " + path + " line " + std::to_string(node.source().begin.line);
}

// A scalar as text; nothing for what no key of ours can be (dates, tables, floats).
std::optional<std::string> scalar(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  return std::nullopt;
}

std::optional<std::string> words(const toml::array& array) {
  std::string out;
  for (const auto& node : array) {
    const auto word = scalar(node);
    if (!word) return std::nullopt;
    if (!out.empty()) out += ' ';
    out += *word;
  }
  return out;
}

base::Status flatten(const std::string& path, const toml::table& table, const std::string& prefix, int depth,
                     std::vector<Given>& out) {
  if (depth > kMaxTables) return base::Error{base::Errc::Invalid, path + ": tables are nested too deep"};
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const auto* inner = node.as_table()) {
      TRY(flatten(path, *inner, key + ".", depth + 1, out));
      continue;
    }
    const auto text = node.as_array() != nullptr ? words(*node.as_array()) : scalar(node);
    if (!text) {
      return base::Error{base::Errc::Invalid,
                         key + " (" + place(path, node) + "): write text, a whole number or a list of them"};
    }
    out.push_back({key, *text, place(path, node)});
  }
  return base::ok();
}

}  // namespace

base::Result<std::vector<Given>> read_toml(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return base::Error{base::Errc::NotFound,
                       "configuration file " + path + " cannot be read; check --config and its permissions"};
  std::stringstream text;
  text << in.rdbuf();
  const auto parsed = toml::parse(text.str(), path);
  if (!parsed) {
    const auto& error = parsed.error();
    return base::Error{base::Errc::Invalid, "file " + path + " line " + std::to_string(error.source().begin.line) +
                                                ": " + std::string(error.description())};
  }
  std::vector<Given> out;
  TRY(flatten(path, parsed.table(), "", 0, out));
  return out;
}

}  // namespace hearthmail::config
