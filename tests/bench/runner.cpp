#include "tests/bench/runner.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tests/bench/report.hpp"

namespace hearthmail::bench {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

std::vector<double> sorted(const std::vector<Measure>& measures) {
  std::vector<double> values;
  for (const Measure& one : measures) values.push_back(one.value);
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<std::string> servers_of(const Figure& figure) {
  std::vector<std::string> names{kOurs};
  if (!figure.peer.empty()) names.push_back(figure.peer);
  names.insert(names.end(), figure.also.begin(), figure.also.end());
  return names;
}

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

double Series::median() const {
  const auto values = sorted(measures);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double Series::least() const { return sorted(measures).front(); }
double Series::most() const { return sorted(measures).back(); }

const Measure& Series::typical() const {
  const double middle = sorted(measures)[(measures.size() - 1) / 2];
  return *std::find_if(measures.begin(), measures.end(), [&](const Measure& one) { return one.value == middle; });
}

std::optional<double> Row::ratio() const {
  const auto ours = series.find(kOurs);
  const auto theirs = series.find(figure.peer);
  if (ours == series.end() || theirs == series.end()) return std::nullopt;
  if (ours->second.measures.empty() || theirs->second.measures.empty()) return std::nullopt;
  const double mine = ours->second.median();
  const double other = theirs->second.median();
  if (mine <= 0 || other <= 0) return std::nullopt;
  return figure.better == Better::More ? mine / other : other / mine;
}

Verdict Row::verdict() const {
  if (!error.empty()) return Verdict::Failed;
  bool pass = true;
  bool asked = false;
  if (figure.target.ratio > 0) {
    const auto reached = ratio();
    if (!reached) return Verdict::Failed;
    asked = true;
    pass = *reached >= figure.target.ratio;
  }
  if (figure.target.absolute > 0) {
    const double ours = series.at(kOurs).median();
    asked = true;
    pass = pass && (figure.better == Better::More ? ours >= figure.target.absolute : ours <= figure.target.absolute);
  }
  if (!asked) return Verdict::NoTarget;
  return pass ? Verdict::Pass : Verdict::Miss;
}

std::vector<Figure> pick_figures(const std::vector<std::string>& names) {
  std::vector<Figure> all = all_figures();
  if (names.empty()) return all;
  std::erase_if(all, [&names](const Figure& figure) {
    return std::none_of(names.begin(), names.end(),
                        [&figure](const std::string& name) { return figure.name.starts_with(name); });
  });
  return all;
}

Runner::~Runner() { stop_all(); }

void Runner::stop_all() {
  for (auto& [name, server] : servers_) {
    if (!running_[name]) continue;
    const auto stopped = server->stop();
    running_[name] = false;
    if (!stopped.ok()) std::fprintf(stderr, "%s: %s\n", name.c_str(), stopped.error().text.c_str());
  }
}

// Running, and empty.
Result<Server*> Runner::server(const std::string& name) {
  auto& server = servers_[name];
  if (!server) server = make_server(name, workshop_);
  if (!server) return Error{Errc::NotFound, "no server is called " + name};
  const bool runs = running_[name];
  running_[name] = true;  // also when it fails half-way: what has started is stopped
  auto ready = runs ? server->clear() : server->start();
  if (!ready.ok()) return base::with_context("start " + name, std::move(ready).error());
  return server.get();
}

Status Runner::measure(Row& row, const std::string& name, std::size_t round) {
  const auto began = std::chrono::steady_clock::now();
  auto measured = row.figure.measure(*servers_.at(name), options_);
  if (!measured.ok()) return base::with_context(name, std::move(measured).error());
  std::fprintf(stderr, "    %zu of %zu  %-16s %10s %s  (%.1f s; generator %.0f %%, server %.0f %% of the machine)\n",
               round + 1, options_.repeats, name.c_str(), number_text(measured->value).c_str(), row.figure.unit.c_str(),
               seconds_since(began), measured->generator_share * 100, measured->server_share * 100);
  row.series[name].measures.push_back(std::move(*measured));
  return base::ok();
}

Status Runner::run_figure(Row& row) {
  const auto names = servers_of(row.figure);
  for (const std::string& name : names) {
    TRY_ASSIGN(Server* const ready, server(name));
    if (!row.figure.prepare) continue;
    auto prepared = row.figure.prepare(*ready, options_);
    if (!prepared.ok()) return base::with_context("prepare " + name, std::move(prepared).error());
  }
  for (std::size_t round = 0; round < options_.repeats; ++round) {
    for (const std::string& name : names) TRY(measure(row, name, round));
  }
  return base::ok();
}

Result<Report> Runner::run(const std::vector<Figure>& figures) {
  const auto began = std::chrono::steady_clock::now();
  Report report;
  report.options = options_;
  report.machine = describe_machine(workshop_.directory);
  std::fprintf(stderr, "the machine itself ...\n");
  TRY_ASSIGN(report.limits, measure_machine(workshop_.directory, workshop_.certificate, workshop_.key, options_.quick));
  for (const Figure& figure : figures) {
    std::fprintf(stderr, "[%zu/%zu] %s: %s\n", report.rows.size() + 1, figures.size(), figure.name.c_str(),
                 figure.work.c_str());
    Row row;
    row.figure = figure;
    const auto done = run_figure(row);
    if (!done.ok()) row.error = done.error().text;
    if (!done.ok()) std::fprintf(stderr, "    FAILED: %s\n", row.error.c_str());
    if (!done.ok()) stop_all();  // whatever state it left, the next figure starts from a stopped server
    report.rows.push_back(std::move(row));
  }
  stop_all();
  for (const auto& [name, server] : servers_) report.versions[name] = server->version();
  report.seconds = seconds_since(began);
  return report;
}

}  // namespace hearthmail::bench
