#include "engine/step_costs.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace engine {

namespace {

// A further row costs this part of the first, until more is known: about what it costs small models, which
// are bound by arithmetic early, and much for large ones. Beyond the largest size that was measured it is
// taken to cost no less, and no more than the larger share.
constexpr double kRowShare = 0.2, kMostRowShare = 0.4;

// What was measured is asked again after so many steps, the sooner the less often it was measured: two slow
// steps by accident must not keep a size from being used, and contexts grow.
constexpr int64_t kTrustedSteps = 2048;
constexpr int64_t kFirstTrustedSteps = 16;  // times two with each sample

int64_t trusted_steps(int64_t n_samples) {
  return std::min(kTrustedSteps, kFirstTrustedSteps << std::min<int64_t>(n_samples, 10));
}

// One step that the machine held up does not make its size look bad for long.
constexpr double kMostRise = 1.5;
constexpr double kLearningRate = 0.15;
constexpr int64_t kSureSamples = 3;

// The first step of a size touches memory that was never used and may take twice its time: it is measured
// again before it counts.
constexpr int64_t kLeastSamples = 2;

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
  if (now_ - entry.learned_at > trusted_steps(entry.n_samples)) entry = {};
  ++now_;
  entry.learned_at = now_;
  ++entry.n_samples;
  if (entry.n_samples > kSureSamples) seconds = std::min(seconds, kMostRise * entry.seconds);
  if (entry.n_samples <= kLeastSamples)
    entry.seconds = entry.n_samples == 1 ? seconds : std::min(seconds, entry.seconds);
  else
    entry.seconds += kLearningRate * (seconds - entry.seconds);
}

bool StepCosts::is_known(int64_t n_rows) const {
  const Entry& entry = entries_[static_cast<size_t>(n_rows)];
  return entry.n_samples >= kLeastSamples && now_ - entry.learned_at <= trusted_steps(entry.n_samples);
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
  const double first_row = at(lowest) / presumed(lowest);
  const double measured = below > lowest ? (at(below) - at(lowest)) / static_cast<double>(below - lowest) : 0;
  const double slope = std::clamp(measured, kRowShare * first_row, kMostRowShare * first_row);
  return at(below) + slope * static_cast<double>(n_rows - below);
}

}  // namespace engine
