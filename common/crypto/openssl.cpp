#include "common/crypto/openssl.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstring>
#include <ctime>

#include "common/base/clock.hpp"
#include "common/base/text.hpp"

namespace hearthmail::crypto {
namespace {

constexpr int kMostNamesShown = 5;  // in an error text

std::string text_of(const GENERAL_NAME* name) {
  std::array<char, INET6_ADDRSTRLEN> address{};
  if (name->type == GEN_DNS) {
    const ASN1_IA5STRING* const dns = name->d.dNSName;
    return base::printable(
        {reinterpret_cast<const char*>(ASN1_STRING_get0_data(dns)), static_cast<std::size_t>(ASN1_STRING_length(dns))});
  }
  if (name->type != GEN_IPADD) return {};
  const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(name->d.iPAddress) != 16) return {};
  const void* const octets = ASN1_STRING_get0_data(name->d.iPAddress);
  return ::inet_ntop(family, octets, address.data(), address.size()) == nullptr ? "" : address.data();
}

}  // namespace

std::string take_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* const reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  return ERR_SYSTEM_ERROR(code) ? base::printable(std::strerror(ERR_GET_REASON(code)))
                                : "error " + std::to_string(code);
}

std::string not_after(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return "an unreadable date";
  return base::rfc3339(::timegm(&parts));
}

std::string names_of(const X509* certificate) {
  using Names = std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>>;
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return "no name";
  std::string out;
  int shown = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && shown < kMostNamesShown; ++i) {
    const std::string text = text_of(sk_GENERAL_NAME_value(names.get(), i));
    if (text.empty()) continue;
    out += (shown++ == 0 ? "" : ", ") + text;
  }
  return out.empty() ? "no name" : out;
}

bool is_ip_address(const std::string& text) {
  std::array<unsigned char, 16> octets{};
  return ::inet_pton(AF_INET, text.c_str(), octets.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), octets.data()) == 1;
}

}  // namespace hearthmail::crypto
