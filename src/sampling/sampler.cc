#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/exact_math.h"
#include "base/strings.h"
#include "sampling/adjust.h"
#include "sampling/fast_exp.h"
#include "sampling/logit_scan.h"
#include "sampling/nucleus.h"
#include "sampling/philox.h"
#include "sampling/stages.h"

namespace sampling {

namespace {

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

// Whether the stages do no more than temperature, top-k, top-p and min-p, in this order.
bool is_short(const Parameters& p, bool after_sampling) {
  return p.order.empty() && p.typical_p >= 1 && p.top_n_sigma <= 0 && p.xtc.probability <= 0 &&
         p.dynamic_range <= 0 && !p.mirostat.on && !after_sampling;
}

std::span<const Stage> order_of(const Parameters& p) {
  return p.order.empty() ? std::span<const Stage>(kDefaultOrder) : std::span<const Stage>(p.order);
}

bool leaves_out_tokens(Stage stage) {
  return stage != Stage::penalties && stage != Stage::dry && stage != Stage::temperature;
}

// One of the stages that work on candidates. With a temperature of 0 only the likeliest is left.
void apply(Stage stage, const Parameters& p, int64_t token_index, Candidates& c) {
  if (p.mirostat.on && leaves_out_tokens(stage)) return;
  switch (stage) {
    case Stage::temperature:
      if (p.temperature < kLeastTemperature) return c.keep_first(1);
      return apply_temperature(c, p.temperature, p.dynamic_range, p.dynamic_exponent);
    case Stage::top_n_sigma:
      return keep_top_n_sigma(c, p.top_n_sigma);
    case Stage::top_k:
      return keep_top_k(c, p.top_k);
    case Stage::typical_p:
      return keep_typical(c, p.typical_p);
    case Stage::top_p:
      return keep_top_p(c, p.top_p);
    case Stage::min_p:
      return keep_min_p(c, p.min_p);
    case Stage::xtc:
      if (p.xtc.probability > 0 &&
          uniform(p.seed, static_cast<uint64_t>(token_index), 1) < double{p.xtc.probability})
        exclude_top(c, p.xtc.threshold);
      return;
    case Stage::penalties:
    case Stage::dry:
      return;
  }
}

// Penalties that stand behind other stages see only what those left.
void adjust(Candidates& c, std::span<float> scratch, const std::function<void(std::span<float>)>& change) {
  std::ranges::fill(scratch, -std::numeric_limits<float>::infinity());
  for (const Candidate& each : c.all()) scratch[static_cast<size_t>(each.id)] = each.logit;
  change(scratch);
  c.replace({});
  std::vector<Candidate> changed;
  for (size_t id = 0; id < scratch.size(); ++id)
    if (std::isfinite(scratch[id])) changed.push_back({scratch[id], static_cast<TokenId>(id)});
  c.replace(std::move(changed));
}

void report_what_is_left(Candidates& c, int n_top, Sampled& sampled) {
  const double log_total = base::exact_log(c.total_weight());
  const auto logprob = [&](float logit) { return static_cast<float>(double{logit} - c.max() - log_total); };
  sampled.logprob = logprob(std::ranges::find(c.all(), sampled.id, &Candidate::id)->logit);
  for (const Candidate& each : c.sorted(static_cast<size_t>(n_top)))
    sampled.top.push_back({each.id, logprob(each.logit)});
}

void report_raw(const LogitScan& scan, int n_top, Sampled& sampled) {
  const double log_sum = scan.log_sum_exp();
  sampled.logprob = static_cast<float>(scan.logits()[static_cast<size_t>(sampled.id)] - log_sum);
  if (n_top == 0) return;
  for (const Candidate& c : scan.largest(n_top))
    if (std::isfinite(c.logit)) sampled.top.push_back({c.id, static_cast<float>(c.logit - log_sum)});
}

}  // namespace

Sampler::Sampler(const Parameters& parameters)
    : parameters_(parameters), surprise_limit_(2 * double{parameters.mirostat.tau}) {
  sort_breakers(parameters_.dry);
}

base::Result<Sampled> Sampler::sample(std::span<const float> logits, const History& history, Report report) {
  return sample_at(logits, history, history.n_generated(), report);
}

base::Result<Sampled> Sampler::sample(std::span<const float> logits, int64_t token_index, int n_top) {
  return sample_at(logits, {}, token_index, {.n_top = n_top});
}

base::Result<Sampled> Sampler::sample_at(std::span<const float> logits, const History& history,
                                         int64_t token_index, Report report) {
  if (logits.empty()) return base::fail(base::Code::internal, "the model gave no logits");
  const LogitScan raw = TRY(LogitScan::over(logits));
  const Parameters& p = parameters_;
  const bool is_short_way = is_short(p, report.after_sampling);
  const bool has_bans_now = has_bans(p, token_index);
  const bool penalises_first = is_short_way && (has_penalties(p) || p.dry.multiplier != 0);
  std::span<const float> changed = logits;
  if (has_bans_now || penalises_first) {
    adjusted_.assign(logits.begin(), logits.end());
    if (has_bans_now) apply_bans(p, history, adjusted_);
    if (penalises_first && has_penalties(p)) apply_penalties(p, history, adjusted_);
    if (penalises_first) apply_dry(p.dry, history, adjusted_);
    changed = adjusted_;
    if (std::ranges::none_of(changed, [](float logit) { return std::isfinite(logit); }))
      return base::fail(base::Code::invalid_argument,
                        "bans and allowed tokens together leave no token to choose from");
  }
  Sampled sampled;
  if (!is_short_way)
    sampled.id = choose_by_stages(changed, history, token_index, report, sampled);
  else if (changed.data() == logits.data())
    sampled.id = choose(raw, p, token_index);
  else
    sampled.id = choose(TRY(LogitScan::over(changed)), p, token_index);
  if (report.n_top >= 0 && !report.after_sampling) report_raw(raw, report.n_top, sampled);
  return sampled;
}

TokenId Sampler::choose_by_stages(std::span<const float> logits, const History& history, int64_t token_index,
                                  Report report, Sampled& sampled) {
  const Parameters& p = parameters_;
  Candidates candidates(logits);
  std::vector<float> scratch;
  for (const Stage stage : order_of(p)) {
    if (stage == Stage::penalties && has_penalties(p)) {
      scratch.resize(logits.size());
      adjust(candidates, scratch, [&](std::span<float> all) { apply_penalties(p, history, all); });
    } else if (stage == Stage::dry && p.dry.multiplier != 0) {
      scratch.resize(logits.size());
      adjust(candidates, scratch, [&](std::span<float> all) { apply_dry(p.dry, history, all); });
    } else {
      apply(stage, p, token_index, candidates);
    }
  }
  const bool is_greedy = p.temperature < kLeastTemperature;
  if (is_greedy) candidates.keep_first(1);
  if (p.mirostat.on) keep_surprise(candidates, surprise_limit_);
  sampled.id = draw(candidates, uniform(p.seed, static_cast<uint64_t>(token_index)));
  if (p.mirostat.on)
    surprise_limit_ -=
        double{p.mirostat.eta} * (surprise_of(candidates, sampled.id) - double{p.mirostat.tau});
  if (report.n_top >= 0 && report.after_sampling) report_what_is_left(candidates, report.n_top, sampled);
  return sampled.id;
}

base::Result<Sampled> appraise(std::span<const float> logits, TokenId id, int n_top) {
  Sampled out;
  out.id = id;
  report_raw(TRY(LogitScan::over(logits)), n_top, out);
  return out;
}

double log_probability(std::span<const float> logits, TokenId id) {
  const auto scan = LogitScan::over(logits);
  if (!scan) return std::numeric_limits<double>::quiet_NaN();
  return logits[static_cast<size_t>(id)] - scan->log_sum_exp();
}

}  // namespace sampling
