// Private to common/crypto: ownership of OpenSSL's objects and its errors in words.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/base/result.hpp"

namespace hearthmail::crypto {

// A unique_ptr's deleter out of OpenSSL's ..._free function.
template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, FreedBy<X509_free>>;
using SslPtr = std::unique_ptr<SSL, FreedBy<SSL_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;

// The reason of the oldest error in this thread's queue ("no start line"), which is then emptied.
std::string take_reason();

// What both ends share: TLS 1.2 and 1.3, no renegotiation, no compression, buffers released while idle.
base::Result<ContextPtr> new_context(const SSL_METHOD* method);

// "2026-11-23T18:38:50Z" of a certificate's notAfter.
std::string not_after(const X509* certificate);
// The names a certificate is good for, for people: "mail.example.test, 127.0.0.1"; at most five of them.
std::string names_of(const X509* certificate);
bool is_ip_address(const std::string& text);

}  // namespace hearthmail::crypto
