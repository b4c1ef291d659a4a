// hearthmail domain add|remove|list|catch-all
#include <nlohmann/json.hpp>

#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/text_table.hpp"

namespace hearthmail::cli {

using base::Result;
namespace accounts = store::accounts;

namespace {

struct Options {
  std::string domain;
  std::string address;
  bool none = false;
};

Result<std::string> add(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY(store->env().write([&](store::lmdb::WriteTxn& txn) { return accounts::add_domain(txn, options.domain); }));
  return "added domain " + options.domain + "\nNext: add an account (hearthmail user add you@" + options.domain +
         "), and let the domain's MX record name this machine.\n";
}

Result<std::string> remove(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY(store->env().write([&](store::lmdb::WriteTxn& txn) { return accounts::remove_domain(txn, options.domain); }));
  return "removed domain " + options.domain + "; mail to it is refused from now on\n";
}

Result<std::string> catch_all(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY(store->env().write(
      [&](store::lmdb::WriteTxn& txn) { return accounts::set_catch_all(txn, options.domain, options.address); }));
  if (options.none) return options.domain + ": unknown addresses are refused\n";
  return options.domain + ": unknown addresses go to " + options.address + "\n";
}

Result<std::string> list(const Context& context) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY_ASSIGN(const auto all,
             store->env().read([](const accounts::ReadTxn& txn) { return accounts::list_domains(txn); }));
  if (context.json) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& domain : all) out.push_back({{"name", domain.name}, {"catch_all", domain.catch_all}});
    return json_text(out);
  }
  if (all.empty()) return std::string("no domains yet; add one: hearthmail domain add your.domain\n");
  TextTable table({"DOMAIN", "CATCH-ALL"});
  for (const auto& domain : all) table.add({domain.name, domain.catch_all.empty() ? "-" : domain.catch_all});
  return table.str();
}

void add_catch_all(CLI::App& group, Context& context, const std::shared_ptr<Options>& options) {
  const auto run = [&context, options] {
    if (options->none == !options->address.empty()) return report_usage("catch-all: give an ADDRESS or --none");
    return finish(catch_all(context, *options));
  };
  auto* command = add_command(group, context, "catch-all", "Say who gets mail to unknown addresses of a domain", run);
  command->add_option("DOMAIN", options->domain, "One of our domains")->required();
  command->add_option("ADDRESS", options->address, "An account or alias of ours");
  command->add_flag("--none", options->none, "Refuse unknown addresses again");
}

}  // namespace

void add_domain(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* group = add_group(app, "domain", "Domains whose mail is kept here",
                              "Examples:\n"
                              "  hearthmail domain add example.org\n"
                              "  hearthmail domain catch-all example.org anna@example.org\n"
                              "  hearthmail domain catch-all example.org --none\n\n"
                              "Names may be written in any script; they are kept in their DNS form (xn--...).");
  auto* add_one = add_command(*group, context, "add", "Add a domain",
                              [&context, options] { return finish(add(context, *options)); });
  auto* drop = add_command(*group, context, "remove", "Remove a domain that no account or alias uses",
                           [&context, options] { return finish(remove(context, *options)); });
  for (auto* command : {add_one, drop}) command->add_option("DOMAIN", options->domain, "The domain")->required();
  add_catch_all(*group, context, options);
  add_json(add_command(*group, context, "list", "List the domains", [&context] { return finish(list(context)); }),
           context);
}

}  // namespace hearthmail::cli
