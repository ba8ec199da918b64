// The calls that change what is on the disk, counted, so that a test can end the program at any one
// of them, or let it fail there.
//
// The environment variable PENALMT_FAULT_AT does so from outside: 12 ends the program (exit status
// 137, as after kill -9) in the place of its twelfth call; full:12 lets that call fail as on a full
// disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace penalmt::disk {

// As the system's: 0, or -1 and errno.
int rename(const std::filesystem::path& from, const std::filesystem::path& to);
// Both names in one step; not every file system can.
int exchange(const std::filesystem::path& one, const std::filesystem::path& other);
int flush(int descriptor);
// A file, a link or an empty folder.
int remove(const std::filesystem::path& path);

// These are not counted.
// All of the bytes, in as many parts as the system takes: 0, or -1 and errno.
int write(int descriptor, std::string_view bytes);
int write_at(int descriptor, std::string_view bytes, uint64_t at);
// Takes the file's lock; false where another process holds it. A file system without locks lets
// everybody in.
bool lock(int descriptor);

struct Fault {
  int64_t at = 0;        // the number of the call, from 1; 0: none
  int error_number = 0;  // what the call fails with; 0: the program ends in its place
};

// The calls are counted from here on.
void set_fault(const Fault& fault);

// Calls since set_fault, or since the program began.
int64_t calls();

}  // namespace penalmt::disk
