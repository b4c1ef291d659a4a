#include "store/body/body.hpp"

#include <random>

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

}  // namespace hearthmail::store::body
