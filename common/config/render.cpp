#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.hpp"
#include "common/config/keys.hpp"
#include "common/config/load.hpp"

namespace hearthmail::config {
namespace {

// One line of the reference.
struct Row {
  std::string key;
  std::string type;
  std::string fallback;
  std::string environment;
  std::string help;
};

template <class S>
Row row(const Key<S>& key, const std::string& prefix, const S& defaults) {
  Row out;
  out.key = prefix + std::string(key.name);
  out.type = describe(key.kind);
  if (key.kind == Kind::Choice) {
    std::vector<std::string> words;
    for (const auto& choice : key.choices) {
      if (!choice.empty()) words.push_back(choice);
    }
    out.type += " " + base::join(words, ", ");
  }
  out.fallback = key.fallback.empty() ? show(key, defaults) : std::string(key.fallback);
  out.environment = prefix.empty() ? environment_name(key.name) : "HEARTHMAIL_RELAY_<ROUTE>_" + base::upper(key.name);
  if (key.kind == Kind::SecretText) out.environment += " or " + out.environment + "_FILE";
  out.help = key.help;
  return out;
}

std::vector<Row> rows() {
  std::vector<Row> out;
  const Settings settings;
  const Route route;
  for (const auto& key : setting_keys()) out.push_back(row(key, "", settings));
  for (const auto& key : route_keys()) out.push_back(row(key, "relay.<route>.", route));
  return out;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

}  // namespace

std::string render_check(const Loaded& loaded, bool json) {
  if (json) {
    nlohmann::ordered_json out;
    out["config_file"] = loaded.settings.config_file;
    out["keys"] = nlohmann::ordered_json::array();
    for (const auto& origin : loaded.origins) {
      out["keys"].push_back(
          {{"key", origin.key}, {"value", origin.value}, {"from", origin.from}, {"secret", origin.secret}});
    }
    out["notes"] = loaded.notes;
    return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  std::size_t widest = 0;
  std::size_t widest_value = 0;
  for (const auto& origin : loaded.origins) {
    widest = std::max(widest, origin.key.size());
    widest_value = std::max(widest_value, std::min<std::size_t>(origin.value.size(), 48));
  }
  std::string out;
  for (const auto& origin : loaded.origins) {
    const std::string value = origin.secret && !origin.value.empty() ? "(" + origin.value + ")" : or_dash(origin.value);
    out += origin.key + std::string(widest - origin.key.size() + 2, ' ') + value;
    out += std::string(value.size() < widest_value ? widest_value - value.size() + 2 : 2, ' ') + origin.from + "\n";
  }
  for (const auto& note : loaded.notes) out += "note: " + note + "\n";
  out += "The configuration is good" +
         (loaded.settings.config_file.empty() ? std::string(" (no file was read)")
                                              : " (" + loaded.settings.config_file + ")") +
         ".\n";
  return out;
}

std::string render_reference(bool markdown) {
  std::string out;
  if (markdown) {
    out = "| key | type | default | environment | meaning |\n|---|---|---|---|---|\n";
    for (const auto& line : rows()) {
      out += "| `" + line.key + "` | " + line.type + " | " + or_dash(line.fallback) + " | `" + line.environment +
             "` | " + line.help + " |\n";
    }
    return out;
  }
  for (const auto& line : rows()) {
    out += line.key + "\n    " + line.help + "\n    type: " + line.type + "; default: " + or_dash(line.fallback) +
           "\n    environment: " + line.environment + "\n\n";
  }
  out +=
      "A secret can also come from a file (key with _file, environment name with _FILE) or from systemd's\n"
      "$CREDENTIALS_DIRECTORY, under its environment name in lower case. A flag (--set key=value) is stronger than "
      "the\n"
      "environment, the environment than the file, the file than the default.\n";
  return out;
}

std::string render_sample() {
  std::string out =
      "# Hearthmail's configuration. Every key stands at its default; remove the # to change one.\n"
      "# `hearthmail config reference` explains them, `hearthmail config check` shows what is in force.\n";
  std::string section;
  auto lines = rows();  // TOML wants the keys outside tables first
  std::stable_partition(lines.begin(), lines.end(),
                        [](const Row& line) { return line.key.find('.') == std::string::npos; });
  for (const auto& line : lines) {
    const auto dot = line.key.rfind('.');
    const std::string table = dot == std::string::npos ? "" : line.key.substr(0, dot);
    if (table != section) {
      section = table;
      out += "\n" + std::string(section == "relay.<route>" ? "#[relay.main]" : "[" + section + "]") + "\n";
    }
    const std::string name = dot == std::string::npos ? line.key : line.key.substr(dot + 1);
    out += "# " + line.help + " (" + line.type + "; default: " + or_dash(line.fallback) + ")\n#" + name + " = \"\"\n";
  }
  return out;
}

}  // namespace hearthmail::config
