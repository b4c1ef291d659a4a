// Two users for the tests of shared mailboxes: anna, who owns, and bert, to whom she gives rights.
#pragma once

#include <string>
#include <string_view>

#include "store/mail/acl.hpp"
#include "tests/receiver/imap/fixture.hpp"

namespace hearthmail::test {

inline const std::string kPlans = "Shared/anna@example.test/Plans";  // as bert sees it

class SharedFixture : public ImapFixture {
 public:
  static constexpr base::AccountId kAnna{7}, kBert{8}, kCarl{9};
  // Anna has Plans with one message (UID 1), which nobody else may see yet; bert has his mailboxes.
  SharedFixture();

  // What bert may do with anna's `name` from now on.
  void grant(std::string_view rights, std::string_view name = "Plans", base::AccountId who = kBert);
  void make(const std::string& name);
  // Everything that both accounts have: mailboxes, messages with their flags, lists.
  std::string everything();
};

struct Bert : ImapClient {
  explicit Bert(ImapFixture& fixture, std::size_t step = 4096) : ImapClient(fixture, {step, true, true}) {
    talk("login LOGIN bert@example.test secret\r\n");
  }
};
struct Anna : ImapClient {
  explicit Anna(ImapFixture& fixture, std::size_t step = 4096) : ImapClient(fixture, {step, true, true}) { login(); }
};

// The tagged line of `answer`, without the tag.
std::string tagged(const std::string& answer, std::string_view tag);

}  // namespace hearthmail::test
