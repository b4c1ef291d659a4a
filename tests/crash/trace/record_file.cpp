#include <fstream>
#include <iterator>

#include "common/base/bytes.hpp"
#include "tests/crash/trace/workload.hpp"

namespace hearthmail::crash {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Error;
using base::Status;

void History::encode(Encoder& out) const {
  out.varint(operations_.size());
  for (const Operation& one : operations_) out.varint(one.sequence).varint(one.begun).varint(one.acked);
  out.varint(versions_.size());
  for (const auto& [object, versions] : versions_) {
    out.octets(object).varint(versions.size());
    for (const Version& version : versions) out.varint(version.sequence).octets(version.state);
  }
  out.varint(bodies_.size());
  for (const auto& [body, sum] : bodies_) out.octets(body).octets(sum);
}

Status History::decode(Decoder& in) {
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Operation one;
    one.sequence = in.varint();
    one.begun = in.varint();
    one.acked = in.varint();
    operations_.push_back(one);
  }
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    auto& versions = versions_[std::string(in.octets())];
    for (std::uint64_t more = in.varint(); more > 0 && in.ok(); --more) {
      const std::uint64_t sequence = in.varint();
      versions.push_back({sequence, std::string(in.octets())});
    }
  }
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string body(in.octets());
    bodies_[body] = std::string(in.octets());
  }
  return in.finish("history");
}

Status save_record(const std::string& path, const Record& record) {
  Encoder out;
  for (const auto& before : record.before) out.octets(before);
  out.varint(record.events.size());
  for (const Event& event : record.events) {
    out.u8(static_cast<std::uint8_t>(event.kind)).u8(event.environment).u8(event.durable ? 1 : 0);
    out.varint(event.offset).varint(event.number).octets(event.octets);
  }
  for (const History& history : record.histories) history.encode(out);
  std::ofstream file(path, std::ios::binary);
  file << out.str();
  file.close();
  if (!file) return Error{Errc::Unavailable, "cannot write " + path};
  return base::ok();
}

Status load_record(const std::string& path, Record& record) {
  std::ifstream file(path, std::ios::binary);
  const std::string octets{std::istreambuf_iterator<char>(file), {}};
  if (octets.empty()) return Error{Errc::NotFound, "cannot read " + path};
  Decoder in(octets);
  for (auto& before : record.before) before = std::string(in.octets());
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Event event;
    event.kind = static_cast<Event::Kind>(in.u8());
    event.environment = in.u8();
    event.durable = in.u8() != 0;
    event.offset = in.varint();
    event.number = in.varint();
    event.octets = std::string(in.octets());
    record.events.push_back(std::move(event));
  }
  for (History& history : record.histories) TRY(history.decode(in));
  return in.finish("record");
}

}  // namespace hearthmail::crash
