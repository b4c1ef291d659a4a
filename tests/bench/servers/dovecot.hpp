// Dovecot 2.3 on mdbox. Its own class is visible because Postfix delivers into it, too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/process/spawn.hpp"
#include "tests/bench/servers/servers.hpp"

namespace hearthmail::bench {

class Dovecot : public Server {
 public:
  // Below `directory`, which it makes.
  Dovecot(const Workshop& workshop, std::string directory);

  const std::string& name() const override { return name_; }
  const std::string& version() const override { return version_; }
  const Services& services() const override { return services_; }
  const std::vector<User>& users() const override { return users_; }
  base::Status start() override;
  base::Status stop() override;
  base::Status clear() override;
  std::vector<int> processes() const override;
  base::Result<std::uint64_t> disk_octets() const override;

 private:
  std::string configuration() const;
  base::Status set_up();
  base::Status start_master();

  std::string name_ = "dovecot";
  std::string root_, certificate_, key_, version_;
  std::vector<User> users_;
  Services services_;
  std::optional<process::Child> master_;
};

}  // namespace hearthmail::bench
