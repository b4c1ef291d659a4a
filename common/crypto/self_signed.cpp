#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "common/base/text.hpp"
#include "common/crypto/openssl.hpp"
#include "common/crypto/tls.hpp"

namespace hearthmail::crypto {
namespace {

constexpr std::size_t kMaxCommonName = 64;  // octets, RFC 5280 appendix A.1 ub-common-name
constexpr std::time_t kDay = 86'400;        // seconds

base::Error failed(const char* what) {
  return base::Error{base::Errc::Internal, std::string(what) + ": " + take_reason()};
}

// Only what may stand in a host name or an address, because it goes into OpenSSL's extension syntax.
bool is_plain_host(const std::string& host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return base::is_alnum(c) || c == '.' || c == '-' || c == ':' || c == '_';
  });
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> octets{};
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) return false;
  octets[0] = static_cast<unsigned char>((octets[0] & 0x7FU) | 0x40U);  // positive and never zero, RFC 5280 §4.1.2.2
  BIGNUM* const number = BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr);
  const bool good = number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return good;
}

bool set_names(X509* certificate, const std::string& host) {
  const std::string common = host.substr(0, kMaxCommonName);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const std::string kind = is_ip_address(host) ? "IP:" : "DNS:";
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.data()),
                                    static_cast<int>(common.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         add_extension(certificate, NID_subject_alt_name, kind + host + ",DNS:localhost,IP:127.0.0.1,IP:::1") &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_key_identifier, "hash");
}

base::Result<CertificatePtr> make_certificate(EVP_PKEY* key, const std::string& host, int days) {
  CertificatePtr certificate(X509_new());
  if (!certificate) return failed("make a certificate");
  X509* const raw = certificate.get();
  const std::time_t end = std::time(nullptr) + days * kDay;
  const std::time_t begin = std::min(std::time(nullptr), end) - kDay;  // a day for clocks that go wrong
  const bool good = X509_set_version(raw, X509_VERSION_3) == 1 && set_serial(raw) &&
                    ASN1_TIME_set(X509_getm_notBefore(raw), begin) != nullptr &&
                    ASN1_TIME_set(X509_getm_notAfter(raw), end) != nullptr && X509_set_pubkey(raw, key) == 1 &&
                    set_names(raw, host) && X509_sign(raw, key, EVP_sha256()) > 0;
  if (!good) return failed("make a certificate");
  return certificate;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// Writes the whole file beside its place, then renames it, so that a reader never sees half of it.
base::Status replace_file(const std::string& path, const std::string& text, mode_t mode) {
  const std::string temporary = path + ".new";
  const auto problem = [&path] { return base::Error{base::Errc::Unavailable, path + ": " + std::strerror(errno)}; };
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return problem();
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const base::Error write_problem = problem();
  ::close(file);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const base::Error error = written ? problem() : write_problem;
    ::unlink(temporary.c_str());
    return error;
  }
  return base::ok();
}

}  // namespace

base::Status write_self_signed(const std::string& certificate_file, const std::string& key_file,
                               const std::string& host, int days) {
  if (!is_plain_host(host)) {
    return base::Error{base::Errc::Invalid, "\"" + base::printable(host) + "\" is no host name for a certificate"};
  }
  ERR_clear_error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return failed("make a key");
  TRY_ASSIGN(const CertificatePtr certificate, make_certificate(key.get(), host, days));
  const BioPtr key_text(BIO_new(BIO_s_mem()));
  const BioPtr certificate_text(BIO_new(BIO_s_mem()));
  if (!key_text || !certificate_text ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) {
    return failed("write a certificate");
  }
  TRY(replace_file(key_file, text_of(key_text.get()), 0600));
  return replace_file(certificate_file, text_of(certificate_text.get()), 0644);
}

}  // namespace hearthmail::crypto
