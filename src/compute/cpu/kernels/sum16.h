#pragma once
// The fixed trees that end a sum or a maximum over 16 lanes: i and i+8, i and i+4, i and i+2, 0 and 1.

namespace compute::cpu::scalar {

inline float tree_sum(float (&lanes)[16]) {
  for (int half = 8; half >= 1; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i] + lanes[i + half];
  }
  return lanes[0];
}

inline float larger(float a, float b) {
  return a > b ? a : b;
}  // b if one is NaN, as maxps does

inline float tree_max(float (&lanes)[16]) {
  for (int half = 8; half >= 1; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = larger(lanes[i], lanes[i + half]);
  }
  return lanes[0];
}

}  // namespace compute::cpu::scalar
