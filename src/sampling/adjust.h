#pragma once
// What is done to logits before anything is left out: bans, biases, penalties for what was said before.
#include <span>

#include "sampling/history.h"
#include "sampling/parameters.h"

namespace sampling {

// Whether these change any logit at this place of the answer.
bool has_bans(const Parameters& p, int64_t n_generated);
bool has_penalties(const Parameters& p);

// -infinity for tokens that may not come now (banned_ids, ids that are not allowed, end_ids before
// min_tokens, the last token of a bad word whose others stand at the answer's end), then the biases.
void apply_bans(const Parameters& p, const History& history, std::span<float> logits);

// Repetition penalty (Keskar et al. 2019, CTRL): of each token of the last penalty_last_n a positive logit is
// divided by it, another multiplied. Presence and frequency (OpenAI): of each token of the answer within that
// window, presence + count * frequency is taken off. Each token once, however often it stands there.
void apply_penalties(const Parameters& p, const History& history, std::span<float> logits);

// DRY (p-e-w, text-generation-webui #5677): where the text's end, `length` tokens of it, has stood before,
// what came after it loses multiplier * base^(length - allowed_length); the longest match counts. REQUIRES:
// dry.breakers are in the order of sort_breakers().
void sort_breakers(Dry& dry);
void apply_dry(const Dry& dry, const History& history, std::span<float> logits);

}  // namespace sampling
