#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/exact_math.h"
#include "base/strings.h"
#include "sampling/fast_exp.h"
#include "sampling/logit_scan.h"
#include "sampling/nucleus.h"
#include "sampling/philox.h"

namespace sampling {

namespace {

base::Status check_range(const char* name, float value, float low, float high) {
  if (value >= low && value <= high) return {};
  return base::fail(base::Code::invalid_argument,
                    base::cat(name, " is ", value, "; it must lie between ", low, " and ", high));
}

// The first `candidates` that together hold `top_p` of their weight; at least one.
void keep_by_mass(std::vector<Candidate>& candidates, const Scale& scale, float top_p) {
  double total = 0;
  for (const Candidate& c : candidates) total += exp_of_minus(scale.distance(c.logit));
  const double wanted = total * double{top_p};
  double sum = 0;
  size_t n_kept = 0;
  while (n_kept < candidates.size() && (n_kept == 0 || sum < wanted))
    sum += exp_of_minus(scale.distance(candidates[n_kept++].logit));
  candidates.resize(n_kept);
}

// As sampling::draw: by id.
TokenId draw_among(std::vector<Candidate>& candidates, const Scale& scale, double u) {
  std::ranges::sort(candidates, {}, &Candidate::id);
  double total = 0;
  for (const Candidate& c : candidates) total += exp_of_minus(scale.distance(c.logit));
  double sum = 0;
  TokenId chosen = 0;
  for (const Candidate& c : candidates) {
    const double weight = exp_of_minus(scale.distance(c.logit));
    if (weight == 0) continue;
    chosen = c.id;
    sum += weight;
    if (sum > total * u) break;
  }
  return chosen;
}

TokenId choose(const LogitScan& scan, const Parameters& p, int64_t token_index) {
  if (p.temperature < kLeastTemperature) return scan.argmax();
  const Scale scale{scan.max(), 1.0f / p.temperature};
  const double u = uniform(p.seed, static_cast<uint64_t>(token_index));
  Cut cut;
  if (p.min_p > 0) cut.distance = static_cast<float>(-base::exact_log(double{p.min_p}));
  if (p.top_k > 0 && p.top_k < static_cast<int64_t>(scan.logits().size())) {
    std::vector<Candidate> candidates = scan.largest(p.top_k);
    if (p.top_p < 1) keep_by_mass(candidates, scale, p.top_p);
    std::erase_if(candidates, [&](const Candidate& c) { return scale.distance(c.logit) > cut.distance; });
    return draw_among(candidates, scale, u);
  }
  if (p.top_p < 1) cut_by_mass(scan, scale, p.top_p, cut);
  return draw(scan, scale, cut, u);
}

std::vector<float> without(std::span<const float> logits, std::span<const TokenId> banned) {
  std::vector<float> copy(logits.begin(), logits.end());
  for (const TokenId id : banned)
    if (id >= 0 && static_cast<size_t>(id) < copy.size())
      copy[static_cast<size_t>(id)] = -std::numeric_limits<float>::infinity();
  return copy;
}

}  // namespace

base::Status validate(const Parameters& p) {
  TRY(check_range("temperature", p.temperature, 0, 100));
  if (p.top_k < 0)
    return base::fail(base::Code::invalid_argument,
                      base::cat("top_k is ", p.top_k, "; it must not be negative"));
  TRY(check_range("top_p", p.top_p, 0, 1));
  return check_range("min_p", p.min_p, 0, 1);
}

Sampler::Sampler(const Parameters& parameters) : parameters_(parameters) {}

base::Result<Sampled> Sampler::sample(std::span<const float> logits, int64_t token_index, int n_top,
                                      std::span<const TokenId> banned) const {
  if (logits.empty()) return base::fail(base::Code::internal, "the model gave no logits");
  const LogitScan scan = TRY(LogitScan::over(logits));
  Sampled sampled;
  if (banned.empty()) {
    sampled.id = choose(scan, parameters_, token_index);
  } else {
    const std::vector<float> allowed = without(logits, banned);
    sampled.id = choose(TRY(LogitScan::over(allowed)), parameters_, token_index);
  }
  if (n_top < 0) return sampled;
  const double log_sum = scan.log_sum_exp();
  sampled.logprob = static_cast<float>(logits[static_cast<size_t>(sampled.id)] - log_sum);
  if (n_top == 0) return sampled;
  for (const Candidate& c : scan.largest(n_top))
    if (std::isfinite(c.logit)) sampled.top.push_back({c.id, static_cast<float>(c.logit - log_sum)});
  return sampled;
}

double log_probability(std::span<const float> logits, TokenId id) {
  const auto scan = LogitScan::over(logits);
  if (!scan) return std::numeric_limits<double>::quiet_NaN();
  return logits[static_cast<size_t>(id)] - scan->log_sum_exp();
}

}  // namespace sampling
