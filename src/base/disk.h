// The calls that change what is on the disk, counted, so that a test can end the program at any one
// of them, or let it fail there.
//
// The environment variable PENALMT_FAULT_AT does so from outside: 12 ends the program (exit status
// 137, as after kill -9) in the place of its twelfth call; full:12 lets that call fail as on a full
// disk.
#pragma once

#include <cstdint>
#include <filesystem>

namespace penalmt::disk {

// As the system's: 0, or -1 and errno.
int rename(const std::filesystem::path& from, const std::filesystem::path& to);
// Both names in one step; not every file system can.
int exchange(const std::filesystem::path& one, const std::filesystem::path& other);
int flush(int descriptor);
// A file, a link or an empty folder.
int remove(const std::filesystem::path& path);

struct Fault {
  int64_t at = 0;        // the number of the call, from 1; 0: none
  int error_number = 0;  // what the call fails with; 0: the program ends in its place
};

// The calls are counted from here on.
void set_fault(const Fault& fault);

// Calls since set_fault, or since the program began.
int64_t calls();

}  // namespace penalmt::disk
