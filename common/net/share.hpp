// One large piece of work in many small ones, done by the thread that asks and by whoever in the pool is free.
#pragma once

#include <cstddef>
#include <functional>

namespace hearthmail::net {

class Workers;

// Calls `piece(0)` to `piece(pieces - 1)`, each once, begun in this order, on this thread and up to `helpers` threads of the
// pool, and returns when all have ended. A pool without free threads only makes it slower. `piece` must not throw.
void share(Workers& workers, std::size_t helpers, std::size_t pieces, const std::function<void(std::size_t)>& piece);

}  // namespace hearthmail::net
