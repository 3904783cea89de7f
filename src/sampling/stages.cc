#include "sampling/stages.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/exact_math.h"
#include "sampling/fast_exp.h"

namespace sampling {
namespace {

constexpr double kLn2 = 0x1.62e42fefa39efp-1;

std::vector<Candidate> by_id(std::span<const Candidate> candidates) {
  std::vector<Candidate> out(candidates.begin(), candidates.end());
  if (!std::ranges::is_sorted(out, {}, &Candidate::id)) std::ranges::sort(out, {}, &Candidate::id);
  return out;
}

// -sum p ln p over the candidates.
double entropy(const Candidates& c) {
  // With w = exp(-d) and W their sum: -sum (w/W) (-d - ln W) = ln W + sum w d / W.
  const float max = c.max();
  double total = 0, weighted = 0;
  for (const Candidate& each : by_id(c.all())) {
    const double w = exp_of_minus(max - each.logit);
    total += w;
    if (w > 0) weighted += w * (max - each.logit);
  }
  return base::exact_log(total) + weighted / total;
}

}  // namespace

Candidates::Candidates(std::span<const float> logits) {
  all_.reserve(logits.size());
  for (size_t id = 0; id < logits.size(); ++id)
    if (logits[id] != -std::numeric_limits<float>::infinity())
      all_.push_back({logits[id], static_cast<TokenId>(id)});
}

std::span<const Candidate> Candidates::sorted(size_t n) {
  n = std::min(n, all_.size());
  if (n > n_sorted_) {
    // Twice as many as asked for, so that asking for one more each time stays cheap.
    const size_t wanted = std::min(all_.size(), 2 * n);
    const auto middle = all_.begin() + static_cast<ptrdiff_t>(wanted);
    if (wanted < all_.size()) std::nth_element(all_.begin(), middle, all_.end(), comes_before);
    std::sort(all_.begin(), middle, comes_before);
    n_sorted_ = wanted;
  }
  return std::span(all_).first(n);
}

float Candidates::max() const {
  if (n_sorted_ > 0) return all_.front().logit;
  return std::ranges::max_element(all_, {}, &Candidate::logit)->logit;
}

void Candidates::scale(float factor) {
  for (Candidate& c : all_) c.logit *= factor;
  n_sorted_ = 0;  // two logits may have become one
}

void Candidates::keep_first(size_t n) {
  n = std::max<size_t>(n, 1);
  if (n >= all_.size()) return;
  sorted(n);
  all_.resize(n);
  n_sorted_ = n;
}

void Candidates::keep_at_least(float logit) {
  std::vector<Candidate> kept;
  for (const Candidate& c : all_)
    if (c.logit >= logit) kept.push_back(c);
  if (kept.empty()) return keep_first(1);
  replace(std::move(kept));
}

void Candidates::remove_first(size_t n) {
  sorted(n);
  all_.erase(all_.begin(), all_.begin() + static_cast<ptrdiff_t>(n));
  n_sorted_ = n_sorted_ > n ? n_sorted_ - n : 0;
}

void Candidates::replace(std::vector<Candidate> kept) {
  all_ = std::move(kept);
  n_sorted_ = 0;
}

double Candidates::total_weight() const {
  const float max = this->max();
  double total = 0;
  for (const Candidate& c : by_id(all_)) total += exp_of_minus(max - c.logit);
  return total;
}

void keep_top_k(Candidates& c, int64_t k) {
  if (k > 0) c.keep_first(static_cast<size_t>(k));
}

void keep_top_p(Candidates& c, float p) {
  if (p >= 1) return;
  const double wanted = c.total_weight() * double{p};
  const float max = c.max();
  double sum = 0;
  size_t n_kept = 0;
  while (n_kept < c.size() && (n_kept == 0 || sum < wanted)) {
    sum += exp_of_minus(max - c.sorted(n_kept + 1)[n_kept].logit);
    ++n_kept;
  }
  c.keep_first(n_kept);
}

void keep_min_p(Candidates& c, float p) {
  if (p > 0) c.keep_at_least(c.max() + static_cast<float>(base::exact_log(double{p})));
}

void keep_top_n_sigma(Candidates& c, float n) {
  if (n <= 0) return;
  const std::vector<Candidate> all = by_id(c.all());
  const auto count = static_cast<double>(all.size());
  double sum = 0, squares = 0;
  for (const Candidate& each : all) sum += each.logit;
  const double mean = sum / count;
  for (const Candidate& each : all) squares += (each.logit - mean) * (each.logit - mean);
  c.keep_at_least(c.max() - n * static_cast<float>(std::sqrt(squares / count)));
}

void keep_typical(Candidates& c, float p) {
  if (p >= 1) return;
  const double h = entropy(c), total = c.total_weight(), log_total = base::exact_log(total);
  const float max = c.max();
  struct Scored {
    double distance;
    Candidate candidate;
  };
  std::vector<Scored> scored;
  for (const Candidate& each : c.all()) scored.push_back({std::abs(max - each.logit + log_total - h), each});
  std::ranges::sort(scored, [](const Scored& a, const Scored& b) {
    return a.distance != b.distance ? a.distance < b.distance : comes_before(a.candidate, b.candidate);
  });
  double sum = 0;
  std::vector<Candidate> kept;
  for (const Scored& each : scored) {
    kept.push_back(each.candidate);
    sum += exp_of_minus(max - each.candidate.logit);
    if (sum > total * double{p}) break;
  }
  c.replace(std::move(kept));
}

void exclude_top(Candidates& c, float threshold) {
  const double wanted = c.total_weight() * double{threshold};
  const float max = c.max();
  size_t n_above = 0;
  while (n_above < c.size() && exp_of_minus(max - c.sorted(n_above + 1)[n_above].logit) >= wanted) ++n_above;
  if (n_above > 1) c.remove_first(n_above - 1);
}

void apply_temperature(Candidates& c, float temperature, float range, float exponent) {
  if (range > 0 && c.size() > 1) {
    const float least = std::max(0.0f, temperature - range), most = temperature + range;
    const double share = entropy(c) / base::exact_log(static_cast<double>(c.size()));
    const double bent = share > 0 ? base::exact_pow(std::min(share, 1.0), double{exponent}) : 0;
    temperature = std::max(kLeastTemperature, least + (most - least) * static_cast<float>(bent));
  }
  c.scale(1.0f / temperature);
}

void keep_surprise(Candidates& c, double mu) {
  // -log2(w / W) <= mu, w = exp(logit - max)
  const double log_total = base::exact_log(c.total_weight());
  c.keep_at_least(c.max() - static_cast<float>(mu * kLn2 - log_total));
}

double surprise_of(const Candidates& c, TokenId id) {
  const auto found = std::ranges::find(c.all(), id, &Candidate::id);
  return (c.max() - found->logit + base::exact_log(c.total_weight())) / kLn2;
}

TokenId draw(const Candidates& c, double u) {
  const float max = c.max();
  const std::vector<Candidate> all = by_id(c.all());
  double total = 0;
  for (const Candidate& each : all) total += exp_of_minus(max - each.logit);
  double sum = 0;
  TokenId chosen = 0;
  for (const Candidate& each : all) {
    const double weight = exp_of_minus(max - each.logit);
    if (weight == 0) continue;
    chosen = each.id;
    sum += weight;
    if (sum > total * u) break;
  }
  return chosen;
}

}  // namespace sampling
