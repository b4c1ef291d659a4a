// hearthmail route list|pause|resume
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/clock.hpp"
#include "common/base/text.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/queue_text.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
namespace queue = store::queue;

namespace {

struct Options {
  std::string route;
  std::string reason;
};

Result<std::vector<queue::RoutePause>> pauses_in(queue::Store& store) {
  return store.env().read([](const queue::ReadTxn& txn) { return queue::list_pauses(txn); });
}

// NotFound with the nearest name, unless the route is configured or paused.
Status must_know(const std::string& name, const std::vector<RouteState>& routes) {
  std::vector<std::string> names;
  for (const auto& route : routes) names.push_back(route.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return base::ok();
  const auto meant = base::nearest(name, names);
  std::string text = "no route " + base::printable(name, 60);
  if (names.empty())
    return Error{Errc::NotFound, text + ": none is configured; set relay.routes and relay.<route>.url."};
  if (meant) text += "; did you mean " + *meant + "?";
  return Error{Errc::NotFound, text + "\n`hearthmail route list` shows them."};
}

Result<std::string> list(const Context& context) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_queue(loaded.settings));
  TRY_ASSIGN(const auto pauses, pauses_in(*store));
  const auto routes = route_states(loaded.settings, pauses);
  if (context.json) return json_text(routes_json(routes));
  return routes_in_words(routes, base::Clock::system().now());
}

Result<std::string> pause(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_queue(loaded.settings));
  TRY_ASSIGN(const auto pauses, pauses_in(*store));
  TRY(must_know(options.route, route_states(loaded.settings, pauses)));
  queue::RoutePause wanted;
  wanted.route = options.route;
  wanted.reason = options.reason.empty() ? "paused with `hearthmail route pause`" : options.reason;
  wanted.since = base::Clock::system().now();
  wanted.by_operator = true;
  TRY(store->env().write([&](queue::WriteTxn& txn) { return queue::pause_route(txn, wanted); }));
  ring_relay(loaded.settings);
  return "route " + options.route +
         " is paused; its mail takes another route or waits until `hearthmail route resume " + options.route + "`\n";
}

Result<std::string> resume(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_queue(loaded.settings));
  TRY_ASSIGN(const auto pauses, pauses_in(*store));
  TRY(must_know(options.route, route_states(loaded.settings, pauses)));
  const bool paused =
      std::any_of(pauses.begin(), pauses.end(), [&](const auto& one) { return one.route == options.route; });
  if (!paused) return "route " + options.route + " was not paused\n";
  TRY(store->env().write([&](queue::WriteTxn& txn) { return queue::resume_route(txn, options.route); }));
  ring_relay(loaded.settings);
  return "route " + options.route + " is active again; mail that waited for it is sent now\n";
}

}  // namespace

void add_route(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* group =
      add_group(app, "route", "The ways that outgoing mail takes: smarthosts and mail APIs",
                "Examples:\n"
                "  hearthmail route list\n"
                "  hearthmail route pause main --reason \"moving to another provider\"\n"
                "  hearthmail route resume main\n\n"
                "The relay pauses a route by itself when the fault is the route's and not the mail's: a wrong\n"
                "password, no TLS, a used-up quota. It tries again later; resume makes it try now.");
  add_json(add_command(*group, context, "list", "List the routes in order of preference, with their pauses and reasons",
                       [&context] { return finish(list(context)); }),
           context);
  auto* stop = add_command(*group, context, "pause", "Use a route no more until it is resumed",
                           [&context, options] { return finish(pause(context, *options)); });
  auto* go = add_command(*group, context, "resume", "Use a paused route again, now",
                         [&context, options] { return finish(resume(context, *options)); });
  for (auto* command : {stop, go}) command->add_option("ROUTE", options->route, "The route's name")->required();
  stop->add_option("--reason", options->reason, "Why, for `route list`");
}

}  // namespace hearthmail::cli
