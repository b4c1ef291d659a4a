#include "relay/http/transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <coroutine>
#include <map>
#include <utility>

#include "common/base/text.hpp"
#include "common/net/poll.hpp"

namespace hearthmail::relay {

using base::Task;

namespace {

constexpr std::chrono::seconds kMostRetryAfter{24 * 60 * 60};

// One transfer under way. Pinned: libcurl holds pointers into it.
struct Under {
  HttpRequest request;
  HttpAnswer answer;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  curl_mime* form = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
  bool answer_too_long = false;
  std::coroutine_handle<> waiter;

  Under() = default;
  Under(const Under&) = delete;
  Under& operator=(const Under&) = delete;
  ~Under() {
    curl_mime_free(form);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
};

std::size_t on_body(char* octets, std::size_t, std::size_t count, void* opaque) {
  auto& under = *static_cast<Under*>(opaque);
  if (under.answer.body.size() + count > kMaxAnswer) {
    under.answer_too_long = true;
    return 0;
  }
  under.answer.body.append(octets, count);
  return count;
}

std::size_t on_header(char* octets, std::size_t, std::size_t count, void* opaque) {
  auto& under = *static_cast<Under*>(opaque);
  const std::string_view line(octets, count);
  constexpr std::string_view kErrorType = "x-amzn-errortype:";
  if (base::istarts_with(line, kErrorType)) under.answer.error_type = base::trim(line.substr(kErrorType.size()));
  return count;
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

void set_body(Under& under) {
  CURL* easy = under.easy;
  if (under.request.parts.empty()) {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(under.request.body.size()));
    set(easy, CURLOPT_POSTFIELDS, under.request.body.c_str());
    under.headers = curl_slist_append(under.headers, ("Content-Type: " + under.request.content_type).c_str());
  } else {
    under.form = curl_mime_init(easy);
    for (const FormPart& part : under.request.parts) {
      curl_mimepart* field = curl_mime_addpart(under.form);
      curl_mime_name(field, part.name.c_str());
      curl_mime_data(field, part.value.data(), part.value.size());
      if (!part.file_name.empty()) curl_mime_filename(field, part.file_name.c_str());
      if (!part.content_type.empty()) curl_mime_type(field, part.content_type.c_str());
    }
    set(easy, CURLOPT_MIMEPOST, under.form);
  }
  // No pause for 100-continue. Not with Signature Version 4: libcurl would sign the header that it then does not send.
  if (under.request.aws_region.empty()) under.headers = curl_slist_append(under.headers, "Expect:");
  set(easy, CURLOPT_HTTPHEADER, under.headers);
}

void set_rules(Under& under) {
  CURL* easy = under.easy;
  const char* protocols = under.request.plain_allowed ? "http,https" : "https";
  set(easy, CURLOPT_URL, under.request.url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, protocols);
  set(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!under.request.ca_file.empty()) set(easy, CURLOPT_CAINFO, under.request.ca_file.c_str());
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  if (under.request.plain_allowed) set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_USERAGENT, "hearthmail/" HEARTHMAIL_VERSION);
  set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(kHttpConnectLimit.count()));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(kHttpSilence.count()));
  set(easy, CURLOPT_TIMEOUT, static_cast<long>(std::chrono::seconds(kHttpLimit).count()));
  set(easy, CURLOPT_ERRORBUFFER, under.error.data());
  set(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(&under));
  set(easy, CURLOPT_HEADERFUNCTION, &on_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(&under));
}

void set_credentials(Under& under) {
  CURL* easy = under.easy;
  const std::string password(under.request.password.reveal());
  if (!under.request.aws_region.empty()) {
    set(easy, CURLOPT_AWS_SIGV4, ("aws:amz:" + under.request.aws_region + ":ses").c_str());
  } else {
    set(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  }
  set(easy, CURLOPT_USERNAME, under.request.user.c_str());
  set(easy, CURLOPT_PASSWORD, password.c_str());
}

// The octets of content in the request: when libcurl has uploaded as many, the provider may have the whole message.
std::uint64_t content_octets(const HttpRequest& request) {
  std::uint64_t octets = request.body.size();
  for (const FormPart& part : request.parts) octets += part.value.size();
  return octets;
}

Reached how_far(CURLcode code, const Under& under) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_FAILED_INIT:
    case CURLE_OUT_OF_MEMORY: return Reached::NotConnected;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER: return Reached::NotTrusted;
    default: break;
  }
  curl_off_t ready = 0;
  curl_off_t uploaded = 0;
  curl_easy_getinfo(under.easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
  curl_easy_getinfo(under.easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  if (ready == 0) return Reached::NotConnected;
  return static_cast<std::uint64_t>(uploaded) >= content_octets(under.request) ? Reached::Sent : Reached::PartlySent;
}

void finish(Under& under, CURLcode code) {
  long status = 0;
  curl_off_t wait = 0;
  curl_easy_getinfo(under.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(under.easy, CURLINFO_RETRY_AFTER, &wait);
  under.answer.retry_after = std::clamp(std::chrono::seconds{wait}, std::chrono::seconds{0}, kMostRetryAfter);
  if (code == CURLE_OK || (under.answer_too_long && status != 0)) {
    under.answer.reached = Reached::Answered;
    under.answer.status = static_cast<int>(status);
    return;
  }
  under.answer.reached = how_far(code, under);
  under.answer.error = under.error[0] != '\0' ? under.error.data() : curl_easy_strerror(code);
}

class CurlSender : public HttpSender {
 public:
  explicit CurlSender(net::Loop& loop) : loop_(loop), timer_(loop, [this] { act(CURL_SOCKET_TIMEOUT, 0); }) {
    curl_global_init(CURL_GLOBAL_DEFAULT);  // counted by libcurl
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlSender::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlSender::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  }
  ~CurlSender() override {
    curl_multi_cleanup(multi_);
    watches_.clear();
    curl_global_cleanup();
  }

  Task<HttpAnswer> perform(HttpRequest request) override {
    Under under;
    under.request = std::move(request);
    if (closed_ || !begin(under)) {
      under.answer.error = closed_ ? "the relay is stopping" : "libcurl could not be set up";
      co_return under.answer;
    }
    Waiting waiting{under};
    co_await waiting;
    under_way_.erase(&under);
    co_return std::move(under.answer);
  }

  void close() override {
    closed_ = true;
    const auto all = under_way_;
    for (const auto& [under, unused] : all) {
      curl_multi_remove_handle(multi_, under->easy);
      complete(*under, CURLE_ABORTED_BY_CALLBACK);
    }
  }

 private:
  struct Waiting {
    Under& under;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller) { under.waiter = caller; }
    void await_resume() noexcept {}
  };

  bool begin(Under& under) {
    under.easy = curl_easy_init();
    if (under.easy == nullptr) return false;
    set_rules(under);
    set_credentials(under);
    set_body(under);
    set(under.easy, CURLOPT_PRIVATE, static_cast<void*>(&under));
    under_way_[&under] = true;
    // Starts only through the timer callback, that is, after this coroutine has suspended.
    return curl_multi_add_handle(multi_, under.easy) == CURLM_OK || (under_way_.erase(&under), false);
  }

  void complete(Under& under, CURLcode code) {
    if (!under.waiter) return;
    finish(under, code);
    const auto waiter = std::exchange(under.waiter, nullptr);
    loop_.post([waiter] { waiter.resume(); });
  }

  void act(curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, events, &running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;
      void* opaque = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &opaque);
      curl_multi_remove_handle(multi_, easy);
      complete(*static_cast<Under*>(opaque), code);
    }
  }

  static int on_socket(CURL*, curl_socket_t socket, int what, void* opaque, void*) {
    auto& self = *static_cast<CurlSender*>(opaque);
    if (what == CURL_POLL_REMOVE) {
      self.watches_.erase(socket);
      return 0;
    }
    auto& watch = self.watches_[socket];
    if (!watch) {
      watch = std::make_unique<net::FdWatch>(self.loop_, socket, [&self, socket](bool readable, bool writable) {
        // Copies: acting may end this watch, and with it this callable.
        CurlSender& sender = self;
        const curl_socket_t ready = socket;
        sender.act(ready, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
      });
    }
    watch->watch((what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
    return 0;
  }

  static int on_timer(CURLM*, long milliseconds, void* opaque) {
    auto& self = *static_cast<CurlSender*>(opaque);
    if (milliseconds < 0) self.timer_.stop();
    else self.timer_.start(std::chrono::milliseconds{milliseconds});
    return 0;
  }

  net::Loop& loop_;
  CURLM* multi_ = nullptr;
  net::Timer timer_;
  std::map<curl_socket_t, std::unique_ptr<net::FdWatch>> watches_;
  std::map<Under*, bool> under_way_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<HttpSender> make_http_sender(net::Loop& loop) { return std::make_unique<CurlSender>(loop); }

}  // namespace hearthmail::relay
