// Settings: the effective configuration of one run. Every member is one key; its TOML name, environment name, type, unit
// and default stand in one table (keys.cpp), from which `config reference` and the README are made.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/secret.hpp"

namespace hearthmail::config {

// One outbound route, HEARTHMAIL_RELAY_<NAME>_*.
struct Route {
  std::string name;  // lower case, [a-z0-9_]
  std::string url;   // smtps://host:465, smtp://host:587 (STARTTLS required), ses+https://region,
                     // mailgun+https://api.mailgun.net/domain, capture:
  std::string user;
  base::Secret password;
  std::string auth;      // "": best of what both know; plain, login, cram-md5, scram-sha-256, none
  std::string tls;       // "verify" (default); "none" only with a loopback host, loud in the log
  std::string ca_file;   // "": the system's trust store
  std::string endpoint;  // HTTP APIs: base URL instead of the provider's own; https, or http with a loopback host
  std::uint64_t max_octets = 0;       // 0: what the peer says
  std::uint32_t max_recipients = 50;  // per transaction
  std::uint32_t connections = 4;      // at once
};

struct Settings {
  std::string config_file;  // which file was read, "" for none
  std::string hostname;     // our name in EHLO, Received, Message-ID
  std::string data_dir;     // accounts/ mail/ queue/ spool/ below it
  std::string run_dir;      // sockets, pid and port files; default data_dir/run
  std::string log_level = "info";
  std::string log_format = "auto";  // auto, human, json
  std::string tls_certificate;      // PEM; default data_dir/tls/certificate.pem
  std::string tls_key;              // PEM; default data_dir/tls/key.pem
  std::uint32_t loops = 0;          // threads of the receiver; 0: one per core
  std::uint32_t workers = 0;        // 0: one per core
  std::uint64_t max_message_octets = 50ULL * 1024 * 1024;
  std::uint64_t disk_reserve =
      0;  // octets that new mail leaves free; 0: by the disk's size, common/base/disk_reserve.hpp
  std::string login_in_clear = "never";  // never, or loopback: IMAP and POP3 peers on this machine need no TLS

  // Listeners: "host:port", "[v6]:port", port 0 lets the kernel choose; an empty list switches one off.
  std::vector<std::string> smtp_listen{"0.0.0.0:25", "[::]:25"};
  std::vector<std::string> imap_listen{"0.0.0.0:143", "[::]:143"};
  std::vector<std::string> imaps_listen{"0.0.0.0:993", "[::]:993"};
  std::uint32_t imap_message_limit = 0;  // messages of one IMAP command, RFC 9738; 0: any number
  std::uint32_t imap_save_limit = 0;     // of COPY and APPEND alone
  std::vector<std::string> pop3_listen{"0.0.0.0:110", "[::]:110"};
  std::vector<std::string> pop3s_listen{"0.0.0.0:995", "[::]:995"};
  std::vector<std::string> submission_listen{"0.0.0.0:587", "[::]:587"};
  std::vector<std::string> submissions_listen{"0.0.0.0:465", "[::]:465"};
  std::string lmtp_socket;  // default run_dir/lmtp.sock

  std::vector<std::string> relay_routes;  // names in order of preference
  std::vector<Route> routes;              // same order
  std::chrono::seconds queue_lifetime{std::chrono::hours(24 * 5)};
  std::chrono::seconds delay_notice{std::chrono::hours(4)};
  std::chrono::seconds in_doubt_hold{std::chrono::minutes(15)};
};

// "host:port", "[v6]:port". An empty list switches a listener off.
}  // namespace hearthmail::config
