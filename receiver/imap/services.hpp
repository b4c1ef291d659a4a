// The IMAP service: what its sessions need, and its entry.
//
//   imap::Services services{mail, authenticator, workers, clock, hostname, spool_dir, max_message_octets};
//   const auto session = [&](net::Loop& loop, std::unique_ptr<net::Stream> stream) {
//     return imap::serve_imap(loop, std::move(stream), services);
//   };
//   Listener::open(main_loop, loops, endpoint, {"imap", TlsMode::StartTls, &tls, ...}, session);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/auth/authenticator.hpp"
#include "common/base/clock.hpp"
#include "common/base/disk_reserve.hpp"
#include "common/base/quota.hpp"
#include "common/base/task.hpp"
#include "common/net/loop.hpp"
#include "common/net/stream.hpp"
#include "common/net/workers.hpp"
#include "receiver/imap/account_directory.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::receiver::imap {

// How many messages one command may be done for (RFC 9738 §3); 0: any number.
struct MessageLimit {
  std::uint32_t all = 0;    // MESSAGELIMIT: of every command that the RFC names
  std::uint32_t saves = 0;  // SAVELIMIT: of COPY and APPEND alone
  std::uint32_t of_saves() const { return all != 0 ? all : saves; }
};

// Borrowed by every session; main builds it once and keeps it until the last session has ended. Its parts are
// thread-safe, so the sessions of all loops share one.
struct Services {
  store::mail::Store& mail;
  auth::Authenticator& authenticator;
  net::Workers& workers;
  const base::Clock& clock;
  std::string hostname;                        // in the greeting
  std::string spool_dir;                       // made on demand; a large APPEND waits there
  std::uint64_t max_message_octets = 0;        // APPENDLIMIT
  base::DiskReserve* disk = nullptr;           // asked before APPEND and COPY; none: nobody is refused for it
  bool clear_login_on_loopback = false;        // peers on this machine may log in without TLS
  const AccountDirectory* accounts = nullptr;  // for shared mailboxes; none: nobody has any

  // An account's limits (RFC 9208), on any thread; none: nobody has any.
  std::function<base::Result<base::Quota>(base::AccountId)> quota = {};
  MessageLimit message_limit = {};

  base::Result<base::Quota> quota_of(base::AccountId account) const {
    return quota ? quota(account) : base::Result<base::Quota>(base::Quota{});
  }
  // Errors: Unavailable.
  base::Status check_room(std::uint64_t octets) const { return disk == nullptr ? base::ok() : disk->check(octets); }
};

// Serves one client from the greeting to the end of its connection. Never fails; closes the stream itself. Passwords are
// taken inside TLS only: on a stream that is not TLS yet, LOGIN is disabled and STARTTLS is offered if it can be done.
// The one exception is clear_login_on_loopback, for peers of 127.0.0.0/8 and ::1.
base::Task<void> serve_imap(net::Loop& loop, std::unique_ptr<net::Stream> stream, const Services& services);

}  // namespace hearthmail::receiver::imap
