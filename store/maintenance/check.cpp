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

Status check_into(const Opened& stores, const CheckOptions& options, Report& report) {
  if (stores.accounts != nullptr) TRY(check_accounts(*stores.accounts, options, report));
  if (stores.mail != nullptr) TRY(check_mail(*stores.mail, stores.accounts, options, report));
  if (stores.queue != nullptr) TRY(check_queue(*stores.queue, options, report));
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
  auto opened = Store::open(directory);
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
