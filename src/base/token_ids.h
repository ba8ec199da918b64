// The ids of the pieces that every vocabulary has.
#pragma once

namespace penalmt {

constexpr int kPad = 0, kBos = 1, kEos = 2, kUnknown = 3;
constexpr int kFirstWritable = kEos;  // what stands before it is never generated

}  // namespace penalmt
