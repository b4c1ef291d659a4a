// hearthmail status: are the daemons up, where do they listen, does mail wait, is a route paused, is the disk full?
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/base/clock.hpp"
#include "common/base/disk_reserve.hpp"
#include "common/process/ready_file.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/queue_text.hpp"
#include "deploy/cli/text_table.hpp"

namespace hearthmail::cli {

using base::Result;
namespace queue = store::queue;

namespace {

struct DaemonState {
  std::string name;
  std::optional<process::ReadyFile> ready;  // nullopt: not running
};

bool is_alive(pid_t pid) { return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM); }

std::vector<DaemonState> daemon_states(const config::Settings& settings) {
  std::vector<DaemonState> states;
  for (const char* name : {"hearthmail-receiver", "hearthmail-submission", "hearthmail-relay"}) {
    DaemonState state{name, {}};
    auto file = process::read_ready_file(settings.run_dir, name);
    if (file.ok() && is_alive(file->pid)) state.ready = std::move(*file);
    states.push_back(std::move(state));
  }
  return states;
}

std::string ports_in_words(const DaemonState& state) {
  if (!state.ready) return "down";
  std::string out = "up";
  for (const auto& [service, port] : state.ready->ports) out += ", " + service + " on " + std::to_string(port);
  return out;
}

nlohmann::ordered_json daemons_json(const std::vector<DaemonState>& states) {
  auto out = nlohmann::ordered_json::array();
  for (const DaemonState& state : states) {
    nlohmann::ordered_json one{{"name", state.name}, {"up", state.ready.has_value()}};
    one["pid"] = state.ready ? nlohmann::ordered_json(state.ready->pid) : nlohmann::ordered_json(nullptr);
    one["ports"] = nlohmann::ordered_json::object();
    if (state.ready) {
      for (const auto& [service, port] : state.ready->ports) one["ports"][service] = port;
    }
    out.push_back(std::move(one));
  }
  return out;
}

struct DiskState {
  base::DiskSpace space;
  std::uint64_t reserve = 0;
  bool full() const { return space.free < reserve; }
};

// Nothing when the disk cannot be asked.
std::optional<DiskState> disk_state(const config::Settings& settings) {
  const auto space = base::measure_disk(settings.data_dir + "/.");
  if (!space) return std::nullopt;
  return DiskState{*space, settings.disk_reserve != 0 ? settings.disk_reserve : base::reserve_for(space->octets)};
}

nlohmann::ordered_json disk_json(const std::optional<DiskState>& disk) {
  if (!disk) return nullptr;
  return {
      {"octets", disk->space.octets}, {"free", disk->space.free}, {"reserve", disk->reserve}, {"full", disk->full()}};
}

std::string disk_in_words(const std::optional<DiskState>& disk) {
  if (!disk) return "";
  constexpr std::uint64_t kMebi = 1024 * 1024;
  std::string out = "disk: " + std::to_string(disk->space.free / kMebi) + " MiB free, " +
                    std::to_string(disk->reserve / kMebi) + " MiB are kept in reserve\n";
  if (disk->full())
    out += "The disk is FULL: new mail is refused for now (452). Free some space; no restart is needed.\n";
  return out;
}

std::string status_in_words(const std::vector<DaemonState>& daemons, std::uint64_t queued,
                            const std::vector<RouteState>& routes, const std::optional<DiskState>& disk) {
  TextTable table({"DAEMON", "PID", "STATE"});
  for (const DaemonState& state : daemons) {
    table.add({state.name, state.ready ? std::to_string(state.ready->pid) : "-", ports_in_words(state)});
  }
  std::string out = table.str();
  if (std::any_of(daemons.begin(), daemons.end(), [](const DaemonState& state) { return !state.ready; })) {
    out += "A daemon is down: no mail passes it. Start all with `hearthmail up`; if that runs, its log says why.\n";
  }
  out += "\n" + disk_in_words(disk) + "queue: ";
  if (queued == 0) out += "empty\n";
  else out += std::to_string(queued) + (queued == 1 ? " entry" : " entries") + " (hearthmail queue list)\n";
  if (routes.empty()) return out + "routes: none is configured; outgoing mail waits in the queue\n";
  bool paused = false;
  for (const RouteState& route : routes) paused = paused || route.pause != nullptr;
  return out + (paused ? "routes:\n" + routes_in_words(routes, base::Clock::system().now())
                       : "routes: " + std::to_string(routes.size()) + ", none paused\n");
}

struct Answer {
  std::string text;
  bool all_up = true;
};

Result<Answer> status(const Context& context) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_queue(loaded.settings));
  TRY_ASSIGN(const auto queued, store->env().read([](const queue::ReadTxn& txn) { return queue::count(txn); }));
  TRY_ASSIGN(const auto pauses, store->env().read([](const queue::ReadTxn& txn) { return queue::list_pauses(txn); }));
  const auto routes = route_states(loaded.settings, pauses);
  const auto daemons = daemon_states(loaded.settings);
  const auto disk = disk_state(loaded.settings);
  Answer answer;
  for (const DaemonState& state : daemons) answer.all_up = answer.all_up && state.ready.has_value();
  answer.text = context.json ? json_text({{"daemons", daemons_json(daemons)},
                                          {"disk", disk_json(disk)},
                                          {"queue", {{"entries", queued}}},
                                          {"routes", routes_json(routes)}})
                             : status_in_words(daemons, queued, routes, disk);
  return answer;
}

int run(const Context& context) {
  const auto answer = status(context);
  if (!answer.ok()) return report(answer.error());
  print(answer->text);
  return answer->all_up ? kOk : kFailed;
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto* command =
      add_command(app, context, "status", "Show the daemons, their ports, the disk, the queue and the routes",
                  [&context] { return run(context); });
  command->footer("Exits with 1 when a daemon is down.");
  add_json(command, context);
}

}  // namespace hearthmail::cli
