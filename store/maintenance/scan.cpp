#include "store/maintenance/scan.hpp"

#include "common/base/text.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {
constexpr std::size_t kKeyShown = 64;  // octets of a key that cannot be read
}  // namespace

std::string quoted(std::string_view octets) { return base::printable(octets); }
std::string hex_key(std::string_view octets) { return "key " + base::hex(octets.substr(0, kKeyShown)); }

void add_finding(Report& report, Finding finding) {
  ++report.findings_total;
  if (report.findings.size() < kMaxFindings) report.findings.push_back(std::move(finding));
}

Scan::Scan(lmdb::Env& env, std::string environment, std::vector<std::string> tables, const CheckOptions& options,
           Report& report)
    : env_(env),
      environment_(std::move(environment)),
      tables_(std::move(tables)),
      options_(options),
      report_(report),
      first_(report.tables.size()) {
  for (const std::string& table : tables_) report_.tables.push_back({environment_, table, 0, 0});
}

void Scan::count(Table table, std::size_t octets, std::uint64_t records) {
  TableCount& counted = report_.tables[first_ + table.index];
  counted.records += records;
  counted.octets += octets;
}

void Scan::add(Problem problem, Table table, std::string key, std::string what, std::string_view raw_key) {
  add_finding(report_,
              {problem, environment_, tables_[table.index], std::move(key), std::move(what), std::string(raw_key)});
}

void Scan::progress(Table table) {
  if (!options_.progress) return;
  auto& expected = expected_[table.index];
  if (expected == 0) {
    expected = env_.read([&](const ReadTxn& txn) { return txn.entries(table); }).value_or(0);
  }
  options_.progress({environment_, tables_[table.index], report_.tables[first_ + table.index].records, expected});
}

// One snapshot's worth. True: there is more, from `resume` on.
Result<bool> Scan::walk_slice(Table table, const Visit& visit, bool again, std::string& resume, bool& resumed) {
  const auto began = std::chrono::steady_clock::now();
  return env_.read([&](const ReadTxn& txn) -> Result<bool> {
    auto cursor = txn.cursor(table);
    TRY_ASSIGN(auto at, cursor.seek(resume));
    if (resumed && at && at->key == resume) {
      TRY_ASSIGN(at, cursor.next());
    }
    while (at) {
      resume = at->key;
      resumed = true;
      if (!again) count(table, at->key.size() + at->value.size());
      TRY_ASSIGN(Step step, visit(txn, *at));
      if (!step.seek.empty()) {
        resume = std::move(step.seek);
        resumed = false;
      }
      if (over(began)) return true;
      if (resumed) {
        TRY_ASSIGN(at, cursor.next());
      } else {
        TRY_ASSIGN(at, cursor.seek(resume));
      }
    }
    return false;
  });
}

Status Scan::walk(Table table, const Visit& visit, bool again) {
  std::string resume;
  bool resumed = false;
  for (;;) {
    const auto more = walk_slice(table, visit, again, resume, resumed);
    if (!more.ok() && more.error().code == Errc::Corrupt) {
      add(Problem::Unreadable, table, resumed ? "after " + hex_key(resume) : "at its beginning", more.error().text);
      return base::ok();
    }
    if (!more.ok()) return more.error();
    if (!*more) return base::ok();
    progress(table);
  }
}

}  // namespace hearthmail::store::maintenance
