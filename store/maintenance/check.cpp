#include "store/maintenance/check.hpp"

#include <unistd.h>

#include "store/maintenance/scan.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// False: LMDB's pages are damaged, which is a finding, and no table is walked over them.
Result<bool> pages_fit(lmdb::Env& env, const std::string& environment, Report& report) {
  const auto lost = env.check_pages();
  if (lost.ok()) {
    if (*lost > 0) {
      report.notes.push_back(environment + ": " + std::to_string(*lost) + " pages are neither used nor free; no harm");
    }
    return true;
  }
  if (lost.error().code != Errc::Corrupt) return lost.error();
  add_finding(report, {Problem::Unopenable, environment, "", "data.mdb", lost.error().text, {}});
  return false;
}

Status check_into(const Opened& stores, const CheckOptions& options, Report& report) {
  const auto looked_at = [&report](auto* store, const std::string& environment) -> Result<bool> {
    if (store == nullptr) return false;
    return pages_fit(store->env(), environment, report);
  };
  TRY_ASSIGN(const bool accounts, looked_at(stores.accounts, "accounts"));
  TRY_ASSIGN(const bool mail, looked_at(stores.mail, "mail"));
  TRY_ASSIGN(const bool queue, looked_at(stores.queue, "queue"));
  if (accounts) TRY(check_accounts(*stores.accounts, options, report));
  if (mail) TRY(check_mail(*stores.mail, accounts ? stores.accounts : nullptr, options, report));
  if (queue) TRY(check_queue(*stores.queue, options, report));
  return base::ok();
}

// Opens one environment. A file that is damaged is a finding, and nullptr.
template <class Store>
Result<std::unique_ptr<Store>> open(const std::string& directory, const std::string& environment, Report& report) {
  if (access((directory + "/data.mdb").c_str(), F_OK) != 0) {
    if (environment == "accounts") return Error{Errc::NotFound, "there is no database in " + directory};
    report.notes.push_back("there is no " + environment + " database yet");  // made when it is first needed
    return std::unique_ptr<Store>();
  }
  auto opened = Store::open(directory, lmdb::Misplaced::Leave);  // what it would put back is a finding
  if (opened.ok() || opened.error().code != Errc::Corrupt) return opened;
  add_finding(report, {Problem::Unopenable, environment, "", directory, opened.error().text, {}});
  return std::unique_ptr<Store>();
}

}  // namespace

Result<Report> check(const Opened& stores, const CheckOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  Report report;
  TRY(check_into(stores, options, report));
  report.seconds = seconds_since(began);
  return report;
}

Result<Report> check(const std::string& data_directory, const CheckOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  Report report;
  TRY_ASSIGN(const auto accounts, open<accounts::Store>(data_directory + "/accounts", "accounts", report));
  TRY_ASSIGN(const auto mail, open<mail::Store>(data_directory + "/mail", "mail", report));
  TRY_ASSIGN(const auto queue, open<queue::Store>(data_directory + "/queue", "queue", report));
  TRY(check_into({accounts.get(), mail.get(), queue.get()}, options, report));
  report.seconds = seconds_since(began);
  return report;
}

}  // namespace hearthmail::store::maintenance
