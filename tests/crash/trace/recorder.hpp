// Records what a process does to the data.mdb files below one directory: every write, barrier and change of length, in
// order and with octets. open(), pwrite(), writev(), fdatasync() ... are defined in recorder.cpp for the whole program, so
// LMDB's own calls come through here. Between them stand the marks of the workload: an operation began, was acknowledged.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hearthmail::crash {

struct Event {
  enum class Kind : std::uint8_t { Write, Barrier, Length, Begin, Ack };
  Kind kind = Kind::Write;
  std::uint8_t environment = 0;
  bool durable = false;      // a write through a descriptor with O_DSYNC: on stable storage when it returned
  std::uint64_t offset = 0;  // Write: where; Length: the new one
  std::string octets;        // Write
  std::uint64_t number = 0;  // Begin, Ack: the operation
};

// From `start` to `stop`, for the files DIR/NAME/data.mdb in the order of `names`; the order is the environment's number.
// `barrier_takes` delays every barrier, so that jobs gather into groups as they do on a disk.
void start_recording(const std::string& directory, std::vector<std::string> names,
                     std::chrono::microseconds barrier_takes);
std::vector<Event> stop_recording();
// Puts a mark into the record; returns how many events there were before it.
std::size_t mark(Event::Kind kind, std::uint8_t environment, std::uint64_t number);
// Calls that the replay does not know (a write through the map, a gap in a file): empty for a sound record.
std::string unexpected_calls();

}  // namespace hearthmail::crash
