// Transfer: one HTTPS request at a time per call, many side by side, through libcurl's multi interface on our loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/task.hpp"
#include "common/net/loop.hpp"

namespace hearthmail::relay {

constexpr std::size_t kMaxAnswer = 256 * 1024;         // octets of an answer's body; more is not read
constexpr std::chrono::seconds kHttpConnectLimit{60};  // resolving, TCP and TLS
// No octet in either direction for so long ends the transfer. The provider may need its time after the last octet.
constexpr std::chrono::seconds kHttpSilence{180};
constexpr std::chrono::minutes kHttpLimit{30};  // one transfer in all: 40 MB at 180 kbit/s

// One part of a multipart/form-data body (RFC 7578).
struct FormPart {
  std::string name;
  std::string value;
  std::string file_name;     // empty: a plain field
  std::string content_type;  // empty: none
};

// A POST. Credentials go into a header by libcurl; never into the URL.
struct HttpRequest {
  std::string url;
  std::string content_type;  // of `body`
  std::string body;          // when `parts` is empty
  std::vector<FormPart> parts;
  std::string user;
  base::Secret password;
  std::string aws_region;      // set: AWS Signature Version 4 for service "ses"; empty: Basic (RFC 7617)
  std::string ca_file;         // empty: the system's trust store
  bool plain_allowed = false;  // http:// (a loopback endpoint only; the caller checked)
};

// How far a request came.
enum class Reached {
  Answered,      // `status` and `body` are set
  NotConnected,  // nothing of the request was sent
  NotTrusted,    // TLS: the certificate or the handshake; nothing was sent
  PartlySent,    // the body was not sent to its end: the provider cannot have taken it
  Sent,          // the whole body was sent, no answer was seen: in doubt
};

struct HttpAnswer {
  Reached reached = Reached::NotConnected;
  int status = 0;
  std::string body;                     // at most kMaxAnswer
  std::string error_type;               // header x-amzn-ErrorType
  std::chrono::seconds retry_after{0};  // header Retry-After, RFC 9110 §10.2.3; at most a day
  std::string error;                    // when not answered: what happened, without secrets
};

class HttpSender {
 public:
  virtual ~HttpSender() = default;
  virtual base::Task<HttpAnswer> perform(HttpRequest request) = 0;
  // Ends every transfer at once.
  virtual void close() = 0;
};

// libcurl on `loop`: TLS verified, only https (http where allowed), no redirects, no cookies, no proxy from a file. Made,
// used and destroyed on the loop's thread; no transfer may be under way when it is destroyed.
std::unique_ptr<HttpSender> make_http_sender(net::Loop& loop);

}  // namespace hearthmail::relay
