// Every figure, in the order of the table.
#include "tests/bench/runner.hpp"

namespace hearthmail::bench {

std::vector<Figure> all_figures() {
  std::vector<Figure> all;
  for (const auto& more : {lmtp_figures, inbound_figures, submission_figures, append_figures, login_figures,
                           fetch_figures, store_figures, copy_figures, search_figures, idle_figures, pop3_figures,
                           memory_figures, start_figures, disk_figures, relay_figures}) {
    const std::vector<Figure> figures = more();
    all.insert(all.end(), figures.begin(), figures.end());
  }
  return all;
}

}  // namespace hearthmail::bench
