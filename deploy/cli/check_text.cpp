#include "deploy/cli/check_text.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "deploy/cli/text_table.hpp"

namespace hearthmail::cli {

using namespace store::maintenance;

namespace {

std::string seconds_in_words(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  return text;
}

std::string finding_in_words(const Finding& finding) {
  std::string out =
      finding.environment + (finding.table.empty() ? "" : " " + finding.table) + ": " + finding.key + "\n";
  out += "  " + std::string(name(finding.problem)) + ": " + finding.what + "\n";
  out += "  means: " + std::string(meaning(finding.problem)) + "\n";
  return out + "  do:    " + std::string(advice(finding)) + "\n\n";
}

}  // namespace

std::string octets_in_words(std::uint64_t octets) {
  constexpr const char* kUnits[] = {"octets", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(octets);
  std::size_t unit = 0;
  for (; value >= 1024 && unit < 4; ++unit) value /= 1024;
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

std::string report_in_words(const Report& report) {
  std::string out;
  for (const Finding& finding : report.findings) out += finding_in_words(finding);
  if (report.findings_total > report.findings.size()) {
    out += "... and " + std::to_string(report.findings_total - report.findings.size()) + " findings more\n\n";
  }
  TextTable table({"DATABASE", "TABLE", "RECORDS", "OCTETS"});
  for (const TableCount& one : report.tables) {
    table.add({one.environment, one.table, std::to_string(one.records), std::to_string(one.octets)});
  }
  out += table.str() + "\n";
  for (const std::string& note : report.notes) out += "note: " + note + "\n";
  out += octets_in_words(report.octets()) + " looked at in " + seconds_in_words(report.seconds) + ": ";
  if (report.ok()) return out + "everything is as it should be\n";
  return out + std::to_string(report.findings_total) + (report.findings_total == 1 ? " finding\n" : " findings\n");
}

nlohmann::ordered_json report_json(const Report& report) {
  nlohmann::ordered_json out{{"ok", report.ok()}, {"findings_total", report.findings_total}};
  auto findings = nlohmann::ordered_json::array();
  for (const Finding& one : report.findings) {
    findings.push_back({{"problem", name(one.problem)},
                        {"environment", one.environment},
                        {"table", one.table},
                        {"key", one.key},
                        {"what", one.what},
                        {"meaning", meaning(one.problem)},
                        {"do", advice(one)}});
  }
  out["findings"] = std::move(findings);
  auto tables = nlohmann::ordered_json::object();
  for (const TableCount& one : report.tables) {
    tables[one.environment][one.table] = {{"records", one.records}, {"octets", one.octets}};
  }
  out["tables"] = std::move(tables);
  out["notes"] = report.notes;
  out["octets"] = report.octets();
  out["seconds"] = std::round(report.seconds * 1000) / 1000;
  return out;
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void ProgressLine::show(const std::string& text) {
  if (!terminal_) return;
  shown_ = true;
  std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
  std::fflush(stderr);
}

}  // namespace hearthmail::cli
