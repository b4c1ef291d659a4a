// What a workload did, in the words of the crash check: objects (a mailbox, a queue entry ...), the versions that each of
// them went through, and the operations that made the versions, with the moments of their beginning and acknowledgement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.hpp"
#include "tests/crash/trace/recorder.hpp"

namespace hearthmail::crash {

constexpr std::uint8_t kMail = 0, kQueue = 1, kAccounts = 2;
constexpr std::size_t kEnvironments = 3;
inline const std::vector<std::string> kEnvironmentNames = {"mail", "queue", "accounts"};

// Object -> its state in words; an object that is not there has the empty text.
using Objects = std::map<std::string, std::string>;

// `sequence` is taken inside the transaction: the writer thread runs jobs one after the other, so it is the order of
// commits.
struct Operation {
  std::uint64_t sequence = 0;
  std::size_t begun = 0;  // index of the event before which it began
  std::size_t acked = 0;  // and from which on its caller had its OK
};

struct Version {
  std::uint64_t sequence = 0;
  std::string state;
};

// One environment's history. Actors add to it from their threads; the check reads it afterwards.
class History {
 public:
  // Called inside the job.
  std::uint64_t next_sequence() { return ++sequence_; }  // on the writer thread only
  void add(const Operation& operation, const Objects& touched);
  void expect_body(const std::string& body, const std::string& sha256);
  void finish();  // sorts; before any of the calls below

  std::size_t operations() const { return operations_.size(); }
  // The sequences at which the environment may be found after a crash at event `at`: from the last one acknowledged on,
  // further ones as long as they had begun. `acks_at_begin`: as if every OK had been given before the commit (a control).
  std::vector<std::uint64_t> allowed(std::size_t at, bool acks_at_begin) const;
  Objects state(std::uint64_t sequence) const;
  // Was `state` the object's at some moment before `sequence`?
  bool was_before(const std::string& object, const std::string& state, std::uint64_t sequence) const;
  std::string body(const std::string& name) const;
  std::size_t acked(std::size_t at) const;  // operations

  // For a file that keeps a record.
  void encode(base::Encoder& out) const;
  base::Status decode(base::Decoder& in);

 private:
  std::mutex mutex_;
  std::uint64_t sequence_ = 0;
  std::vector<Operation> operations_;
  std::map<std::string, std::vector<Version>> versions_;
  std::map<std::string, std::string> bodies_;
};

}  // namespace hearthmail::crash
