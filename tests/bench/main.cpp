// hearthmail-bench: Hearthmail and its peers side by side. `tests/bench/run` builds and starts it.
//
// Two processes: the first makes the run's directory, starts the second, which measures, and afterwards (also on Ctrl-C, and
// when the second one dies) ends every server that is left and removes the directory.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "common/crypto/tls.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/servers/scratch.hpp"

using namespace hearthmail;
using namespace hearthmail::bench;

namespace {

constexpr const char* kHelp =
    R"(usage: tests/bench/run [--quick] [--only NAME]... [--json FILE] [--markdown FILE] [--list]
                       [--repeats N] [--dir DIR] [--seed N]

Measures Hearthmail and, side by side in the same run, what people would pick instead: Dovecot (mdbox) and Postfix from
Debian, with durable settings and without limits that an expert would lift. Every octet that comes back is compared with
what was sent. Each figure is measured at least three times on each server, in turn; the median counts.

  --quick          small doses: everything in about three minutes, for a look and for CI; the ratios are rough
  --only NAME      only figures whose name begins with NAME; may be given several times
  --list           the figures, their targets and peers, and nothing more
  --json FILE      everything that was measured, for programs
  --markdown FILE  the table as it stands in tests/bench/README.md
  --repeats N      measurements per figure and server (3; 1 is allowed for a look)
  --seed N         of the letters that are sent (1)
  --dir DIR        where the servers keep their files (/var/tmp): a real disk, or nothing is durable and nothing compares
  --programs DIR   Hearthmail's programs (where this program lies)

Needs root: Postfix and Dovecot drop to users of their own. Everything listens on 127.0.0.1 and is ended and removed at
the end, also on Ctrl-C. Exit code: 0 when everything ran and every octet was right, 1 when a figure failed, 2 for a
wrong command line. A missed target is written into the table, it is no failure.
)";

struct CommandLine {
  Options options;
  std::vector<std::string> only;
  std::string json, markdown, programs, directory = "/var/tmp";
  bool list = false;
};

[[noreturn]] void usage_error(const std::string& what) {
  std::fprintf(stderr, "hearthmail-bench: %s; see --help\n", what.c_str());
  std::exit(2);
}

std::uint64_t number_from(const std::string& text) {
  char* end = nullptr;
  const auto value = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') usage_error("'" + text + "' is not a number");
  return value;
}

CommandLine parse(int argc, char** argv) {
  CommandLine line;
  line.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) usage_error(option + " wants a value");
      return argv[++i];
    };
    if (option == "--help" || option == "-h") {
      std::fputs(kHelp, stdout);
      std::exit(0);
    } else if (option == "--quick") line.options.quick = true;
    else if (option == "--list") line.list = true;
    else if (option == "--only") line.only.push_back(value());
    else if (option == "--json") line.json = value();
    else if (option == "--markdown") line.markdown = value();
    else if (option == "--repeats") line.options.repeats = number_from(value());
    else if (option == "--seed") line.options.seed = number_from(value());
    else if (option == "--dir") line.directory = std::filesystem::absolute(value()).string();
    else if (option == "--programs") line.programs = std::filesystem::absolute(value()).string();
    else usage_error("unknown option " + option);
  }
  if (line.options.repeats == 0) usage_error("--repeats must be at least 1");
  return line;
}

int list(const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) {
    std::string peers = figure.peer.empty() ? "nobody" : figure.peer;
    for (const std::string& also : figure.also) peers += ", " + also;
    std::printf("%-22s %s\n%22s target %s, beside %s\n", figure.name.c_str(), figure.work.c_str(), "",
                target_text(figure).c_str(), peers.c_str());
  }
  return 0;
}

base::Status keep(const std::string& file, const std::string& text) {
  return file.empty() ? base::ok() : write_file(file, text);
}

base::Result<int> measure(const CommandLine& line, const std::vector<Figure>& figures, const std::string& directory) {
  Workshop workshop{directory, line.programs, directory + "/certificate.pem", directory + "/key.pem"};
  constexpr int kDays = 2;
  TRY(crypto::write_self_signed(workshop.certificate, workshop.key, "localhost", kDays));
  Options options = line.options;
  options.directory = directory;
  Runner runner(workshop, options);
  TRY_ASSIGN(const Report report, runner.run(figures));
  TRY(keep(line.json, to_json(report)));
  TRY(keep(line.markdown, to_markdown(report)));
  std::printf("%s\n%s\n", to_markdown(report).c_str(), verdict_line(report).c_str());
  for (const Row& row : report.rows) {
    if (row.verdict() == Verdict::Failed) return 1;
  }
  return 0;
}

int work(const CommandLine& line, const std::vector<Figure>& figures, const std::string& directory) {
  const auto done = measure(line, figures, directory);
  if (done.ok()) return *done;
  std::fprintf(stderr, "hearthmail-bench: %s\n", done.error().text.c_str());
  return 1;
}

// The servers that a worker left behind have become children of this process (PR_SET_CHILD_SUBREAPER).
void end_descendants() {
  const auto everybody = [] {
    auto all = process_tree(::getpid());
    all.erase(all.begin());
    return all;
  };
  for (int round = 0; round < 3; ++round) {
    for (const int pid : everybody()) ::kill(pid, round == 0 ? SIGTERM : SIGKILL);
    for (int i = 0; i < 200 && !everybody().empty(); ++i) {
      while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
      ::usleep(10'000);
    }
  }
}

// Waits for the worker or a signal; returns the exit code.
int watch(pid_t worker, const sigset_t& signals) {
  for (;;) {
    int status = 0;
    const int signal = ::sigwaitinfo(&signals, nullptr);
    // Also servers' processes whose parents have ended.
    for (pid_t ended = 1; signal == SIGCHLD && ended > 0;) {
      ended = ::waitpid(-1, &status, WNOHANG);
      if (ended == worker) return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    if (signal > 0 && signal != SIGCHLD) {
      std::fprintf(stderr, "\nstopping: ending the servers and removing their files\n");
      ::kill(worker, SIGKILL);
      return 128 + signal;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine line = parse(argc, argv);
  const auto figures = pick_figures(line.only);
  if (figures.empty()) usage_error("no figure has such a name, --list shows them");
  if (line.list) return list(figures);
  if (::geteuid() != 0) usage_error("needs root, because Postfix and Dovecot drop to users of their own");
  ::signal(SIGPIPE, SIG_IGN);
  std::string directory = line.directory + "/hearthmail-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr || ::chmod(directory.c_str(), 0755) != 0)
    usage_error("cannot make a directory in " + line.directory);
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int one : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&signals, one);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t worker = ::fork();
  if (worker == 0) {
    ::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
    const int code = work(line, figures, directory);
    std::fflush(nullptr);
    ::_exit(code);
  }
  const int code = watch(worker, signals);
  end_descendants();
  const auto removed = remove_tree(directory);
  if (!removed.ok()) std::fprintf(stderr, "hearthmail-bench: %s\n", removed.error().text.c_str());
  return code;
}
