#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;

TEST_CASE("SHA-256 gives the vectors of FIPS 180-4, whole and in pieces") {
  CHECK(base::hex(crypto::sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(crypto::sha256_id("").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  crypto::Sha256 pieces;
  pieces.update("a");
  pieces.update("");
  pieces.update("bc");
  CHECK(pieces.finish() == crypto::sha256_id("abc"));
  pieces.update("abc");
  CHECK(pieces.finish() == crypto::sha256_id("abc"));
}

TEST_CASE("HMAC-SHA-256 gives the vectors of RFC 4231") {
  CHECK(base::hex(crypto::hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(base::hex(crypto::hmac_sha256(std::string_view(), "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("HMAC-MD5 gives the example of RFC 2195") {
  CHECK(base::hex(crypto::hmac_md5("tanstaaftanstaaf", "<1896.697170952@postoffice.reston.mci.net>")) ==
        "b913a602c7eda7a495b4e6e7334d3890");
}

TEST_CASE("PBKDF2 gives the salted password of RFC 7677 section 3") {
  const auto salt = base::unbase64("W22ZaJ0SNY7soEsUEjb6gQ==");
  REQUIRE(salt.has_value());
  const std::string salted = crypto::pbkdf2_sha256("pencil", *salt, 4096);
  CHECK(base::hex(salted) == "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
  CHECK(crypto::pbkdf2_sha256("", "salt", 1).size() == 32);
}

TEST_CASE("random octets differ and have the length asked for") {
  CHECK(crypto::random_octets(0).empty());
  CHECK(crypto::random_octets(33).size() == 33);
  CHECK(crypto::random_octets(16) != crypto::random_octets(16));
}

TEST_CASE("the constant-time comparison compares") {
  CHECK(crypto::equal_constant_time("", ""));
  CHECK(crypto::equal_constant_time("abc", "abc"));
  CHECK_FALSE(crypto::equal_constant_time("abc", "abd"));
  CHECK_FALSE(crypto::equal_constant_time("abc", "ab"));
}
