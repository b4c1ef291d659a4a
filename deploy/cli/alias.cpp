// hearthmail alias add|remove|list
#include <nlohmann/json.hpp>

#include "common/base/text.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/text_table.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Result;
namespace accounts = store::accounts;

namespace {

struct Options {
  std::string address;
  std::vector<std::string> targets;
};

Result<std::string> add(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  auto done = store->env().write(
      [&](store::lmdb::WriteTxn& txn) { return accounts::set_alias(txn, options.address, options.targets); });
  if (!done.ok() && done.error().code == Errc::Exists) {
    return Error{Errc::Exists, done.error().text + ", and has a mailbox of its own; choose another name for the alias"};
  }
  TRY(std::move(done));
  return options.address + " -> " + base::join(options.targets, ", ") + "\n";
}

Result<std::string> remove(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  auto done =
      store->env().write([&](store::lmdb::WriteTxn& txn) { return accounts::remove_alias(txn, options.address); });
  if (!done.ok() && done.error().code == Errc::NotFound) {
    return Error{Errc::NotFound, done.error().text + "; `hearthmail alias list` shows them"};
  }
  TRY(std::move(done));
  return "removed alias " + options.address + "\n";
}

Result<std::string> list(const Context& context) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY_ASSIGN(const auto all,
             store->env().read([](const accounts::ReadTxn& txn) { return accounts::list_aliases(txn); }));
  if (context.json) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& alias : all) out.push_back({{"address", alias.address}, {"targets", alias.targets}});
    return json_text(out);
  }
  if (all.empty()) return std::string("no aliases; add one: hearthmail alias add info@your.domain you@your.domain\n");
  TextTable table({"ADDRESS", "TARGETS"});
  for (const auto& alias : all) table.add({alias.address, base::join(alias.targets, ", ")});
  return table.str();
}

}  // namespace

void add_alias(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* group = add_group(app, "alias", "Further addresses of accounts",
                              "Examples:\n"
                              "  hearthmail alias add info@example.org anna@example.org\n"
                              "  hearthmail alias add family@example.org anna@example.org bert@example.org\n\n"
                              "Whoever receives an alias's mail may also send as it. anna+anything@ needs no alias.");
  auto* add_one = add_command(*group, context, "add", "Add an alias, or give it other targets",
                              [&context, options] { return finish(add(context, *options)); });
  auto* drop = add_command(*group, context, "remove", "Remove an alias",
                           [&context, options] { return finish(remove(context, *options)); });
  for (auto* command : {add_one, drop}) command->add_option("ADDRESS", options->address, "The alias")->required();
  add_one->add_option("TARGET", options->targets, "Local addresses that get its mail: accounts or other aliases")
      ->required();
  add_json(add_command(*group, context, "list", "List the aliases", [&context] { return finish(list(context)); }),
           context);
}

}  // namespace hearthmail::cli
