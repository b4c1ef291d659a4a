// hearthmail queue list|show|retry|hold|delete
#include <unistd.h>

#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "common/base/clock.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/queue_text.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::QueueId;
using base::Result;
using base::Status;
using base::UnixTime;
namespace queue = store::queue;

namespace {

constexpr std::size_t kListed = 1'000;             // entries that `queue list` shows without --all
constexpr std::uint64_t kHeaderShown = 1U << 20U;  // octets, as much of a header as is ever parsed (limits.md)

struct Options {
  std::vector<std::uint64_t> ids;
  bool all = false;
  bool body = false;
  bool yes = false;
};

UnixTime now() { return base::Clock::system().now(); }

Result<std::string> list(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_queue(loaded.settings));
  const bool whole = options.all || context.json;  // a program cannot see that something was left out
  const std::size_t most = whole ? std::numeric_limits<std::size_t>::max() : kListed;
  TRY_ASSIGN(const auto entries, store->env().read([&](const queue::ReadTxn& txn) { return queue::list(txn, most); }));
  TRY_ASSIGN(const auto total, store->env().read([](const queue::ReadTxn& txn) { return queue::count(txn); }));
  if (context.json) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& entry : entries) out.push_back(entry_json(entry));
    return json_text(out);
  }
  std::string said = queue_in_words(entries, now());
  TRY_ASSIGN(const auto damaged, store->env().read([](const queue::ReadTxn& txn) { return queue::list_damaged(txn); }));
  for (const QueueId id : damaged) {
    said += "entry " + std::to_string(id.value) + " is damaged and is not sent; `hearthmail check` says what to do\n";
  }
  if (total > entries.size()) {
    said += "... and " + std::to_string(total - entries.size()) + " newer ones; --all shows them\n";
  }
  return said;
}

Error no_entry(std::uint64_t id) {
  return {Errc::NotFound, "no queue entry " + std::to_string(id) +
                              ": it was delivered, bounced or deleted.\n`hearthmail queue "
                              "list` shows what is there."};
}

Result<std::string> show(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_queue(loaded.settings));
  const QueueId id{options.ids.front()};
  TRY_ASSIGN(const auto entry, store->env().read([&](const queue::ReadTxn& txn) { return queue::find(txn, id); }));
  if (!entry) return no_entry(id.value);
  const std::uint64_t most = options.body ? entry->envelope.octets : kHeaderShown;
  TRY_ASSIGN(const auto message,
             store->env().read([&](const queue::ReadTxn& txn) { return queue::read_body(txn, id, 0, most); }));
  const std::string text(options.body ? message : header_of(message));
  if (context.json) {
    auto out = entry_json(*entry);
    out[options.body ? "message" : "header"] = text;
    return json_text(out);
  }
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  return entry_in_words(*entry, now()) + "\n" + (terminal ? for_terminal(text) : text);
}

// Applies one of the operator's steps to the entries that are named, or to all.
using Step = std::function<Status(queue::WriteTxn&, QueueId)>;

Result<std::string> each(const Context& context, const Options& options, const std::string& done, const Step& step) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_queue(loaded.settings));
  std::vector<std::uint64_t> ids = options.ids;
  if (options.all) {
    TRY_ASSIGN(const auto entries, store->env().read([](const queue::ReadTxn& txn) {
      return queue::list(txn, std::numeric_limits<std::size_t>::max());
    }));
    for (const auto& entry : entries) ids.push_back(entry.id.value);
  }
  std::string said;
  for (const std::uint64_t id : ids) {
    const auto status = store->env().write([&](queue::WriteTxn& txn) { return step(txn, QueueId{id}); });
    const bool gone = !status.ok() && status.error().code == Errc::NotFound;
    if (gone && options.all) continue;  // delivered meanwhile
    if (!status.ok()) {
      print(said);
      return gone ? no_entry(id) : status.error();
    }
    said += done + " " + std::to_string(id) + "\n";
  }
  ring_relay(loaded.settings);
  return said.empty() ? "nothing to do: the queue is empty\n" : said;
}

// Nobody is told of what is deleted, so all of it goes only after a yes: typed, or given as --yes.
Status sure_to_delete_all(const Options& options) {
  if (!options.all || options.yes) return base::ok();
  if (isatty(STDIN_FILENO) == 0) {
    return Error{Errc::Invalid,
                 "this deletes the whole queue and tells nobody; say --yes too, or name entries by their ID"};
  }
  std::fputs("This deletes the whole queue; nobody is told. Type \"yes\" to go on: ", stderr);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "yes") return base::ok();
  return Error{Errc::Invalid, "nothing was deleted"};
}

CLI::App* add_step(CLI::App& group, Context& context, const std::shared_ptr<Options>& options, const std::string& name,
                   const std::string& help, const std::string& done, Step step) {
  const auto run = [&context, options, name, done, step = std::move(step)] {
    if (options->ids.empty() != options->all) return report_usage("name the queue entries by their ID, or give --all");
    if (name == "delete") {
      const auto sure = sure_to_delete_all(*options);
      if (!sure.ok()) return report_usage(sure.error().text);
    }
    return finish(each(context, *options, done, step));
  };
  auto* command = add_command(group, context, name, help, run);
  command->add_option("ID", options->ids, "Queue ids, as `queue list` shows them");
  command->add_flag("--all", options->all, "All entries");
  return command;
}

}  // namespace

void add_queue(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* group = add_group(app, "queue", "Outgoing mail that is not delivered yet",
                              "Examples:\n"
                              "  hearthmail queue list\n"
                              "  hearthmail queue show 42 --body\n"
                              "  hearthmail queue retry --all      # after the smarthost is back\n"
                              "  hearthmail queue hold 42; hearthmail queue delete 42\n\n"
                              "A mail stays here until the next hop has accepted it for every recipient, or until\n"
                              "queue.lifetime is over and the sender was told. A paused route (hearthmail route list)\n"
                              "keeps its mail here too.");
  auto* list_all =
      add_command(*group, context, "list", "List the queue: who, to whom, why it waits, when it is tried again",
                  [&context, options] { return finish(list(context, *options)); });
  list_all->add_flag("--all", options->all, "More than the oldest 1,000; --json has all of them always");
  add_json(list_all, context);
  auto* show_one = add_command(*group, context, "show", "Show one entry with the header of its message",
                               [&context, options] { return finish(show(context, *options)); });
  show_one->add_option("ID", options->ids, "The queue id")->required()->expected(1);
  show_one->add_flag("--body", options->body, "The whole message");
  add_json(show_one, context);
  add_step(*group, context, options, "retry", "Try again now; also ends a hold",
           "will be tried now:", [](queue::WriteTxn& txn, QueueId id) { return queue::retry_now(txn, id, now()); });
  add_step(*group, context, options, "hold", "Keep entries from being sent until `queue retry`",
           "on hold:", [](queue::WriteTxn& txn, QueueId id) { return queue::hold(txn, id); });
  auto* drop = add_step(*group, context, options, "delete", "Delete entries; nobody is told",
                        "deleted:", [](queue::WriteTxn& txn, QueueId id) { return queue::remove(txn, id); });
  drop->add_flag("--yes", options->yes, "With --all: do not ask");
}

}  // namespace hearthmail::cli
