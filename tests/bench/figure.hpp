// What a benchmark is made of: a server under load (ours or a peer's), a figure that is measured on each of them in the
// same run, and what one measurement returns. A figure never decides anything: it does the work, verifies every octet that
// comes back, and says how long it took and what the machine was busy with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace hearthmail::bench {

// Where one service listens: a TCP port on 127.0.0.1, or a unix socket when `path` is set.
struct Endpoint {
  std::uint16_t port = 0;
  std::string path;
  bool tls = false;         // from the first octet
  std::string certificate;  // PEM that a client trusts when it uses TLS; it names localhost
  bool login = false;       // wants AUTH (submission)
  bool offered() const { return port != 0 || !path.empty(); }
};

struct User {
  std::string address;
  std::string password;
};

// What a server program offers. A figure that needs a service the server lacks is not run on it.
struct Services {
  Endpoint lmtp;
  Endpoint smtp;        // inbound, port 25's service
  Endpoint submission;  // `tls` and `login` say what the server insists on
  Endpoint imap;
  Endpoint imaps;
  Endpoint pop3;
};

// One running server, in a directory of its own with durable settings. Started and stopped by the runner; a figure may
// restart it (cold start). Not thread-safe.
class Server {
 public:
  virtual ~Server() = default;
  virtual const std::string& name() const = 0;     // "hearthmail", "dovecot", "postfix-discard" ...
  virtual const std::string& version() const = 0;  // as the program prints it
  virtual base::Status start() = 0;                // returns when every service answers
  virtual base::Status stop() = 0;                 // returns when every process has ended
  virtual const Services& services() const = 0;
  virtual const std::vector<User>& users() const = 0;  // at least 64, all with a login and an empty INBOX
  // Takes all mail out of every account and queue, for a figure that needs an empty store. It runs before and after.
  virtual base::Status clear() = 0;
  // All processes of the server that run now, for memory and CPU.
  virtual std::vector<int> processes() const = 0;
  // Octets that the stored mail takes on the disk now (blocks, not lengths).
  virtual base::Result<std::uint64_t> disk_octets() const = 0;
  // Only servers that send mail on, others answer Unsupported. From the next start() on, mail for strangers goes to
  // `next_hop` (a port of 127.0.0.1; with `tls` from the first octet, certificate not looked at or trusted).
  virtual base::Status relay_to(const Endpoint& next_hop);
  // Accepted mail stays in the queue until release_deliveries(). Both while it runs.
  virtual base::Status hold_deliveries();
  virtual base::Status release_deliveries();
};

// One measurement. `value` is in the figure's unit.
struct Measure {
  double value = 0;
  double generator_share = 0;  // CPU seconds of the generator per second and core of the machine, 0 to 1
  double server_share = 0;     // the same for the server's processes
  std::string limit;           // what held it back, in words, where the figure knows
};

enum class Better { More, Less };

struct Options {
  bool quick = false;       // smaller doses, for a look and for CI: same code
  std::size_t repeats = 3;  // measurements per figure and server; the median counts
  std::uint64_t seed = 1;
  std::string directory;  // for what a figure itself keeps on disk; removed after the run
};

// What ours must reach: a ratio to the peer's median (More: ours / peer's, Less: peer's / ours), or, when `absolute` is
// set, a bound in the figure's own unit. 0: no target.
struct Target {
  double ratio = 0;
  double absolute = 0;
};

struct Figure {
  std::string name;  // "lmtp-4k-8", unique, what --only takes (a prefix is enough)
  std::string work;  // one line for the table
  std::string unit;  // "msg/s", "ms", "KiB"
  Better better = Better::More;
  std::string peer;               // whom ours is compared with: "dovecot", "postfix-discard" ...; empty: nobody
  std::vector<std::string> also;  // further servers that are measured in the same run, without a target
  Target target;
  // Fills the store with what the figure needs (not measured); called once per server before the measurements.
  std::function<base::Status(Server&, const Options&)> prepare;
  std::function<base::Result<Measure>(Server&, const Options&)> measure;
};

// One function per file of figures; the runner calls them all, in the order of the table.
std::vector<Figure> lmtp_figures();
std::vector<Figure> inbound_figures();
std::vector<Figure> submission_figures();
std::vector<Figure> append_figures();
std::vector<Figure> login_figures();
std::vector<Figure> fetch_figures();
std::vector<Figure> store_figures();
std::vector<Figure> copy_figures();
std::vector<Figure> search_figures();
std::vector<Figure> idle_figures();
std::vector<Figure> pop3_figures();
std::vector<Figure> memory_figures();
std::vector<Figure> start_figures();
std::vector<Figure> disk_figures();
std::vector<Figure> relay_figures();

}  // namespace hearthmail::bench
