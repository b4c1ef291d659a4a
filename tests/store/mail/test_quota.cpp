#include "store/mail/quota.hpp"

#include "tests/store/mail/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::store::mail;

namespace {
base::Quota limits(std::optional<std::uint64_t> octets, std::optional<std::uint64_t> messages) {
  return {octets, messages};
}
}  // namespace

TEST_CASE_METHOD(Fixture, "usage is what all mailboxes of the account hold, RFC 9208 3", "[quota]") {
  const auto used = [this](AccountId account) { return read([&](const ReadTxn& txn) { return usage(txn, account); }); };
  CHECK(used(kAnn) == Usage{0, 0});
  CHECK(used(kBob) == Usage{0, 0});
  const auto first = add(inbox, "12345");
  add(inbox, "12345");  // the same body counts again: the limit is on what the owner sees
  add(trash, "123");
  CHECK(used(kAnn) == Usage{13, 3});
  const std::vector<Uid> one{first.uid};
  write([&](WriteTxn& txn) { return copy(txn, inbox, one, trash); });
  CHECK(used(kAnn) == Usage{18, 4});
  write([&](WriteTxn& txn) { return move(txn, inbox, one, trash); });
  CHECK(used(kAnn) == Usage{18, 4});
  write([&](WriteTxn& txn) { return expunge(txn, inbox, std::vector<Uid>{Uid{2}}, false); });
  CHECK(used(kAnn) == Usage{13, 3});
  write([&](WriteTxn& txn) { return delete_mailbox(txn, trash); });
  CHECK(used(kAnn) == Usage{0, 0});
  CHECK(used(kBob) == Usage{0, 0});
}

TEST_CASE("there is room up to the limit and not an octet or a message more, RFC 9208 4.3", "[quota]") {
  CHECK(check_room({90, 5}, limits({}, {}), {1'000'000, 1000}).ok());
  CHECK(check_room({90, 5}, limits(100, {}), {10, 1}).ok());
  CHECK(check_room({90, 5}, limits(100, {}), {11, 1}).error().code == base::Errc::OverLimit);
  CHECK(check_room({90, 5}, limits({}, 6), {11, 1}).ok());
  CHECK(check_room({90, 5}, limits({}, 6), {11, 2}).error().code == base::Errc::OverLimit);
  CHECK(check_room({200, 5}, limits(100, {}), {1, 0}).error().code == base::Errc::OverLimit);
  CHECK(check_room({200, 5}, limits(100, {}), {0, 1}).ok());
  CHECK(check_room({1, 1}, limits(0, 0), {0, 0}).ok());
  CHECK(check_room({1, 1}, limits(~std::uint64_t{0}, {}), {~std::uint64_t{0}, 0}).error().code ==
        base::Errc::OverLimit);
}

TEST_CASE_METHOD(Fixture, "a guarded transaction may change what is over the limit, not make it more", "[quota]") {
  add(inbox, std::string(100, 'a'));
  const auto guarded = [this](const base::Quota& quota, const std::string& arrives, bool removes) {
    const PreparedBody body = prepare_body(arrives, "summary");
    return store->env().write([&](WriteTxn& txn) -> base::Status {
      TRY_ASSIGN(const auto guard, QuotaGuard::begin(txn, kAnn, quota));
      Arrival arrival;
      arrival.body = &body;
      TRY_ASSIGN(const auto list, list_uids(txn, inbox));
      TRY(append(txn, inbox, arrival));
      if (removes) TRY(expunge(txn, inbox, list, false));
      return guard.end(txn);
    });
  };
  CHECK(guarded(limits(150, {}), std::string(51, 'b'), false).error().code == base::Errc::OverLimit);
  CHECK(box(inbox).messages == 1);  // rolled back
  CHECK(guarded(limits(50, 1), std::string(101, 'b'), true).error().code == base::Errc::OverLimit);
  CHECK(guarded(limits(50, 1), std::string(99, 'b'), true).ok());
  CHECK(box(inbox).octets == 99);
  CHECK(guarded(limits(149, 2), std::string(50, 'c'), false).ok());
  CHECK(guarded({}, std::string(500, 'd'), false).ok());
}
