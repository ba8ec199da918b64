// Numeric options, strictly: the command line library alone would take "010" for eight and "nan"
// for a number in every range.
#pragma once

#include <cstdint>

#include <CLI/CLI.hpp>

namespace penalmt {

// Refuses what is no whole number between the two (inclusive): "got '010', expected a whole number
// from 1 to 1000".
CLI::Validator whole_number_in(int64_t minimum, int64_t maximum);

// The same of any whole number that 64 bits without a sign hold.
CLI::Validator any_unsigned_number();

// Refuses what is no finite number between the two.
CLI::Validator number_in(double minimum, double maximum);

}  // namespace penalmt
