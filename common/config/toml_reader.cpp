// The only file that includes toml++.
#include <fcntl.h>
#include <string.h>  // explicit_bzero
#include <unistd.h>

#include <array>

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

// Without the stream classes: their buffers would keep a copy of what blank_secrets takes out.
base::Result<std::string> read_file(const std::string& path) {
  const auto unreadable = [&] {
    return base::Error{base::Errc::NotFound,
                       "configuration file " + path + " cannot be read; check --config and its permissions"};
  };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return unreadable();
  std::string text;
  const off_t octets = lseek(file, 0, SEEK_END);
  if (octets > 0) text.resize(static_cast<std::size_t>(octets));  // once: growing would leave copies behind
  const ssize_t count = pread(file, text.data(), text.size(), 0);
  close(file);
  if (count < 0 || octets < 0) return unreadable();
  text.resize(static_cast<std::size_t>(count));
  return text;
}

}  // namespace

void blank_secrets(std::string& text) {
  static constexpr std::string_view kKey = "password";
  for (std::size_t at = text.find(kKey); at != std::string::npos; at = text.find(kKey, at)) {
    at += kKey.size();
    std::size_t value = at;
    if (value < text.size() && (text[value] == '"' || text[value] == '\'')) ++value;  // a quoted key
    value = text.find_first_not_of(" \t", value);
    if (value == std::string::npos || text[value] != '=') continue;
    value = text.find_first_not_of(" \t", value + 1);
    if (value == std::string::npos || (text[value] != '"' && text[value] != '\'')) continue;
    const char quote = text[value];
    const bool block = text.compare(value, 3, std::string(3, quote)) == 0;
    const std::string end = block ? std::string(3, quote) : std::string(1, quote);
    for (at = value + end.size(); at < text.size() && text.compare(at, end.size(), end) != 0; ++at) {
      if (text[at] == '\\' && quote == '"' && at + 1 < text.size()) text[at++] = '*';
      if (text[at] != '\n') text[at] = '*';
    }
  }
}

base::Result<std::vector<Given>> read_toml(const std::string& path, bool with_secrets) {
  TRY_ASSIGN(auto text, read_file(path));
  if (!with_secrets) blank_secrets(text);
  const auto parsed = toml::parse(text, path);
  explicit_bzero(text.data(), text.size());
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
