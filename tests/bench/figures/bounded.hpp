// Figures of which less is better and whose target is a bound of their own unit, beside Dovecot.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "tests/bench/figure.hpp"

namespace hearthmail::bench {

inline Figure bounded(std::string name, std::string work, std::string unit, double most,
                      std::function<base::Result<Measure>(Server&, const Options&)> measure) {
  Figure figure;
  figure.name = std::move(name);
  figure.work = std::move(work);
  figure.unit = std::move(unit);
  figure.better = Better::Less;
  figure.peer = "dovecot";
  figure.target.absolute = most;
  figure.measure = std::move(measure);
  return figure;
}

}  // namespace hearthmail::bench
