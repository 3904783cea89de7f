#pragma once
// What a request may say about the choice of its tokens. docs/sampling.md has the formulas and their sources.
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sampling {

using TokenId = int32_t;

// Below this temperature the choice is greedy: a difference of 1e-4 between logits would weigh e^100.
inline constexpr float kLeastTemperature = 1e-6f;

// The steps between the model's logits and the draw whose order may be chosen. Bans, allowed ids and biases
// come before them all.
enum class Stage : uint8_t {
  penalties,  // repetition, presence, frequency
  dry,
  temperature,
  top_n_sigma,
  top_k,
  typical_p,
  top_p,
  min_p,
  xtc,
};

// transformers' order, with the rarer stages at their places in llama.cpp's.
inline constexpr std::array kDefaultOrder = {Stage::penalties,   Stage::dry,   Stage::temperature,
                                             Stage::top_n_sigma, Stage::top_k, Stage::typical_p,
                                             Stage::top_p,       Stage::min_p, Stage::xtc};
// llama.cpp's: temperature last.
inline constexpr std::array kLlamaCppOrder = {Stage::penalties, Stage::dry,       Stage::top_n_sigma,
                                              Stage::top_k,     Stage::typical_p, Stage::top_p,
                                              Stage::min_p,     Stage::xtc,       Stage::temperature};

// "top_k"; also the other spellings that llama.cpp's `samplers` takes: "typ_p", "top-k", "temp", ...
std::optional<Stage> stage_named(std::string_view name);
// The letter of `--sampling-seq`: "edskypmxt".
std::optional<Stage> stage_of_letter(char letter);

struct LogitBias {
  TokenId id = 0;
  float bias = 0;  // -infinity: the token never comes
};

// "Don't repeat yourself": the longer the text's end has stood before, the less likely what came after it.
struct Dry {
  float multiplier = 0;  // 0: off
  float base = 1.75f;
  int64_t allowed_length = 2;
  int64_t last_n = -1;  // tokens looked at; -1: all, 0: off
  // A repetition does not reach back over any of these, and a token that is one by itself is never made less
  // likely.
  std::vector<std::vector<TokenId>> breakers;
};

// "Exclude top choices": with `probability`, all tokens of at least `threshold` but the least of them go.
struct Xtc {
  float probability = 0;  // 0: off
  float threshold = 0.1f;
};

// Mirostat 2: keeps the surprise of tokens near `tau` bits. Takes the place of all stages that leave out
// tokens.
struct Mirostat {
  bool on = false;
  float tau = 5.0f;
  float eta = 0.1f;
};

struct Parameters {
  float temperature = 1.0f;  // 0: greedy (the lowest id among equals)
  int top_k = 0;             // 0: off
  float top_p = 1.0f;        // 1: off
  float min_p = 0.0f;        // 0: off
  uint64_t seed = 0;

  float typical_p = 1.0f;    // 1: off
  float top_n_sigma = 0.0f;  // 0: off
  // The temperature moves within `temperature` +- range as the distribution is sharp or flat; 0: off.
  float dynamic_range = 0.0f;
  float dynamic_exponent = 1.0f;

  float repetition_penalty = 1.0f;  // 1: off; over prompt and answer
  float presence_penalty = 0.0f;    // over the answer alone, as is the next
  float frequency_penalty = 0.0f;
  int64_t penalty_last_n = -1;  // the three look at so many last tokens; -1: all, 0: none
  Dry dry;
  Xtc xtc;
  Mirostat mirostat;

  std::vector<LogitBias> logit_bias;
  std::vector<TokenId> allowed_ids;  // empty: all; else no other ever comes
  std::vector<TokenId> banned_ids;
  std::vector<std::vector<TokenId>> bad_words;  // their last token never follows the others in an answer
  int64_t min_tokens = 0;                       // until the answer has so many, no end_ids
  std::vector<TokenId> end_ids;

  std::vector<Stage> order;  // what is not named is not done; empty: kDefaultOrder
};

// Names the parameter that is out of its range; ids must lie below n_ids.
base::Status validate(const Parameters& parameters, int64_t n_ids = std::numeric_limits<TokenId>::max());

}  // namespace sampling
