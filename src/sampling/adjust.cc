#include "sampling/adjust.h"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "base/exact_math.h"

namespace sampling {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

bool is_inside(TokenId id, std::span<const float> logits) {
  return id >= 0 && static_cast<size_t>(id) < logits.size();
}

float& at(std::span<float> logits, TokenId id) {
  return logits[static_cast<size_t>(id)];
}

void ban(std::span<const TokenId> ids, std::span<float> logits) {
  for (const TokenId id : ids)
    if (is_inside(id, logits)) at(logits, id) = kNever;
}

void keep_only(const std::vector<TokenId>& allowed, std::span<float> logits) {
  std::vector<std::pair<TokenId, float>> kept;
  for (const TokenId id : allowed)
    if (is_inside(id, logits)) kept.emplace_back(id, at(logits, id));
  std::ranges::fill(logits, kNever);
  for (const auto& [id, logit] : kept) at(logits, id) = logit;
}

bool ends_with(std::span<const TokenId> text, std::span<const TokenId> end) {
  return text.size() >= end.size() && std::ranges::equal(text.last(end.size()), end);
}

void ban_bad_words(const Parameters& p, const History& history, std::span<float> logits) {
  for (const std::vector<TokenId>& word : p.bad_words) {
    if (word.empty() || !is_inside(word.back(), logits)) continue;
    if (ends_with(history.answer(), std::span(word).first(word.size() - 1))) at(logits, word.back()) = kNever;
  }
}

std::vector<TokenId> distinct(std::span<const TokenId> tokens) {
  std::vector<TokenId> out(tokens.begin(), tokens.end());
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

// matches[i]: how many tokens up to and including `i` are the same as the text's last ones; the text's own
// end counts nothing. The Z algorithm on the reversed text: linear.
std::vector<int64_t> match_lengths(std::span<const TokenId> text) {
  const auto n = static_cast<int64_t>(text.size());
  const auto reversed = [&](int64_t i) { return text[static_cast<size_t>(n - 1 - i)]; };
  std::vector<int64_t> z(text.size(), 0), matches(text.size(), 0);
  int64_t left = 0, right = 0;  // [left, right) matches the beginning
  for (int64_t i = 1; i < n; ++i) {
    auto& length = z[static_cast<size_t>(i)];
    if (i < right) length = std::min(right - i, z[static_cast<size_t>(i - left)]);
    while (i + length < n && reversed(length) == reversed(i + length)) ++length;
    if (i + length > right) left = i, right = i + length;
    matches[static_cast<size_t>(n - 1 - i)] = length;
  }
  return matches;
}

TokenId last_of(const std::vector<TokenId>& breaker) {
  return breaker.back();
}

// There may be thousands: each token that holds a line end is one.
auto breakers_that_end_with(const Dry& dry, TokenId id) {
  return std::ranges::equal_range(dry.breakers, id, {}, last_of);
}

// Tokens behind the last breaker: no repetition reaches further back.
int64_t reach(const Dry& dry, std::span<const TokenId> text) {
  for (size_t n = 0; n < text.size(); ++n) {
    const auto before = text.first(text.size() - n);
    for (const std::vector<TokenId>& breaker : breakers_that_end_with(dry, before.back()))
      if (ends_with(before, breaker)) return static_cast<int64_t>(n);
  }
  return static_cast<int64_t>(text.size());
}

bool is_breaker(const Dry& dry, TokenId id) {
  return std::ranges::any_of(breakers_that_end_with(dry, id),
                             [](const auto& each) { return each.size() == 1; });
}

}  // namespace

bool has_bans(const Parameters& p, int64_t n_generated) {
  return !p.logit_bias.empty() || !p.allowed_ids.empty() || !p.banned_ids.empty() || !p.bad_words.empty() ||
         (n_generated < p.min_tokens && !p.end_ids.empty());
}

bool has_penalties(const Parameters& p) {
  return (p.repetition_penalty != 1 || p.presence_penalty != 0 || p.frequency_penalty != 0) &&
         p.penalty_last_n != 0;
}

void apply_bans(const Parameters& p, const History& history, std::span<float> logits) {
  if (!p.allowed_ids.empty()) keep_only(p.allowed_ids, logits);
  ban(p.banned_ids, logits);
  if (history.n_generated() < p.min_tokens) ban(p.end_ids, logits);
  ban_bad_words(p, history, logits);
  for (const LogitBias& bias : p.logit_bias)
    if (is_inside(bias.id, logits)) at(logits, bias.id) += bias.bias;
}

void apply_penalties(const Parameters& p, const History& history, std::span<float> logits) {
  const std::span<const TokenId> window = history.last(p.penalty_last_n);
  if (p.repetition_penalty != 1)
    for (const TokenId id : distinct(window)) {
      if (!is_inside(id, logits)) continue;
      float& logit = at(logits, id);
      logit = logit > 0 ? logit / p.repetition_penalty : logit * p.repetition_penalty;
    }
  if (p.presence_penalty == 0 && p.frequency_penalty == 0) return;
  const std::span<const TokenId> answer =
      window.last(std::min(window.size(), static_cast<size_t>(history.n_generated())));
  std::map<TokenId, int64_t> counts;
  for (const TokenId id : answer) ++counts[id];
  for (const auto& [id, count] : counts)
    if (is_inside(id, logits))
      at(logits, id) -= p.presence_penalty + static_cast<float>(count) * p.frequency_penalty;
}

void sort_breakers(Dry& dry) {
  std::erase_if(dry.breakers, [](const auto& breaker) { return breaker.empty(); });
  std::ranges::sort(dry.breakers, {}, last_of);
}

void apply_dry(const Dry& dry, const History& history, std::span<float> logits) {
  if (dry.multiplier == 0 || dry.last_n == 0) return;
  const std::span<const TokenId> text = history.last(dry.last_n);
  const int64_t limit = reach(dry, text);
  if (limit < dry.allowed_length) return;
  const std::vector<int64_t> matches = match_lengths(text);
  std::map<TokenId, int64_t> longest;  // of the matches after which the token came
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const int64_t length = std::min(matches[i], limit);
    if (length < dry.allowed_length || length == 0) continue;
    int64_t& known = longest[text[i + 1]];
    known = std::max(known, length);
  }
  // Beyond this no token is left a chance; larger powers would not be numbers.
  constexpr double kMost = 1e30;
  for (const auto& [id, length] : longest) {
    if (!is_inside(id, logits) || is_breaker(dry, id)) continue;
    const double power = base::exact_pow(double{dry.base}, static_cast<double>(length - dry.allowed_length));
    at(logits, id) -= static_cast<float>(std::min(double{dry.multiplier} * power, kMost));
  }
}

}  // namespace sampling
