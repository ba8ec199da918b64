// A number as sacreBLEU's resampling computes with it under NumPy 2: a float32 of NumPy or a float
// of Python. Where the two meet the result is a float32 (NEP 50), so scores of resampled corpora
// are rounded as its are.
#pragma once

namespace penalmt {

class NumpyNumber {
 public:
  NumpyNumber() = default;
  NumpyNumber(double python) : value_(python) {}  // NOLINT(google-explicit-constructor)
  static NumpyNumber float32(float value) {
    NumpyNumber number(static_cast<double>(value));
    number.single_ = true;
    return number;
  }

  double value() const { return value_; }
  bool is_float32() const { return single_; }

  friend NumpyNumber operator+(NumpyNumber a, NumpyNumber b) {
    return either(a, b) ? float32(a.rounded() + b.rounded()) : NumpyNumber(a.value_ + b.value_);
  }
  friend NumpyNumber operator*(NumpyNumber a, NumpyNumber b) {
    return either(a, b) ? float32(a.rounded() * b.rounded()) : NumpyNumber(a.value_ * b.value_);
  }
  friend NumpyNumber operator/(NumpyNumber a, NumpyNumber b) {
    return either(a, b) ? float32(a.rounded() / b.rounded()) : NumpyNumber(a.value_ / b.value_);
  }
  NumpyNumber& operator+=(NumpyNumber other) { return *this = *this + other; }

 private:
  static bool either(NumpyNumber a, NumpyNumber b) { return a.single_ || b.single_; }
  float rounded() const { return static_cast<float>(value_); }

  double value_ = 0;
  bool single_ = false;
};

inline double value_of(double number) { return number; }
inline double value_of(NumpyNumber number) { return number.value(); }

}  // namespace penalmt
