// Builds and checks images in worker processes: an image at which the store dies or hangs is a finding, not the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/crash/trace/image.hpp"
#include "tests/crash/trace/workload.hpp"

namespace hearthmail::crash {

struct CampaignOptions {
  std::string directory;  // for the images; in memory for speed
  std::uint64_t seed = 1;
  std::size_t images = 2000;
  std::size_t workers = 2;
  Barriers barriers = Barriers::All;
  bool acks_at_begin = false;
  std::size_t enough_bad = ~std::size_t{0};  // stop when so many are bad: a control needs one
  bool quiet = false;                        // a control's bad images are no news
  std::size_t only = ~std::size_t{0};        // build this one and keep it
};

struct CampaignResult {
  std::size_t images = 0;
  std::size_t bad = 0;
  std::size_t lost = 0, doubled = 0, altered = 0;
};

CampaignResult run_campaign(const Record& record, const CampaignOptions& options);

}  // namespace hearthmail::crash
