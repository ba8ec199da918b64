// A refusal with its exact text.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "base/error.h"

namespace penalmt {

template <class Body>
void expect_error(Body body, const std::string& text) {
  try {
    body();
    ADD_FAILURE() << "no error; expected " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), text);
  }
}

}  // namespace penalmt
