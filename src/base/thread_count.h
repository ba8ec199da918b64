// How many threads the system gives.
#pragma once

#include <functional>

namespace penalmt {

// How many threads can run at once, the caller's among them: at most `wanted`, at least 1.
// Where the system has fewer to give, half of those, and no more than there are cores: the rest of
// the memory is for their work. One message a process says so. For libraries that end the program
// where a thread cannot be made: ask them for no more.
int threads_to_be_had(int wanted);

// Runs `work`, which does not throw, in a new thread, and waits for it. False where the system has
// no thread to give.
bool run_in_thread(const std::function<void()>& work);

}  // namespace penalmt
