#include "serving/sampling_choices.h"

#include <algorithm>

#include "base/strings.h"

namespace serving {

base::Result<sampling::Parameters> sampling_parameters(const SamplingChoices& asked,
                                                       const SamplingChoices& defaults) {
  const auto fill = [&](auto SamplingChoices::* choice, auto& value) {
    using Value = std::remove_reference_t<decltype(value)>;
    const auto& chosen = asked.*choice ? asked.*choice : defaults.*choice;
    if (chosen) value = static_cast<Value>(*chosen);
  };
  using C = SamplingChoices;
  sampling::Parameters out;
  int64_t top_k = 0, mirostat = 0;
  fill(&C::temperature, out.temperature);
  fill(&C::top_k, top_k);
  out.top_k = static_cast<int>(std::clamp<int64_t>(top_k, 0, INT32_MAX));
  fill(&C::top_p, out.top_p);
  fill(&C::min_p, out.min_p);
  fill(&C::typical_p, out.typical_p);
  fill(&C::top_n_sigma, out.top_n_sigma);
  out.top_n_sigma = std::max(out.top_n_sigma, 0.0f);  // llama.cpp's -1
  fill(&C::dynatemp_range, out.dynamic_range);
  fill(&C::dynatemp_exponent, out.dynamic_exponent);
  fill(&C::repetition_penalty, out.repetition_penalty);
  fill(&C::presence_penalty, out.presence_penalty);
  fill(&C::frequency_penalty, out.frequency_penalty);
  fill(&C::repeat_last_n, out.penalty_last_n);
  fill(&C::dry_multiplier, out.dry.multiplier);
  fill(&C::dry_base, out.dry.base);
  fill(&C::dry_allowed_length, out.dry.allowed_length);
  fill(&C::dry_last_n, out.dry.last_n);
  fill(&C::xtc_probability, out.xtc.probability);
  fill(&C::xtc_threshold, out.xtc.threshold);
  fill(&C::mirostat, mirostat);
  if (mirostat != 0 && mirostat != 2)
    return base::fail(base::Code::invalid_argument,
                      base::cat("mirostat is ", mirostat, "; it may be 0, which is off, or 2"));
  out.mirostat.on = mirostat == 2;
  fill(&C::mirostat_tau, out.mirostat.tau);
  fill(&C::mirostat_eta, out.mirostat.eta);
  out.order = asked.order.empty() ? defaults.order : asked.order;
  return out;
}

}  // namespace serving
