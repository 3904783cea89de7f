#include "engine/step_costs.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace engine {

namespace {

// A further row costs this part of the first, until more is known: about what small models cost that are
// bound by arithmetic, a little much for large ones.
constexpr double kRowShare = 0.1;

// Contexts grow and other programs come and go: what was measured so many steps ago is asked again.
constexpr int64_t kTrustedSteps = 2048;

// One step that the machine held up does not make its size look bad for long.
constexpr double kMostRise = 1.5;
constexpr double kLearningRate = 0.15;
constexpr int64_t kSureSamples = 3;

double presumed(int64_t n_rows) {
  return 1 + kRowShare * static_cast<double>(n_rows - 1);
}

}  // namespace

StepCosts::StepCosts(int64_t most_rows) : entries_(static_cast<size_t>(most_rows) + 1) {
  CHECK(most_rows >= 1);
}

void StepCosts::learn(int64_t n_rows, double seconds) {
  CHECK(n_rows >= 1 && n_rows < std::ssize(entries_));
  Entry& entry = entries_[static_cast<size_t>(n_rows)];
  if (!is_known(n_rows)) entry = {};
  ++now_;
  entry.learned_at = now_;
  ++entry.n_samples;
  if (entry.n_samples > kSureSamples) seconds = std::min(seconds, kMostRise * entry.seconds);
  const double rate = std::max(1.0 / static_cast<double>(entry.n_samples), kLearningRate);
  entry.seconds += rate * (seconds - entry.seconds);
}

bool StepCosts::is_known(int64_t n_rows) const {
  const Entry& entry = entries_[static_cast<size_t>(n_rows)];
  return entry.n_samples > 0 && now_ - entry.learned_at <= kTrustedSteps;
}

double StepCosts::seconds(int64_t n_rows) const {
  const auto at = [&](int64_t rows) { return entries_[static_cast<size_t>(rows)].seconds; };
  int64_t below = 0, above = 0, lowest = 0;  // known sizes; 0: none
  for (int64_t rows = 1; rows < std::ssize(entries_); ++rows) {
    if (!is_known(rows)) continue;
    if (lowest == 0) lowest = rows;
    if (rows <= n_rows) below = rows;
    if (rows >= n_rows && above == 0) above = rows;
  }
  if (lowest == 0) return presumed(n_rows);
  if (below == 0) return at(above) * presumed(n_rows) / presumed(above);
  if (below == n_rows) return at(n_rows);
  if (above != 0)
    return std::lerp(at(below), at(above),
                     static_cast<double>(n_rows - below) / static_cast<double>(above - below));
  double slope = at(below) / presumed(below) * kRowShare;
  if (lowest < below) slope = std::max(slope, (at(below) - at(lowest)) / static_cast<double>(below - lowest));
  return at(below) + slope * static_cast<double>(n_rows - below);
}

}  // namespace engine
