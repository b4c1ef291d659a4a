#include "store/body/body.hpp"

#include <random>

#include "common/base/text.hpp"
#include "store/body/base64_encode.hpp"
#include "store/body/base64_runs.hpp"
#include "store/body/checksum.hpp"

#include "tests/support/catch.hpp"

namespace hearthmail::store::body {

using base::Errc;

namespace {

std::string text(std::size_t octets) {
  std::string out;
  while (out.size() < octets) out += "line " + std::to_string(out.size()) + " of a letter\r\n";
  out.resize(octets);
  return out;
}

std::string noise(std::size_t octets) {
  std::mt19937 random(7);
  std::string out(octets, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

}  // namespace

TEST_CASE("chunks give back the same octets") {
  const std::size_t octets = GENERATE(0u, 1u, 100u, 65535u, 65536u, 65537u, 200000u);
  for (const std::string& plain : {text(octets), noise(octets)}) {
    const auto chunks = encode_chunks(plain);
    CHECK(chunks.size() == (octets + kChunkOctets - 1) / kChunkOctets);
    std::string back;
    for (const auto& chunk : chunks) {
      auto part = decode_chunk(chunk, "");
      REQUIRE(part.ok());
      back += *part;
    }
    CHECK(back == plain);
  }
}

TEST_CASE("text shrinks, noise is stored raw with little added") {
  CHECK(encode_chunks(text(60000))[0].size() < 30000);
  CHECK(encode_chunks(noise(60000))[0].size() <= 60000 + 12);
}

TEST_CASE("every single flipped bit of a chunk is noticed") {
  for (const std::string& plain : {text(300), noise(300)}) {
    const std::string chunk = encode_chunks(plain)[0];
    for (std::size_t bit = 0; bit < chunk.size() * 8; ++bit) {
      std::string bad = chunk;
      bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
      auto decoded = decode_chunk(bad, "");
      REQUIRE_FALSE(decoded.ok());
      CHECK(decoded.error().code == Errc::Corrupt);
    }
    CHECK_FALSE(decode_chunk(chunk.substr(0, chunk.size() - 1), "").ok());
    CHECK_FALSE(decode_chunk("", "").ok());
    CHECK_FALSE(decode_chunk(std::string(chunk.size(), '\0'), "").ok());
  }
}

TEST_CASE("a bound chunk opens under its key only") {
  for (const std::string& plain : {text(300), noise(300)}) {
    const std::string bound = bind_chunk(encode_chunks(plain)[0], "key");
    auto opened = decode_chunk(bound, "key");
    REQUIRE(opened.ok());
    CHECK(*opened == plain);
    CHECK(decode_chunk(bound, "kez").error().code == Errc::Corrupt);
    CHECK(decode_chunk(bound, "").error().code == Errc::Corrupt);
  }
}

TEST_CASE("a sealed record opens under its key only") {
  const std::string sealed = seal("record", "key");
  CHECK(sealed.size() == 6 + kSealOctets);
  auto opened = unseal(sealed, "key");
  REQUIRE(opened.ok());
  CHECK(*opened == "record");
  CHECK_FALSE(unseal(sealed, "other").ok());
  CHECK_FALSE(unseal(sealed).ok());
  CHECK_FALSE(unseal("abc").ok());
  std::string bad = sealed;
  bad.back() ^= 1;
  CHECK(unseal(bad, "key").error().code == Errc::Corrupt);
  CHECK(*unseal(seal("")) == "");
}

namespace {

// Base64 of `octets` random octets in lines of `line` characters, the last one with its padding.
std::string base64_lines(std::size_t octets, std::size_t line, std::string_view end) {
  const std::string all = base::base64(noise(octets));
  std::string out;
  for (std::size_t at = 0; at < all.size(); at += line) out.append(all, at, line).append(end);
  return out;
}

std::uint8_t kind_of(const std::string& chunk) { return static_cast<std::uint8_t>(chunk[8]); }

void check_back(const std::string& plain) {
  std::string back;
  for (const std::string& chunk : encode_chunks(plain)) {
    const std::string bound = bind_chunk(chunk, "key");
    const auto whole = decode_chunk(bound, "key");
    REQUIRE(whole.ok());
    // However much is asked for, and after whatever else, it is the beginning of the whole.
    for (const std::size_t need : {std::size_t{1}, whole->size() / 3, whole->size() - 1, whole->size()}) {
      (void)view_chunk(bind_chunk(encode_chunks(text(100))[0], "other"), "other", 100);
      const auto view = view_chunk(bound, "key", need);
      REQUIRE(view.ok());
      CHECK(view->octets == whole->size());
      CHECK(view->plain.size() >= need);
      CHECK(whole->starts_with(view->plain));
    }
    back += *whole;
  }
  CHECK(back == plain);
}

}  // namespace

TEST_CASE("base64 is kept as what it encodes and comes back octet by octet") {
  const std::string body = base64_lines(60'000, 76, "\r\n");
  for (std::size_t shift = 0; shift < 80; ++shift) check_back(std::string(shift, 'A') + body);  // any place of a cut
  for (std::size_t shift = 0; shift < 10; ++shift) check_back(text(1000 + shift) + body + text(700) + body);
  const auto chunks = encode_chunks(text(500) + "\r\n" + body);
  CHECK(kind_of(chunks[0]) == 2);
  CHECK(kind_of(chunks[1]) == 2);
  CHECK(chunks[0].size() < 65'536 * 3 / 4);
}

TEST_CASE("what is only nearly base64 comes back octet by octet too") {
  const std::string body = base64_lines(30'000, 76, "\r\n");
  for (const std::size_t line : {4u, 36u, 40u, 60u, 64u, 72u, 75u, 77u, 80u, 1000u, 100'000u}) {
    check_back(base64_lines(20'000, line, "\r\n"));
    check_back(base64_lines(20'000, line, "\n"));
    check_back(base64_lines(20'000, line, " \r\n") + body);
  }
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::string plain = text(random() % 300) + "\r\n" + body;
    for (auto changes = random() % 12; changes > 0; --changes) {
      const std::size_t at = random() % plain.size();
      switch (random() % 4) {
        case 0: plain[at] = static_cast<char>(random()); break;
        case 1: plain.erase(at, random() % 200); break;
        case 2: plain.insert(at, random() % 2 == 0 ? "\r\n" : "=\r\n\r\n"); break;
        default: plain.insert(at, text(random() % 100)); break;
      }
    }
    check_back(plain);
  }
}

TEST_CASE("base64 is the same by wide registers as group by group, and nothing past the octets is looked at") {
  std::mt19937 random(5);
  for (std::size_t groups = 0; groups < 70; ++groups) {
    for (const std::size_t more : {0u, 1u, 4u, 7u, 12u, 13u, 40u}) {
      std::vector<char> in(groups * 3 + more);  // its end is guarded
      for (char& octet : in) octet = static_cast<char>(random());
      std::vector<char> wide(groups * 4), narrow(groups * 4);
      CHECK(encode_groups(in.data(), groups, in.size(), wide.data()) == wide.data() + wide.size());
      CHECK(encode_groups_one_by_one(in.data(), groups, narrow.data()) == narrow.data() + narrow.size());
      CHECK(wide == narrow);
    }
  }
  const std::string_view man = "Man";  // RFC 4648 §10 has others
  char out[4];
  encode_groups(man.data(), 1, man.size(), out);
  CHECK(std::string_view(out, 4) == "TWFu");
}

TEST_CASE("a checksum is XXH3-64, whatever registers made it") {
  struct Known {
    std::size_t octets;
    std::uint64_t plain, seeded;
  };
  // Computed by xxHash 0.8.1 without its dispatcher.
  constexpr std::uint64_t kSeed = 0x123456789ABCDEF;
  constexpr Known kKnown[] = {{511, 0x5DF27F651F45FB83, 0x1D31DE2F16662037},
                              {512, 0x0610EA003972F4A4, 0xDA4BFFCD79144F4A},
                              {5000, 0x6ABC15EB2B5B1259, 0x1DBD0F93310E61E9},
                              {65'536, 0xDB227C2004F49558, 0xDBD3E42E9E9021E5}};
  const std::string octets = text(70'000);
  for (const Known& known : kKnown) {
    CHECK(xxh3(octets.substr(0, known.octets)) == known.plain);
    CHECK(xxh3(octets.substr(0, known.octets), kSeed) == known.seeded);
  }
}

TEST_CASE("runs of base64 that make no sense are refused before anything is put together") {
  std::size_t plain = 0, content = 0;
  const auto sense = [&](std::vector<Base64Run> runs) { return fits(runs, 1000, plain, content); };
  REQUIRE(sense({{10, 10, 19, 100}}));
  CHECK(plain == 1000 - 400 - 2 * 5);  // a line of 10 groups, four of 19, one of 14
  CHECK(content == 300);
  CHECK(sense({{10, 10, 19, 100}, {0, 1, 0, 1}}));
  CHECK(plain == 590 - 4);
  constexpr std::uint64_t kHuge = 0xFFFFFFFFFFFFFFFF;
  CHECK(sense({{0, 5, kHuge, 100}}));
  for (const Base64Run& bad : std::vector<Base64Run>{{10, 0, 19, 100},
                                                     {10, 10, 0, 100},
                                                     {10, 101, 19, 100},
                                                     {kHuge, 10, 19, 100},
                                                     {10, 10, kHuge, kHuge},
                                                     {10, 10, 19, 250},
                                                     {990, 3, 3, 3},
                                                     {0, 0, 0, 0}}) {
    CHECK_FALSE(sense({bad}));
    CHECK_FALSE(sense({{0, 10, 10, 10}, bad}));
  }
}

TEST_CASE("every flipped bit of a chunk with base64 is noticed, whatever is asked for") {
  const std::string chunk = encode_chunks(text(100) + "\r\n" + base64_lines(600, 76, "\r\n"))[0];
  REQUIRE(kind_of(chunk) == 2);
  for (std::size_t bit = 0; bit < chunk.size() * 8; ++bit) {
    std::string bad = chunk;
    bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
    const auto view = view_chunk(bad, "", 1 + bit % 200);
    REQUIRE_FALSE(view.ok());
    CHECK(view.error().code == Errc::Corrupt);
  }
}

}  // namespace hearthmail::store::body
