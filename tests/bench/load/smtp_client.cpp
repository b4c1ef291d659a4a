#include "tests/bench/load/smtp_client.hpp"

#include "common/base/text.hpp"

namespace hearthmail::bench {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

std::string dot_stuffed(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() + 16);
  if (octets.starts_with('.')) out += '.';
  while (true) {
    const auto dot = octets.find("\n.");
    if (dot == std::string_view::npos) break;
    out.append(octets.substr(0, dot + 2));
    out += '.';
    octets.remove_prefix(dot + 2);
  }
  return out.append(octets);
}

Result<SmtpClient> SmtpClient::open(const Endpoint& endpoint, Dialect dialect) {
  TRY_ASSIGN(auto connection, Connection::open(endpoint));
  SmtpClient client(std::move(connection), dialect);
  TRY(client.reply('2'));
  TRY(client.hello());
  return client;
}

Status SmtpClient::hello() {
  TRY(connection_->write(dialect_ == Dialect::Lmtp ? "LHLO client.example\r\n" : "EHLO client.example\r\n"));
  offered_.clear();
  while (true) {
    TRY_ASSIGN(const auto line, connection_->line());
    if (line.size() < 4 || line[0] != '2') return Error{Errc::Protocol, "EHLO: " + std::string(line)};
    offered_.push_back(base::upper(line.substr(4)));
    if (line[3] != '-') return base::ok();
  }
}

bool SmtpClient::offers(std::string_view extension) const {
  for (const auto& line : offered_) {
    if (std::string_view(line).substr(0, line.find(' ')) == extension) return true;
  }
  return false;
}

Status SmtpClient::reply(char digit) {
  while (true) {
    TRY_ASSIGN(const auto line, connection_->line());
    if (line.size() < 3 || line[0] != digit) return Error{Errc::Protocol, "the server answered " + std::string(line)};
    if (line.size() == 3 || line[3] != '-') return base::ok();
  }
}

Status SmtpClient::start_tls(const std::string& certificate) {
  TRY(connection_->write("STARTTLS\r\n"));
  TRY(reply('2'));
  TRY(connection_->start_tls(certificate));
  return hello();
}

Status SmtpClient::login(const User& user) {
  const auto response = base::base64(std::string(1, '\0') + user.address + std::string(1, '\0') + user.password);
  TRY(connection_->write("AUTH PLAIN " + response + "\r\n"));
  return reply('2');
}

Status SmtpClient::send(std::string_view from, const std::vector<std::string>& to, std::string_view octets) {
  const bool pipelined = offers("PIPELINING");
  std::vector<std::string> commands;
  commands.push_back("MAIL FROM:<" + std::string(from) + ">\r\n");
  for (const auto& recipient : to) commands.push_back("RCPT TO:<" + recipient + ">\r\n");
  commands.push_back("DATA\r\n");
  if (pipelined) TRY(connection_->write(base::join(commands, "")));
  for (const auto& command : commands) {
    if (!pipelined) TRY(connection_->write(command));
    TRY(reply(command == "DATA\r\n" ? '3' : '2'));
  }
  std::string stuffed;
  if (octets.starts_with('.') || octets.find("\n.") != std::string_view::npos) {
    stuffed = dot_stuffed(octets);
    octets = stuffed;
  }
  TRY(connection_->write_all({octets, ".\r\n"}));
  const std::size_t replies = dialect_ == Dialect::Lmtp ? to.size() : 1;
  for (std::size_t i = 0; i < replies; ++i) TRY(reply('2'));
  return base::ok();
}

Status SmtpClient::quit() {
  TRY(connection_->write("QUIT\r\n"));
  TRY(reply('2'));
  connection_->close();
  return base::ok();
}

}  // namespace hearthmail::bench
