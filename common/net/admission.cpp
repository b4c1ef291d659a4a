#include "common/net/admission.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "common/base/text.hpp"

namespace hearthmail::net {
namespace {

constexpr std::size_t kIpv6GroupOctets = 8;  // a /64, RFC 4291 §2.5.1: the rest is chosen by the host itself

}  // namespace

std::string Admission::group_of(const std::string& address) {
  in6_addr v6{};
  if (::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return address;
  return base::hex({reinterpret_cast<const char*>(v6.s6_addr), kIpv6GroupOctets});
}

Admission::Decision Admission::admit(Loop& loop, const std::string& address) {
  const bool local = address == "unix";
  const std::string group = group_of(address);
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= most_) return {Refusal::TooMany, 0};
  if (!local && per_group_[group] >= most_per_address_) return {Refusal::TooManyFromAddress, 0};
  const std::uint64_t id = next_id_++;
  ++per_group_[group];
  Entry entry{std::make_shared<Guest>(loop), group, 0};
  if (lobby_) entry.in_lobby = lobby_->enter(entry.guest);
  entries_.emplace(id, std::move(entry));
  return {Refusal::None, id};
}

bool Admission::started(std::uint64_t id, const std::shared_ptr<StreamCore>& core) {
  const std::lock_guard lock(mutex_);
  Guest& guest = *entries_.at(id).guest;
  guest.core = core;
  return !guest.doomed;
}

void Admission::authenticated(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (lobby_) lobby_->leave(entries_.at(id).in_lobby);
}

void Admission::leave(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  const auto counted = per_group_.find(found->second.group);
  if (--counted->second == 0) per_group_.erase(counted);
  if (lobby_) lobby_->leave(found->second.in_lobby);
  entries_.erase(found);
}

void Admission::close_all() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, entry] : entries_) send_away(entry.guest);
}

std::size_t Admission::sessions() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace hearthmail::net
