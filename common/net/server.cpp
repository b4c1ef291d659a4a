#include "common/net/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "common/log/log.hpp"
#include "common/net/signals.hpp"

namespace hearthmail::net {
namespace {

constexpr std::chrono::milliseconds kUnwindLook{10};  // between two looks at how many sessions are left
constexpr std::chrono::minutes kMinute{1};

}  // namespace

Room room_for(std::size_t descriptors) {
  const std::size_t counted = std::min(descriptors, kMostCounted);
  return {counted / 2, counted / 4, counted - counted / 4};
}

std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMostCounted;
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, kMostCounted));
}

Server::Server(std::size_t loops, std::size_t descriptors)
    : room_(room_for(descriptors)), lobby_(std::make_shared<Lobby>(room_.before_login)) {
  const std::size_t count = loops != 0 ? loops : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<Loop>());
    loop_pointers_.push_back(loops_.back().get());
  }
  for (auto* loop : loop_pointers_) threads_.emplace_back([loop] { loop->run(); });
}

Server::~Server() { end_loops(); }

void Server::end_loops() {
  for (auto* loop : loop_pointers_) loop->stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

base::Status Server::listen(const Service& service, Session session) {
  for (const auto& text : service.endpoints) {
    TRY_ASSIGN(const auto endpoint, parse_endpoint(text));
    ListenOptions options;
    options.name = service.name;
    options.tls = service.tls;
    options.tls_server = service.tls_server;
    options.refusal = service.refusal;
    if (service.login == Login::Required) options.lobby = lobby_;
    options.most_sessions = service.login == Login::Required ? room_.in_all : room_.without_login;
    TRY_ASSIGN(auto listener, Listener::open(main_, loop_pointers_, endpoint, options, session));
    log::info("listening", {{"service", service.name}, {"endpoint", text}, {"port", listener->port()}});
    if (endpoint.unix_path.empty() && (ports_.empty() || ports_.back().first != service.name)) {
      ports_.emplace_back(service.name, listener->port());
    }
    listeners_.push_back(std::move(listener));
  }
  return base::ok();
}

void Server::run(std::function<void()> ready, std::function<void()> minute, std::function<void()> hangup) {
  main_.post([&] {
    signals_ = std::make_unique<Signals>(main_, [this, &hangup](int signal) {
      if (signal == SIGHUP) hangup();
      else begin_stop();
    });
    minute_timer_ = std::make_unique<Timer>(main_, [this, &minute] {
      minute();
      minute_timer_->start(kMinute);
    });
    minute_timer_->start(kMinute);
    unwind_timer_ = std::make_unique<Timer>(main_, [this] { wait_for_sessions(); });
    ready();
  });
  main_.run();
  signals_.reset();
  minute_timer_.reset();
  unwind_timer_.reset();
  end_loops();
}

void Server::stop() {
  main_.post([this] { begin_stop(); });
}

void Server::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  log::info("stopping");
  for (auto& listener : listeners_) {
    listener->stop_accepting();
    listener->close_sessions();
  }
  unwind_ends_ = std::chrono::steady_clock::now() + kUnwindLimit;
  unwind_timer_->start(std::chrono::milliseconds{1});
}

void Server::wait_for_sessions() {
  std::size_t left = 0;
  for (const auto& listener : listeners_) left += listener->sessions();
  if (left != 0 && std::chrono::steady_clock::now() < unwind_ends_) {
    unwind_timer_->start(kUnwindLook);
    return;
  }
  if (left != 0) log::warning("sessions did not unwind in time", {{"sessions", left}});
  listeners_.clear();
  main_.stop();
}

}  // namespace hearthmail::net
