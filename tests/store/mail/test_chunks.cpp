#include "store/mail/chunks.hpp"

#include "store/body/body.hpp"
#include "tests/store/mail/fixture.hpp"

using namespace hearthmail;
using namespace hearthmail::store::mail;
namespace body = hearthmail::store::body;

namespace {

// A chunk of exactly so many stored octets; what is in it matters only to its checksum.
std::string chunk_of(std::size_t octets) {
  std::string plain(octets - 9, '\0');  // checksum, kind; the length takes the rest
  std::uint32_t state = 1;
  for (char& c : plain) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  while (body::encode_chunks(plain).front().size() > octets) plain.pop_back();
  return body::encode_chunks(plain).front();
}

struct Chunks : Fixture {
  void put(std::size_t octets) {
    stored = chunk_of(octets);
    REQUIRE(stored.size() == octets);
    write([&](WriteTxn& txn) { return put_chunk(txn, 7, 3, stored); });
  }
  std::uint64_t rows() {
    return read([](const ReadTxn& txn) { return txn.entries(kChunks); });
  }
  // The chunk as it was put, or nothing when it is damaged.
  std::optional<std::string> back() {
    return read([&](const ReadTxn& txn) -> base::Result<std::optional<std::string>> {
      const auto key = chunk_key(7, 3);
      TRY_ASSIGN(const auto found, get_chunk(txn, key));
      if (!found || !body::view_chunk(*found, key, body::kChunkOctets).ok()) return std::optional<std::string>();
      return std::optional<std::string>(body::bind_chunk(*found, key));  // binding twice is not binding
    });
  }
  std::string piece(std::uint8_t number) {
    return std::string(std::string_view(chunk_key(7, 3))) + static_cast<char>(number);
  }
  std::string stored;
};

}  // namespace

TEST_CASE_METHOD(Chunks, "a chunk lies in whole pages, and in pieces beside other records") {
  struct Case {
    std::size_t octets, rows;
  };
  // Whole; two to six pieces; nearly a page; pages with a rest of none, one octet, much.
  const auto [octets, count] =
      GENERATE(Case{100, 1}, Case{1000, 1}, Case{1001, 2}, Case{1320, 2}, Case{1321, 3}, Case{2001, 4}, Case{3000, 5},
               Case{3400, 6}, Case{3401, 1}, Case{4079, 1}, Case{4080, 1}, Case{4081, 2}, Case{7480, 7}, Case{7481, 1},
               Case{8176, 1}, Case{9000, 3}, Case{64'000, 5});
  put(octets);
  CHECK(rows() == count);
  CHECK(back() == stored);
  write([](WriteTxn& txn) { return put_chunk(txn, 7, 4, chunk_of(3000)); });  // the next one does not run into it
  write([](WriteTxn& txn) { return put_chunk(txn, 8, 0, chunk_of(3000)); });
  CHECK(back() == stored);
}

TEST_CASE_METHOD(Chunks, "a chunk that lies whole, as format 1 had all of them, is read whatever its length") {
  const std::size_t octets = GENERATE(1000u, 2500u, 4080u, 5000u, 8176u);
  stored = chunk_of(octets);
  const auto key = chunk_key(7, 3);
  write([&](WriteTxn& txn) { return txn.put(kChunks, key, body::bind_chunk(stored, key)); });
  CHECK(back() == stored);
}

TEST_CASE_METHOD(Chunks, "a chunk in pieces of 1,000, as format 2 cut them, is read whatever its length") {
  const std::size_t octets = GENERATE(2001u, 3000u, 3400u);
  stored = chunk_of(octets);
  const auto key = chunk_key(7, 3);
  const std::string bound = body::bind_chunk(stored, key);
  for (std::size_t at = 0; at < octets; at += 1000) {
    const std::string part = bound.substr(at, 1000);
    const std::string where =
        at == 0 ? std::string(std::string_view(key)) : piece(static_cast<std::uint8_t>(at / 1000));
    write([&](WriteTxn& txn) { return txn.put(kChunks, where, part); });
  }
  CHECK(back() == stored);
}

TEST_CASE_METHOD(Chunks, "a piece that is missing, damaged or too many never gives wrong octets") {
  put(5500);  // a page and three pieces
  REQUIRE(rows() == 4);
  SECTION("missing") {
    const std::uint8_t number = GENERATE(std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3});
    write([&](WriteTxn& txn) { return txn.erase(kChunks, piece(number)); });
  }
  SECTION("damaged") {
    write([&](WriteTxn& txn) { return txn.put(kChunks, piece(2), "something else"); });
  }
  SECTION("longer") {
    write([&](WriteTxn& txn) { return txn.put(kChunks, piece(2), std::string(1000, 'x')); });
  }
  CHECK_FALSE(back().has_value());
}

TEST_CASE_METHOD(Chunks, "a body of many chunks comes back, and goes with all its pieces") {
  std::string text = "Subject: x\r\n\r\n";
  std::uint32_t state = 5;
  while (text.size() < 200'000) text += static_cast<char>('a' + ((state = state * 1664525 + 1013904223) >> 27));
  const auto added = add(inbox, text);
  const auto message = read([&](const ReadTxn& txn) { return find_message(txn, inbox, added.uid); });
  REQUIRE(message.has_value());
  CHECK(rows() > 4);
  CHECK(read([&](const ReadTxn& txn) { return read_body(txn, message->blob, 0, text.size()); }) == text);
  CHECK(read([&](const ReadTxn& txn) { return read_body(txn, message->blob, 65'530, 70'000); }) ==
        text.substr(65'530, 70'000));
  write([&](WriteTxn& txn) { return expunge(txn, inbox, std::vector<Uid>{added.uid}, false); });
  write([](WriteTxn& txn) { return collect_garbage(txn, 4'000'000'000, 1'000'000); });
  CHECK(rows() == 0);
}
