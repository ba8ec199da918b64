// What happens where another program cuts a mapped file short (base/files.h): touching what is gone
// raises SIGBUS.
#pragma once

namespace penalmt {

// Installs the handler of SIGBUS that names the mapped file and exits with status 1. Call it once.
void watch_mapped_files();

}  // namespace penalmt
