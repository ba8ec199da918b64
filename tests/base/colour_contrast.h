// JavaScript for pages in a browser: how far a text stands out from its ground.
#pragma once

namespace penalmt {

// numbers(colour) of a style, ground(element), its background's, and contrast(one, other), 1 to 21
// (the Web Content Accessibility Guidelines, 1.4.3).
constexpr const char* kColourContrast = R"js(
const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
const luminance = (colour) => {
  const [r, g, b] = colour.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const colour = numbers(getComputedStyle(one).backgroundColor);
    if (colour.length === 3) return colour;
  }
  return [255, 0, 255];
};
const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
)js";

}  // namespace penalmt
