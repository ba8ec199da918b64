// Independent jobs on several threads.
#pragma once

#include <cstdint>
#include <functional>

namespace penalmt {

// Calls job(0) ... job(count - 1), each once, on `threads` threads (0: one a core); returns when
// all are done. Where jobs throw, no further ones begin, and the exception of the first of them (by
// number) goes on to the caller. A Ctrl-C ends it with Interrupted. The caller is one of the
// threads. Where the system has fewer to give, half of those that it has work besides the caller
// (the rest of the memory is for their work), at worst none: a lack of threads is no error, and one
// message a process says so.
void parallel_for(int64_t count, int threads, const std::function<void(int64_t)>& job);

}  // namespace penalmt
