#include "tests/bench/load/pop3_client.hpp"

#include "common/base/text.hpp"

namespace hearthmail::bench {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

Result<Pop3Client> Pop3Client::open(const Endpoint& endpoint, const User& user) {
  TRY_ASSIGN(auto connection, Connection::open(endpoint));
  Pop3Client client(std::move(connection));
  TRY(client.ok_line());
  TRY(client.connection_->write("USER " + user.address + "\r\n"));
  TRY(client.ok_line());
  TRY(client.connection_->write("PASS " + user.password + "\r\n"));
  TRY(client.ok_line());
  TRY(client.connection_->write("STAT\r\n"));
  TRY_ASSIGN(const auto stat, client.ok_line());
  const auto words = base::split_words(stat);
  const auto count = words.size() > 1 ? base::parse_u64(words[1]) : std::nullopt;
  if (!count.has_value()) return Error{Errc::Protocol, "STAT: " + stat};
  client.messages_ = *count;
  return client;
}

Result<std::string> Pop3Client::ok_line() {
  TRY_ASSIGN(const auto line, connection_->line());
  if (!line.starts_with("+OK")) return Error{Errc::Protocol, "the server answered " + std::string(line)};
  return std::string(line);
}

// The letters have no line that begins with a dot, so what comes is what was stored (RFC 1939 §3).
Status Pop3Client::take(const Mail& mail) {
  TRY_ASSIGN(const auto line, connection_->line());
  if (!line.starts_with("+OK")) return Error{Errc::Protocol, "RETR: " + std::string(line)};
  TRY(connection_->expect(mail.octets));
  return connection_->expect(".\r\n");
}

Status Pop3Client::retrieve_in_lock_step(std::span<const Mail> mails) {
  for (std::size_t i = 0; i < mails.size(); ++i) {
    TRY(connection_->write("RETR " + std::to_string(i + 1) + "\r\n"));
    TRY(take(mails[i]));
  }
  return base::ok();
}

Status Pop3Client::retrieve_pipelined(std::span<const Mail> mails, std::size_t window) {
  std::size_t asked = 0;
  for (std::size_t i = 0; i < mails.size(); ++i) {
    if (asked - i <= window / 2) {
      std::string commands;
      for (; asked < mails.size() && asked - i < window; ++asked)
        commands += "RETR " + std::to_string(asked + 1) + "\r\n";
      if (!commands.empty()) TRY(connection_->write(commands));
    }
    TRY(take(mails[i]));
  }
  return base::ok();
}

Status Pop3Client::quit() {
  TRY(connection_->write("QUIT\r\n"));
  auto answer = ok_line();
  connection_->close();
  return answer.ok() ? base::ok() : Status(answer.error());
}

}  // namespace hearthmail::bench
