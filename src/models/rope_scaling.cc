#include "models/rope_scaling.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/exact_math.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/fields.h"

namespace models {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;
using model_files::Fields;

namespace {

constexpr double kMaxFactor = 1e6;
constexpr int64_t kMaxContext = int64_t{1} << 30;

// theta^(2i/d), divided into one, each step rounded to float32.
float plain_frequency(double theta, int64_t i, int64_t n_dims) {
  const float exponent = static_cast<float>(2 * i) / static_cast<float>(n_dims);
  return 1.0f / static_cast<float>(base::exact_pow(theta, static_cast<double>(exponent)));
}

float llama3_frequency(float frequency, const RopeScaling& s) {
  const float wavelength = static_cast<float>(2 * std::numbers::pi) / frequency;
  const float original = static_cast<float>(s.original_context);
  const float low = static_cast<float>(s.low_freq_factor), high = static_cast<float>(s.high_freq_factor);
  const float factor = static_cast<float>(s.factor);
  if (wavelength < original / high) return frequency;
  if (wavelength > original / low) return frequency / factor;
  const float smooth = (original / wavelength - low) / (high - low);
  return (1 - smooth) * frequency / factor + smooth * frequency;
}

// Index of the pair that turns `rotations` times within the original context.
double yarn_pair(double rotations, double theta, int64_t n_dims, int64_t original_context) {
  return static_cast<double>(n_dims) *
         base::exact_log(static_cast<double>(original_context) / (rotations * 2 * std::numbers::pi)) /
         (2 * base::exact_log(theta));
}

std::vector<float> yarn_frequencies(std::vector<float> plain, double theta, int64_t n_dims,
                                    const RopeScaling& s) {
  double low = yarn_pair(s.beta_fast, theta, n_dims, s.original_context);
  double high = yarn_pair(s.beta_slow, theta, n_dims, s.original_context);
  if (s.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(n_dims - 1));
  if (low == high) high += 0.001;
  for (size_t i = 0; i < plain.size(); ++i) {
    const float position = (static_cast<float>(i) - static_cast<float>(low)) / static_cast<float>(high - low);
    const float ramp = std::clamp(position, 0.0f, 1.0f);
    plain[i] = plain[i] / static_cast<float>(s.factor) * ramp + plain[i] * (1 - ramp);
  }
  return plain;
}

Result<RopeScaling> read_scaling(const Fields& fields, const std::string& type, int64_t context_length) {
  RopeScaling s;
  if (type == "default" || type == "none" || type == "mrope") return s;
  if (type != "linear" && type != "llama3" && type != "yarn")
    return fail(Code::unsupported, cat("rope scaling '", base::printable(type, 40), "' is not supported"));
  s.original_context =
      TRY(fields.integer_or("original_max_position_embeddings", context_length, 1, kMaxContext));
  s.factor = TRY(fields.number_or(
      "factor", static_cast<double>(context_length) / static_cast<double>(s.original_context), 0,
      kMaxFactor));
  if (type == "linear") s.type = RopeScaling::Type::linear;
  if (type == "llama3") {
    s.type = RopeScaling::Type::llama3;
    s.low_freq_factor = TRY(fields.number("low_freq_factor", 0, kMaxFactor));
    s.high_freq_factor = TRY(fields.number("high_freq_factor", 0, kMaxFactor));
    if (s.high_freq_factor <= s.low_freq_factor)
      return fail(Code::corrupt, cat(fields.full_name("high_freq_factor"), " is not above low_freq_factor"));
  }
  if (type == "yarn") {
    s.type = RopeScaling::Type::yarn;
    if (fields.has("beta_fast")) s.beta_fast = TRY(fields.number("beta_fast", 0, kMaxFactor));
    if (fields.has("beta_slow")) s.beta_slow = TRY(fields.number("beta_slow", 0, kMaxFactor));
    s.truncate = TRY(fields.boolean_or("truncate", true));
    if (fields.has("attention_factor"))
      s.attention_factor = TRY(fields.number("attention_factor", 0, kMaxFactor));
  }
  return s;
}

}  // namespace

RopeParameters make_rope(double theta, int64_t n_dims, const RopeScaling& scaling) {
  RopeParameters rope;
  for (int64_t i = 0; i < n_dims / 2; ++i)
    rope.inverse_frequencies.push_back(plain_frequency(theta, i, n_dims));
  switch (scaling.type) {
    case RopeScaling::Type::none:
      break;
    case RopeScaling::Type::linear:
      for (float& f : rope.inverse_frequencies) f /= static_cast<float>(scaling.factor);
      break;
    case RopeScaling::Type::llama3:
      for (float& f : rope.inverse_frequencies) f = llama3_frequency(f, scaling);
      break;
    case RopeScaling::Type::yarn:
      rope.inverse_frequencies =
          yarn_frequencies(std::move(rope.inverse_frequencies), theta, n_dims, scaling);
      rope.magnitude = static_cast<float>(scaling.attention_factor.value_or(
          scaling.factor > 1 ? 0.1 * base::exact_log(scaling.factor) + 1 : 1.0));
      break;
  }
  return rope;
}

Result<RopeConfig> read_rope_config_json(const Json& config, double default_theta, int64_t context_length) {
  const Fields fields(config);
  RopeConfig rope;
  rope.theta = TRY(fields.number_or("rope_theta", default_theta, 0, 1e12));
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (!fields.has(key)) continue;
    const Fields nested = TRY(fields.object(key));
    rope.theta = TRY(nested.number_or("rope_theta", rope.theta, 0, 1e12));
    const std::string type = TRY(nested.string_or("rope_type", TRY(nested.string_or("type", "default"))));
    rope.scaling = TRY(read_scaling(nested, type, context_length));
  }
  return rope;
}

Result<RopeConfig> read_rope_gguf(const Json& metadata, const std::string& architecture) {
  const Fields fields(metadata, architecture + ".rope.");
  RopeConfig rope;
  rope.theta = TRY(fields.number_or("freq_base", 10000, 0, 1e12));
  const std::string type = TRY(fields.string_or("scaling.type", "none"));
  if (type == "none") return rope;
  if (type != "linear" && type != "yarn")
    return fail(Code::unsupported, cat("rope scaling '", base::printable(type, 40), "' is not supported"));
  rope.scaling.type = type == "linear" ? RopeScaling::Type::linear : RopeScaling::Type::yarn;
  rope.scaling.factor = TRY(fields.number("scaling.factor", 0, kMaxFactor));
  if (type == "yarn") {
    rope.scaling.original_context = TRY(fields.integer("scaling.original_context_length", 1, kMaxContext));
    const double attn_factor = TRY(fields.number_or("scaling.attn_factor", 1, 0, kMaxFactor));
    rope.scaling.attention_factor = attn_factor * (1 + 0.1 * base::exact_log(rope.scaling.factor));
  }
  return rope;
}

}  // namespace models
