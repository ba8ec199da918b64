// Languages by their English names.
#pragma once

#include <string>

namespace penalmt {

// "German" for "de"; the code where it is none that ICU knows.
std::string name_of_language(const std::string& code);

}  // namespace penalmt
