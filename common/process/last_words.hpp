// What a daemon says when it must end because there is no memory.
#pragma once

namespace hearthmail::process {

constexpr int kExitNoMemory = 71;  // EX_OSERR of sysexits.h; the service manager starts the program again

// From now on std::bad_alloc that nobody caught ends the program with one line on standard error and kExitNoMemory: what
// was acknowledged is on the disk, the rest was not acknowledged. The writer thread and the workers catch it themselves, so
// it is about the small objects of a session. Any other exception is a defect of ours: std::abort().
void install_last_words();

}  // namespace hearthmail::process
