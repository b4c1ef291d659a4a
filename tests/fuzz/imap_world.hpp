// A mail store with two users for sessions under fuzzing: one of them types what the fuzzer makes up, of the other nothing may
// ever be seen or changed. The store lies in memory where there is /dev/shm: it is opened anew every few hundred runs.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/auth/authenticator.hpp"
#include "receiver/imap/services.hpp"
#include "store/mail/mail.hpp"

namespace hearthmail::fuzz {

// In every name, field and text that belongs to the other user, and in nothing else.
constexpr std::string_view kCanary = "quagga";

class ImapWorld : private receiver::imap::AccountDirectory {
 public:
  ImapWorld();
  ~ImapWorld() override;
  ImapWorld(const ImapWorld&) = delete;
  ImapWorld& operator=(const ImapWorld&) = delete;

  // A new account with three messages in INBOX and one in Sent, which anna@example.test logs in to from now on (password "pw").
  void next_user();
  // What the other user has: the counters of every mailbox, in one line.
  std::string other_user() const;
  const receiver::imap::Services& services() const { return *services_; }

 private:
  base::Result<std::optional<auth::Credential>> credential(std::string_view login) const;
  base::Result<std::optional<Entry>> find(std::string_view address) const override;
  base::Result<std::optional<std::string>> address_of(base::AccountId account) const override;
  void deliver(base::AccountId account, std::string_view mailbox, std::string_view message, std::uint8_t flags);

  std::string directory_;
  base::AccountId anna_{1};
  base::ManualClock clock_{1'700'000'000};
  net::Workers workers_{1, 16};
  auth::Authenticator authenticator_;
  std::unique_ptr<store::mail::Store> mail_;
  std::unique_ptr<receiver::imap::Services> services_;
};

}  // namespace hearthmail::fuzz
