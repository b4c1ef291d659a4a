#include "tests/bench/figures/outgoing.hpp"

namespace hearthmail::bench {

using base::Result;
using base::Status;

Status hold_for(Server& server, const Sink& sink) {
  TRY(server.stop());
  TRY(server.relay_to(sink.endpoint()));
  TRY(server.hold_deliveries());
  return server.clear();
}

Result<SmtpClient> open_submission(const Server& server, std::size_t client) {
  const Endpoint& door = server.services().submission;
  TRY_ASSIGN(auto opened, SmtpClient::open(door, SmtpClient::Dialect::Smtp));
  if (door.login) TRY(opened.login(server.users()[client % server.users().size()]));
  return opened;
}

Pool own_letters(const Server& server, std::uint64_t seed, std::size_t count, std::size_t octets, std::size_t clients) {
  std::vector<Mail> mails = same_size(seed, count, octets);
  for (std::size_t i = 0; i < mails.size(); ++i) {
    std::string& text = mails[i].octets;
    const auto field = text.find("\r\nFrom: ") + 2;
    const auto end = text.find("\r\n", field);
    text.replace(field, end - field, "From: " + server.users()[i % clients % server.users().size()].address);
  }
  return Pool(std::move(mails));
}

Status submit(SmtpClient& client, const Server& server, std::size_t index, std::string_view octets) {
  const std::string& from = server.users()[index % server.users().size()].address;
  return client.send(from, {"friend@elsewhere.example"}, octets);
}

}  // namespace hearthmail::bench
