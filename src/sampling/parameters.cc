#include "sampling/parameters.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/strings.h"

namespace sampling {

namespace {

base::Status check_range(const char* name, float value, float low, float high) {
  if (value >= low && value <= high) return {};
  return base::fail(base::Code::invalid_argument,
                    base::cat(name, " is ", value, "; it must lie between ", low, " and ", high));
}

base::Status check_at_least(const char* name, int64_t value, int64_t low) {
  if (value >= low) return {};
  return base::fail(base::Code::invalid_argument,
                    low == 0 ? base::cat(name, " is ", value, "; it must not be negative")
                             : base::cat(name, " is ", value, "; it must be at least ", low));
}

base::Status check_id(const char* name, TokenId id, int64_t n_ids) {
  if (id >= 0 && id < n_ids) return {};
  return base::fail(base::Code::invalid_argument,
                    base::cat(name, " has token id ", id, ", the model knows 0 to ", n_ids - 1));
}

base::Status check_ids(const char* name, std::span<const TokenId> ids, int64_t n_ids) {
  for (const TokenId id : ids) TRY(check_id(name, id, n_ids));
  return {};
}

base::Status check_sequences(const char* name, std::span<const std::vector<TokenId>> sequences,
                             int64_t n_ids) {
  for (const std::vector<TokenId>& sequence : sequences) {
    if (sequence.empty())
      return base::fail(base::Code::invalid_argument, base::cat(name, " has an entry without tokens"));
    TRY(check_ids(name, sequence, n_ids));
  }
  return {};
}

// Beyond these, what a penalty makes of a logit could leave the range of floats.
base::Status check_penalties(const Parameters& p) {
  TRY(check_range("repetition_penalty", p.repetition_penalty, 0.01f, 100));
  TRY(check_range("presence_penalty", p.presence_penalty, -100, 100));
  TRY(check_range("frequency_penalty", p.frequency_penalty, -100, 100));
  TRY(check_at_least("repeat_last_n", p.penalty_last_n, -1));
  TRY(check_range("dry_multiplier", p.dry.multiplier, 0, 100));
  TRY(check_range("dry_base", p.dry.base, 1, 100));
  TRY(check_at_least("dry_allowed_length", p.dry.allowed_length, 0));
  return check_at_least("dry_penalty_last_n", p.dry.last_n, -1);
}

base::Status check_filters(const Parameters& p) {
  TRY(check_at_least("top_k", p.top_k, 0));
  TRY(check_range("top_p", p.top_p, 0, 1));
  TRY(check_range("min_p", p.min_p, 0, 1));
  TRY(check_range("typical_p", p.typical_p, 0, 1));
  TRY(check_range("top_n_sigma", p.top_n_sigma, 0, 1000));
  TRY(check_range("xtc_probability", p.xtc.probability, 0, 1));
  TRY(check_range("xtc_threshold", p.xtc.threshold, 0, 1));
  TRY(check_range("mirostat_tau", p.mirostat.tau, 0, 100));
  return check_range("mirostat_eta", p.mirostat.eta, 0, 1);
}

base::Status check_biases(const Parameters& p, int64_t n_ids) {
  for (const LogitBias& entry : p.logit_bias) {
    TRY(check_id("logit_bias", entry.id, n_ids));
    if (entry.bias != -std::numeric_limits<float>::infinity())
      TRY(check_range("logit_bias", entry.bias, -1e6f, 1e6f));
  }
  TRY(check_ids("allowed_token_ids", p.allowed_ids, n_ids));
  TRY(check_ids("banned tokens", p.banned_ids, n_ids));
  TRY(check_sequences("bad_words", p.bad_words, n_ids));
  TRY(check_sequences("dry_sequence_breakers", p.dry.breakers, n_ids));
  return check_at_least("min_tokens", p.min_tokens, 0);
}

base::Status check_order(std::span<const Stage> order) {
  for (size_t i = 0; i < order.size(); ++i)
    if (std::ranges::count(order.subspan(i), order[i]) > 1)
      return base::fail(base::Code::invalid_argument, "samplers names one of them twice");
  return {};
}

}  // namespace

base::Status validate(const Parameters& p, int64_t n_ids) {
  TRY(check_range("temperature", p.temperature, 0, 100));
  TRY(check_filters(p));
  TRY(check_range("dynatemp_range", p.dynamic_range, 0, 100));
  TRY(check_range("dynatemp_exponent", p.dynamic_exponent, 0, 100));
  TRY(check_penalties(p));
  TRY(check_biases(p, n_ids));
  return check_order(p.order);
}

std::optional<Stage> stage_named(std::string_view name) {
  static constexpr std::pair<std::string_view, Stage> kNames[] = {
      {"penalties", Stage::penalties},
      {"dry", Stage::dry},
      {"temperature", Stage::temperature},
      {"temp", Stage::temperature},
      {"top_n_sigma", Stage::top_n_sigma},
      {"top-n-sigma", Stage::top_n_sigma},
      {"top_k", Stage::top_k},
      {"top-k", Stage::top_k},
      {"typical_p", Stage::typical_p},
      {"typ_p", Stage::typical_p},
      {"typical-p", Stage::typical_p},
      {"typ-p", Stage::typical_p},
      {"typical", Stage::typical_p},
      {"typ", Stage::typical_p},
      {"top_p", Stage::top_p},
      {"top-p", Stage::top_p},
      {"nucleus", Stage::top_p},
      {"min_p", Stage::min_p},
      {"min-p", Stage::min_p},
      {"xtc", Stage::xtc},
  };
  for (const auto& [known, stage] : kNames)
    if (known == name) return stage;
  return std::nullopt;
}

std::optional<Stage> stage_of_letter(char letter) {
  switch (letter) {
    case 'e':
      return Stage::penalties;
    case 'd':
      return Stage::dry;
    case 't':
      return Stage::temperature;
    case 's':
      return Stage::top_n_sigma;
    case 'k':
      return Stage::top_k;
    case 'y':
      return Stage::typical_p;
    case 'p':
      return Stage::top_p;
    case 'm':
      return Stage::min_p;
    case 'x':
      return Stage::xtc;
    default:
      return std::nullopt;
  }
}

}  // namespace sampling
