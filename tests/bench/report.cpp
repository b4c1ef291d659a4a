#include "tests/bench/report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hearthmail::bench {

namespace {

std::string with_commas(long long value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.0f %%", share * 100);
  return text;
}

std::string cell(const Series& series) {
  std::string text = number_text(series.median());
  if (series.measures.size() > 1) text += " (" + number_text(series.least()) + "-" + number_text(series.most()) + ")";
  return text;
}

std::string cell(const Row& row, const std::string& server) {
  const auto found = row.series.find(server);
  if (found == row.series.end() || found->second.measures.empty()) return "-";
  return cell(found->second);
}

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::NoTarget: return "";
    case Verdict::Pass: return "pass";
    case Verdict::Miss: return "**miss**";
    case Verdict::Failed: return "**failed**";
  }
  return "";
}

// What held ours back: the figure's own words and the shares of the processor.
std::string limit_text(const Row& row) {
  if (!row.error.empty()) return row.error.substr(0, row.error.find('\n'));
  const auto ours = row.series.find(kOurs);
  if (ours == row.series.end() || ours->second.measures.empty()) return "";
  const Measure& typical = ours->second.typical();
  std::string text = "server " + percent(typical.server_share) + ", generator " + percent(typical.generator_share);
  if (!typical.limit.empty()) text += "; " + typical.limit;
  return text;
}

std::string further(const Row& row) {
  std::string text;
  for (const std::string& name : row.figure.also) text += "; " + name + " " + cell(row, name);
  return text;
}

std::string markdown_row(const Row& row) {
  const Figure& figure = row.figure;
  const auto ratio = row.ratio();
  std::string line = "| `" + figure.name + "` | " + figure.work + " | " + cell(row, kOurs) + " " + figure.unit + " | ";
  line += figure.peer.empty() ? "-" : figure.peer + " " + cell(row, figure.peer) + further(row);
  line += " | " + (ratio ? number_text(*ratio) + "x" : std::string("-")) + " | " + target_text(figure) + " | ";
  return line + word(row.verdict()) + " | " + limit_text(row) + " |\n";
}

nlohmann::ordered_json to_json(const Row& row) {
  nlohmann::ordered_json out{{"name", row.figure.name}, {"work", row.figure.work}, {"unit", row.figure.unit}};
  out["better"] = row.figure.better == Better::More ? "more" : "less";
  out["peer"] = row.figure.peer;
  out["target"] = {{"ratio", row.figure.target.ratio}, {"absolute", row.figure.target.absolute}};
  auto& servers = out["servers"] = nlohmann::ordered_json::object();
  for (const auto& [name, series] : row.series) {
    auto& one = servers[name] = nlohmann::ordered_json{{"median", series.median()}};
    for (const Measure& measure : series.measures) {
      one["measures"].push_back({{"value", measure.value},
                                 {"generator_share", measure.generator_share},
                                 {"server_share", measure.server_share},
                                 {"limit", measure.limit}});
    }
  }
  if (const auto ratio = row.ratio()) out["ratio"] = *ratio;
  constexpr const char* kWords[] = {"no target", "pass", "miss", "failed"};
  out["verdict"] = kWords[static_cast<std::size_t>(row.verdict())];
  if (!row.error.empty()) out["error"] = row.error;
  return out;
}

}  // namespace

std::string number_text(double value) {
  if (std::abs(value) >= 1000) {
    const double step = std::pow(10, std::floor(std::log10(std::abs(value))) - 2);
    return with_commas(std::llround(std::round(value / step) * step));
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string target_text(const Figure& figure) {
  std::string text;
  if (figure.target.ratio > 0) text = ">= " + number_text(figure.target.ratio) + "x";
  if (figure.target.absolute > 0) {
    if (!text.empty()) text += ", ";
    text += (figure.better == Better::More ? ">= " : "<= ") + number_text(figure.target.absolute) + " " + figure.unit;
  }
  return text.empty() ? "-" : text;
}

std::string to_markdown(const Report& report) {
  const Machine& machine = report.machine;
  std::string text = machine.processor + ", " + std::to_string(machine.cores) + " cores, " + machine.memory + ", " +
                     machine.kernel + ", " + machine.file_system + ". ";
  for (const auto& [name, version] : report.versions) text += name + ": " + version + ". ";
  text += "Each figure " + std::to_string(report.options.repeats) + " times per server in turn; median (least-most)" +
          (report.options.quick ? "; small doses (--quick).\n\n" : ".\n\n");
  text += "| the machine alone | |\n|---|---|\n";
  for (const MachineLimit& one : report.limits)
    text += "| " + one.what + " | " + number_text(one.value) + " " + one.unit + " |\n";
  text += "\n| figure | work | ours | peers | ratio | target | | limit (shares of all cores) |\n";
  text += "|---|---|---|---|---|---|---|---|\n";
  for (const Row& row : report.rows) text += markdown_row(row);
  return text;
}

std::string to_json(const Report& report) {
  nlohmann::ordered_json out;
  const Machine& machine = report.machine;
  out["machine"] = {{"processor", machine.processor},
                    {"cores", machine.cores},
                    {"memory", machine.memory},
                    {"kernel", machine.kernel},
                    {"file_system", machine.file_system}};
  for (const MachineLimit& one : report.limits)
    out["limits"][one.name] = {{"value", one.value}, {"unit", one.unit}, {"what", one.what}};
  for (const auto& [name, version] : report.versions) out["versions"][name] = version;
  out["quick"] = report.options.quick;
  out["repeats"] = report.options.repeats;
  out["seconds"] = report.seconds;
  out["figures"] = nlohmann::ordered_json::array();
  for (const Row& row : report.rows) out["figures"].push_back(to_json(row));
  return out.dump(2) + "\n";
}

std::string verdict_line(const Report& report) {
  const auto count = [&report](Verdict wanted) {
    return std::to_string(std::count_if(report.rows.begin(), report.rows.end(),
                                        [wanted](const Row& row) { return row.verdict() == wanted; }));
  };
  return "pass " + count(Verdict::Pass) + ", miss " + count(Verdict::Miss) + ", failed " + count(Verdict::Failed) +
         ", without a target " + count(Verdict::NoTarget);
}

}  // namespace hearthmail::bench
