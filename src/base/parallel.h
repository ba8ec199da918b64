// Independent jobs on several threads.
#pragma once

#include <cstdint>
#include <functional>

namespace penalmt {

// Calls job(0) ... job(count - 1), each once, on `threads` threads (0: one a core), on fewer where
// the system refuses them; returns when all are done. Where jobs throw, no further ones begin, and
// the exception of the first (by number) goes on to the caller. A Ctrl-C: throws Interrupted.
void parallel_for(int64_t count, int threads, const std::function<void(int64_t)>& job);

}  // namespace penalmt
