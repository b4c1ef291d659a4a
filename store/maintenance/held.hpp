// Private to store/maintenance.
#pragma once

#include <string>

#include "store/queue/states.hpp"
#include "store/queue/tables.hpp"

namespace hearthmail::store::maintenance {

// The entry with every recipient that has not ended on hold, saying why.
queue::Entry held(queue::Entry entry, const std::string& created);

}  // namespace hearthmail::store::maintenance
