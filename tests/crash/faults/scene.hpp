// What the operations work on: a mail store and a queue with a little in them, the sessions' services, and a check.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/auth/authenticator.hpp"
#include "common/base/clock.hpp"
#include "common/net/workers.hpp"
#include "receiver/delivery/delivery.hpp"
#include "receiver/imap/services.hpp"
#include "relay/submission/policy.hpp"
#include "store/accounts/accounts.hpp"
#include "store/mail/mail.hpp"
#include "store/queue/queue.hpp"

namespace hearthmail::crash {

constexpr base::UnixTime kNow = 1'795'495'130;

// Opened in `directory`; anna@x.test and berta@x.test have the password "secret".
class Scene {
 public:
  explicit Scene(const std::string& directory);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  // Fills a new directory: accounts, three messages in Anna's INBOX, two entries in the queue, one of them claimed.
  static void make(const std::string& directory);
  // What is wrong with the stores; empty when nothing is.
  std::string check();

  // One dialog of a session: `before`, then `armed` once all of that was answered. What was answered to `armed`.
  std::string smtp(const std::string& armed, bool lmtp);
  std::string imap(const std::string& armed);
  std::string submit(const std::string& armed);

  std::vector<std::string> bodies(base::AccountId account, const std::string& mailbox);
  std::vector<store::queue::Entry> queued();
  std::uint8_t flags(std::uint32_t uid);
  bool fatal() const { return fatal_; }  // a commit failed and nobody knows what is on the disk

  std::unique_ptr<store::accounts::Store> people;
  std::unique_ptr<store::mail::Store> boxes;
  std::unique_ptr<store::queue::Store> outgoing;
  base::AccountId anna, berta;
  // Called when a session begins to read its armed input, and when all of it was answered.
  std::function<void()> begin, end;

 private:
  std::string directory_;
  base::ManualClock clock_{kNow};
  net::Workers workers_{1, 100};
  auth::Authenticator authenticator_;
  std::unique_ptr<receiver::delivery::Delivery> local_;
  std::unique_ptr<receiver::imap::Services> imap_;
  std::unique_ptr<relay::submission::Services> submission_;
  bool fatal_ = false;
};

// A message with this subject and so many octets of text that does not compress away.
std::string letter(const std::string& subject, std::size_t octets);

}  // namespace hearthmail::crash
