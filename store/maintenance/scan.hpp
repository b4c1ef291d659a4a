// Walks tables in short snapshots and keeps the report. Private to store/maintenance.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/lmdb/env.hpp"
#include "store/maintenance/check.hpp"

namespace hearthmail::store::maintenance {

using lmdb::KeyValue;
using lmdb::ReadTxn;
using lmdb::Table;

// Where a walk goes on: at the next record, or at the first one at or after `seek`.
struct Step {
  std::string seek;
};
using Visit = std::function<base::Result<Step>(const ReadTxn&, const KeyValue&)>;

class Scan {
 public:
  Scan(lmdb::Env& env, std::string environment, std::vector<std::string> tables, const CheckOptions& options,
       Report& report);

  // Visits the table's records in order, counting them unless `again`. A visit that fails with Corrupt or a walk that LMDB
  // refuses is a finding and ends the table; other errors are returned.
  base::Status walk(Table table, const Visit& visit, bool again = false);

  lmdb::Env& env() { return env_; }
  void count(Table table, std::size_t octets, std::uint64_t records = 1);
  void add(Problem problem, Table table, std::string key, std::string what, std::string_view raw_key = {});
  void note(std::string text) { report_.notes.push_back(std::move(text)); }
  void progress(Table table);
  // A snapshot that began at `began` has to end.
  bool over(std::chrono::steady_clock::time_point began) const {
    return std::chrono::steady_clock::now() - began >= options_.slice;
  }

 private:
  base::Result<bool> walk_slice(Table table, const Visit& visit, bool again, std::string& resume, bool& resumed);

  lmdb::Env& env_;
  std::string environment_;
  std::vector<std::string> tables_;
  const CheckOptions& options_;
  Report& report_;
  std::size_t first_;  // of our tables in the report
  std::map<std::uint32_t, std::uint64_t> expected_;
};

// Adds to the report; keeps the first kMaxFindings.
void add_finding(Report& report, Finding finding);

// The parts of the check.
base::Status check_accounts(accounts::Store& store, const CheckOptions& options, Report& report);
base::Status check_mail(mail::Store& store, accounts::Store* accounts, const CheckOptions& options, Report& report);
base::Status check_queue(queue::Store& store, const CheckOptions& options, Report& report);

std::string quoted(std::string_view octets);   // fit for a line
std::string hex_key(std::string_view octets);  // of a key that cannot be read

}  // namespace hearthmail::store::maintenance
