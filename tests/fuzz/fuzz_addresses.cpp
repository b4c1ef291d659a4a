// Address lists and dates of header fields.
#include "common/mime/addresses.hpp"
#include "common/mime/date.hpp"
#include "tests/fuzz/target.hpp"

namespace hearthmail::fuzz {

std::vector<std::string> fuzz_seeds() {
  return {"John Doe <jdoe@machine.example>",
          "\"Joe Q. Public\" <john.q.public@example.com>, jdoe@example.org (Jane)",
          "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
          "Undisclosed recipients:;",
          "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
          "<@a.test,@b.test:c@d.test>",
          "\"a \\\"b\\\"\"@[192.0.2.1]",
          "J\xC3\xB6rg <j\xC3\xB6rg@x.test>",
          "Fri, 21 Nov 1997 09:55:06 -0600 (CST)",
          "21 Nov 97 09:55 EDT",
          "Mon Nov 23 18:38:50 2026",
          "Monday, 23-Nov-26 18:38:50 GMT"};
}

std::vector<std::string> fuzz_dictionary() {
  return {"\"",
          "\\",
          "(",
          ")",
          "<",
          ">",
          "@",
          ",",
          ":",
          ";",
          "[",
          "]",
          ".",
          " ",
          "\t",
          "\r\n ",
          "=?utf-8?Q?a?=",
          "<@a,@b:",
          "group:",
          "a@b",
          std::string(1, '\0'),
          "\x80",
          "Jan",
          "Feb 29",
          "2000",
          "23:59:60",
          "+9999",
          "-0000"};
}

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using hearthmail::mime::ListedAddress;
  const std::string_view value = hearthmail::fuzz::as_text(octets, count);
  std::size_t mailboxes = 0;
  bool in_group = false;
  for (const ListedAddress& address : hearthmail::mime::parse_address_list(value)) {
    FUZZ_CHECK(address.name.size() <= 2 * count && address.local.size() <= 2 * count && address.domain.size() <= count);
    FUZZ_CHECK(address.domain.find_first_of("\r\n") == std::string::npos);
    if (address.kind == ListedAddress::Kind::Mailbox) {
      ++mailboxes;
    } else {
      FUZZ_CHECK(in_group == (address.kind == ListedAddress::Kind::GroupEnd));
      in_group = !in_group;
    }
  }
  FUZZ_CHECK(!in_group && mailboxes <= hearthmail::mime::kMaxAddresses);
  if (const auto date = hearthmail::mime::parse_date(value)) {
    FUZZ_CHECK(date->zone_minutes > -6000 && date->zone_minutes < 6000);
    const std::int64_t local = date->time + date->zone_minutes * 60;
    FUZZ_CHECK(local >= date->day * 86'400 && local <= (date->day + 1) * 86'400);
  }
  return 0;
}
