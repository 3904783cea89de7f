#pragma once
// What a request or a model's own defaults say about sampling, before the one fills the gaps of the other.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sampling/parameters.h"

namespace serving {

// Any of it may be left open. What a request leaves open the model's own defaults fill, then 1.0 / off.
// Ranges are sampling::validate()'s.
struct SamplingChoices {
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> typical_p;
  std::optional<double> top_n_sigma;
  std::optional<double> dynatemp_range, dynatemp_exponent;
  std::optional<double> repetition_penalty, presence_penalty, frequency_penalty;
  std::optional<int64_t> repeat_last_n;  // tokens that the three look at; -1: all
  std::optional<double> dry_multiplier, dry_base;
  std::optional<int64_t> dry_allowed_length, dry_last_n;
  std::optional<std::vector<std::string>> dry_breakers;  // open: line ends, ':', '"' and '*'
  std::optional<double> xtc_probability, xtc_threshold;
  std::optional<int64_t> mirostat;  // 0 or 2
  std::optional<double> mirostat_tau, mirostat_eta;
  std::vector<sampling::Stage> order;  // empty: sampling::kDefaultOrder
};

// The numbers; biases, bans and the ids of breakers are the caller's to add. Ranges are not checked but for
// `mirostat`, of which only 0 and 2 are known here: Code::invalid_argument.
base::Result<sampling::Parameters> sampling_parameters(const SamplingChoices& asked,
                                                       const SamplingChoices& defaults);

}  // namespace serving
