// How many threads the system gives.
#pragma once

namespace penalmt {

// How many threads can run at once, the caller's among them: at most `wanted`, at least 1. For
// libraries that end the program where a thread cannot be made: ask them for no more.
int threads_to_be_had(int wanted);

}  // namespace penalmt
