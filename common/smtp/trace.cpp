#include "common/smtp/trace.hpp"

namespace hearthmail::smtp {
namespace {

// TCP-info, RFC 5321 §4.4: the address as a literal (§4.1.3). A unix socket has none.
std::string tcp_info(const std::string& address) {
  if (address.empty() || address == "unix") return {};
  if (address.find(':') != std::string::npos) return " ([IPv6:" + address + "])";
  return " ([" + address + "])";
}

std::string from_clause(const ClientInfo& client) {
  return "from " + client.hello + tcp_info(client.peer.address) + "\r\n\t";
}

}  // namespace

std::string protocol_word(Dialect dialect, const ClientInfo& client, bool smtputf8) {
  if (!client.extended) return "SMTP";
  std::string word = dialect == Dialect::Lmtp ? "LMTP" : "SMTP";
  if (smtputf8) {
    word = "UTF8" + word;
  } else if (dialect != Dialect::Lmtp) {
    word = "E" + word;
  }
  if (client.tls.active) word += 'S';
  if (client.account) word += 'A';
  return word;
}

std::string received_field(const ServerOptions& options, const ClientInfo& client, const Transaction& transaction,
                           base::UnixTime now) {
  std::string out = "Received: ";
  if (options.dialect != Dialect::Submission) out += from_clause(client);
  out += "by " + options.hostname;
  out += options.dialect == Dialect::Submission ? " (Hearthmail, authenticated client)" : " (Hearthmail)";
  out += "\r\n\twith " + protocol_word(options.dialect, client, transaction.parameters.smtputf8);
  if (client.tls.active) out += " (" + client.tls.version + " " + client.tls.cipher + ")";
  out += "\r\n\tid " + transaction.id;
  const bool single = transaction.recipients.size() == 1;
  if (single && options.dialect != Dialect::Submission) {
    out += "\r\n\tfor <" + transaction.recipients.front().address.str() + ">";
  }
  return out + ";\r\n\t" + base::rfc5322_date(now) + "\r\n";
}

std::string return_path_field(const Path& reverse_path) { return "Return-Path: <" + reverse_path.str() + ">\r\n"; }

}  // namespace hearthmail::smtp
