// The descriptors 0, 1 and 2.
#pragma once

namespace penalmt {

// Occupies those of the three that the caller closed (`penalmt ... >&-`): else the next file or
// event that the program opens would be taken for one of them. Reading or writing such a stream
// fails as on a closed one. Call it before anything is opened.
void occupy_standard_streams();

}  // namespace penalmt
