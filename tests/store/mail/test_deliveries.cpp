// What the store remembers of our relay's deliveries.
#include "store/mail/deliveries.hpp"

#include "store/mail/tables.hpp"
#include "tests/store/mail/fixture.hpp"

namespace hearthmail::store::mail {

namespace {

constexpr base::UnixTime kNow = 1'800'000'000;

std::string id(char octet) { return std::string(base::kDeliveryIdOctets, octet); }

struct DeliveriesFixture : Fixture {
  bool known(const std::string& delivery, AccountId account) {
    return read([&](const ReadTxn& txn) { return was_delivered(txn, delivery, account); });
  }
  void note(const std::string& delivery, AccountId account, base::UnixTime now = kNow) {
    write([&](WriteTxn& txn) { return note_delivered(txn, delivery, account, now); });
  }
  bool old(base::UnixTime upto) {
    return read([&](const ReadTxn& txn) { return has_old_deliveries(txn, upto); });
  }
  std::size_t forget(base::UnixTime upto, std::size_t most) {
    return write([&](WriteTxn& txn) { return forget_deliveries(txn, upto, most); });
  }
};

}  // namespace

TEST_CASE_METHOD(DeliveriesFixture, "a delivery is known to its account only, also after a restart") {
  CHECK_FALSE(known(id('a'), kAnn));
  note(id('a'), kAnn);
  open();
  CHECK(known(id('a'), kAnn));
  CHECK_FALSE(known(id('a'), kBob));
  CHECK_FALSE(known(id('b'), kAnn));
}

TEST_CASE_METHOD(DeliveriesFixture, "what is no id is refused") {
  CHECK(refused([](WriteTxn& txn) { return note_delivered(txn, "short", kAnn, kNow); }) == base::Errc::Invalid);
}

TEST_CASE_METHOD(DeliveriesFixture, "a job that fails notes nothing") {
  refused([](WriteTxn& txn) -> base::Status {
    TRY(note_delivered(txn, id('a'), kAnn, kNow));
    return base::Error{base::Errc::Unavailable, "the append failed"};
  });
  CHECK_FALSE(known(id('a'), kAnn));
}

TEST_CASE_METHOD(DeliveriesFixture, "the oldest are forgotten first, in small jobs, and the younger stay") {
  CHECK_FALSE(old(kNow));
  for (int i = 0; i < 5; ++i) note(id(static_cast<char>('z' - i)), kAnn, kNow + i);
  CHECK_FALSE(old(kNow - 1));
  CHECK(old(kNow));
  CHECK(forget(kNow + 3, 3) == 3);
  CHECK_FALSE(known(id('z'), kAnn));
  CHECK_FALSE(known(id('x'), kAnn));
  CHECK(known(id('w'), kAnn));
  CHECK(forget(kNow + 3, 3) == 1);
  CHECK(forget(kNow + 3, 3) == 0);
  CHECK_FALSE(old(kNow + 3));
  CHECK(known(id('v'), kAnn));
  CHECK(entries(kDeliveries.index) == 1);
  CHECK(entries(kDeliveryTimes.index) == 1);
}

TEST_CASE_METHOD(DeliveriesFixture, "a row of the index that is wrong takes no younger note with it") {
  note(id('a'), kAnn, kNow + 100);
  write([](WriteTxn& txn) -> base::Status {
    TRY(txn.put(kDeliveryTimes, delivery_time_key(5, delivery_key(id('a'), kAnn)), ""));
    return txn.put(kDeliveryTimes, "no key", "");
  });
  write([](WriteTxn& txn) { return txn.put(kDeliveryTimes, std::string(40, '\0'), ""); });
  CHECK(forget(kNow, 10) == 2);
  CHECK(known(id('a'), kAnn));
}

}  // namespace hearthmail::store::mail
