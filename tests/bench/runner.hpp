// Runs figures: ours and the peers in turn, as often as asked, and keeps what came out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/figure.hpp"
#include "tests/bench/machine.hpp"
#include "tests/bench/servers/servers.hpp"

namespace hearthmail::bench {

constexpr const char* kOurs = "hearthmail";

// All measurements of one figure on one server.
struct Series {
  std::vector<Measure> measures;
  double median() const;
  double least() const;
  double most() const;
  // Of the measure in the middle.
  const Measure& typical() const;
};

enum class Verdict { NoTarget, Pass, Miss, Failed };

struct Row {
  Figure figure;
  std::map<std::string, Series> series;  // by server
  std::string error;                     // why it failed; empty when it did not
  std::optional<double> ratio() const;   // how many times better ours is than the peer
  Verdict verdict() const;
};

struct Report {
  Machine machine;
  std::vector<MachineLimit> limits;
  std::map<std::string, std::string> versions;  // by server
  std::vector<Row> rows;
  Options options;
  double seconds = 0;
};

// All figures in the order of the table.
std::vector<Figure> all_figures();
// Those whose name begins with one of `names`; all when it is empty.
std::vector<Figure> pick_figures(const std::vector<std::string>& names);

// Starts servers as figures need them and stops them after the last one that does. A figure that fails is written down
// and the next one goes on. Tells its progress on standard error.
class Runner {
 public:
  Runner(Workshop workshop, Options options) : workshop_(std::move(workshop)), options_(std::move(options)) {}
  ~Runner();
  base::Result<Report> run(const std::vector<Figure>& figures);

 private:
  base::Result<Server*> server(const std::string& name);
  base::Status run_figure(Row& row);
  base::Status measure(Row& row, const std::string& name, std::size_t round);
  void stop_all();

  Workshop workshop_;
  Options options_;
  std::map<std::string, std::unique_ptr<Server>> servers_;
  std::map<std::string, bool> running_;
};

}  // namespace hearthmail::bench
