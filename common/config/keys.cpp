#include "common/config/keys.hpp"

#include "common/base/text.hpp"

namespace hearthmail::config {

const std::vector<Key<Settings>>& setting_keys() {
  using S = Settings;
  static const std::vector<Key<S>> keys{
      {"hostname", Kind::Hostname, &S::hostname, "the machine's full name",
       "Our name in EHLO, Received and Message-ID."},
      {"data_dir", Kind::Path, &S::data_dir, "/var/lib/hearthmail",
       "Everything that is kept: accounts, mail, queue, spool."},
      {"run_dir", Kind::Path, &S::run_dir, "data_dir/run",
       "Sockets, locks and the files that name the daemons' ports."},
      {"log.level",
       Kind::Choice,
       &S::log_level,
       "",
       "The least important events that are logged.",
       {"debug", "info", "warning", "error"}},
      {"log.format",
       Kind::Choice,
       &S::log_format,
       "",
       "Lines for people or JSON lines; auto: people on a terminal, JSON otherwise.",
       {"auto", "human", "json"}},
      {"tls.certificate", Kind::Path, &S::tls_certificate, "data_dir/tls/certificate.pem",
       "Certificate chain in PEM, loaded again when the file changes."},
      {"tls.key", Kind::Path, &S::tls_key, "data_dir/tls/key.pem", "The certificate's private key in PEM."},
      {"loops", Kind::Count, &S::loops, "one per core", "Threads that serve sessions."},
      {"workers", Kind::Count, &S::workers, "one per core", "Threads that hash passwords, compress and search."},
      {"max_message_size", Kind::Octets, &S::max_message_octets, "",
       "The largest message accepted anywhere, advertised by SIZE and APPENDLIMIT."},
      {"disk_reserve", Kind::Octets, &S::disk_reserve, "a twentieth of the disk, 8M to 2G",
       "Free disk that new mail must leave, so that deleting and sending go on when the disk is full."},
      {"smtp.listen", Kind::Endpoints, &S::smtp_listen, "",
       "Where mail from strangers comes in; empty switches it off."},
      {"imap.listen", Kind::Endpoints, &S::imap_listen, "", "IMAP with STARTTLS."},
      {"imap.listen_tls", Kind::Endpoints, &S::imaps_listen, "", "IMAP inside TLS from the first octet."},
      {"imap.message_limit", Kind::Count, &S::imap_message_limit, "",
       "The most messages for which one IMAP command is done (MESSAGELIMIT), at least 1000; 0: any number. Clients "
       "that "
       "do not know it see only the newest of a larger mailbox."},
      {"imap.save_limit", Kind::Count, &S::imap_save_limit, "",
       "The same for COPY and APPEND alone (SAVELIMIT), instead of imap.message_limit."},
      {"pop3.listen", Kind::Endpoints, &S::pop3_listen, "", "POP3 with STLS."},
      {"pop3.listen_tls", Kind::Endpoints, &S::pop3s_listen, "", "POP3 inside TLS from the first octet."},
      {"submission.listen", Kind::Endpoints, &S::submission_listen, "", "Submission by our own users, STARTTLS."},
      {"submission.listen_tls", Kind::Endpoints, &S::submissions_listen, "",
       "Submission inside TLS from the first octet."},
      {"login.in_clear",
       Kind::Choice,
       &S::login_in_clear,
       "",
       "Which IMAP and POP3 peers may log in without TLS: none, or those on this machine (a proxy that ends TLS, "
       "tests).",
       {"never", "loopback"}},
      {"lmtp.socket", Kind::Path, &S::lmtp_socket, "run_dir/lmtp.sock", "The unix socket of local delivery."},
      {"queue.lifetime", Kind::Duration, &S::queue_lifetime, "",
       "How long delivery is tried before the sender gets a bounce."},
      {"queue.delay_notice", Kind::Duration, &S::delay_notice, "", "When the sender is told that delivery is late."},
      {"queue.in_doubt_hold", Kind::Duration, &S::in_doubt_hold, "",
       "How long a message waits whose last octet was sent without an answer, before it is sent again."},
      {"relay.routes", Kind::Names, &S::relay_routes, "none",
       "The routes for outgoing mail, in order of preference; each has its own keys relay.<route>.*."},
  };
  return keys;
}

const std::vector<Key<Route>>& route_keys() {
  using R = Route;
  static const std::vector<Key<R>> keys{
      {"url", Kind::Text, &R::url, "required",
       "smtps://host:465, smtp://host:587 (STARTTLS required), ses+https://region, "
       "mailgun+https://api.mailgun.net/domain, or capture: (keeps everything in a local mailbox)."},
      {"user", Kind::Text, &R::user, "", "Login name; for SES the access key id."},
      {"password", Kind::SecretText, &R::password, "", "Password, API key or secret key."},
      {"auth",
       Kind::Choice,
       &R::auth,
       "the best that both sides know",
       "Pins the SMTP AUTH mechanism.",
       {"", "plain", "login", "cram-md5", "scram-sha-256", "none"}},
      {"tls",
       Kind::Choice,
       &R::tls,
       "verify",
       "verify, or none: plaintext, only to a loopback host.",
       {"", "verify", "none"}},
      {"ca_file", Kind::Path, &R::ca_file, "the system's trust store", "Trust only the certificates in this PEM file."},
      {"endpoint", Kind::Text, &R::endpoint, "the provider's own",
       "Base URL of the mail API instead of the provider's."},
      {"max_size", Kind::Octets, &R::max_octets, "what the peer says",
       "The largest message for this route; 0: what the peer says."},
      {"max_recipients", Kind::Count, &R::max_recipients, "", "Recipients in one transaction."},
      {"connections", Kind::Count, &R::connections, "", "Connections at once."},
  };
  return keys;
}

std::string environment_name(std::string_view key) {
  std::string name = "HEARTHMAIL_" + base::upper(key);
  for (auto& c : name) {
    if (c == '.') c = '_';
  }
  return name;
}

std::string route_key(std::string_view route, std::string_view name) {
  return "relay." + std::string(route) + "." + std::string(name);
}

}  // namespace hearthmail::config
