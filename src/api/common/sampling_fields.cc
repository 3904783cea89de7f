#include "api/common/sampling_fields.h"

#include <charconv>
#include <string>
#include <vector>

#include "base/strings.h"

namespace api {
namespace {

using base::Json;
using serving::TokenId;
using enum Treatment;

constexpr size_t kMaxStops = 64;
constexpr size_t kMaxStopBytes = 4096;
constexpr size_t kMaxSaltBytes = 128;
constexpr std::string_view kLater = "not served yet";

constexpr Field kFields[] = {
    {"temperature", "number, 0 to 2", served, "", "absent: the model's own default, then 1"},
    {"top_p", "number, 0 to 1", served, "", "absent: the model's own default, then 1"},
    {"top_k", "integer, at least -1", served, "", "0 or -1: off; absent: the model's own default, then off"},
    {"min_p", "number, 0 to 1", served, "", "absent: the model's own default, then 0"},
    {"seed", "integer", served, "", "the same seed gives the same answer; choice i has seed + i"},
    {"stop", "string or array of up to 64", served, "", "searched in the answer, not in the thoughts"},
    {"stop_token_ids", "array of integers", served, "", "end the answer like the model's own"},
    {"ignore_eos", "boolean", served, "", "the model's end marks do not end the answer"},
    {"cache_salt", "string, 1 to 128 bytes", served, "",
     "computed prompts are shared only under the same salt"},

    {"frequency_penalty", "number", refused, "0", kLater},
    {"presence_penalty", "number", refused, "0", kLater},
    {"repetition_penalty", "number", refused, "1", kLater},
    {"logit_bias", "object", refused, "{}", kLater},
    {"min_tokens", "integer", refused, "0", kLater},
    {"bad_words", "array", refused, "[]", kLater},
    {"allowed_token_ids", "array", refused, "[]", kLater},
    {"use_beam_search", "boolean", refused, "false", kLater},
    {"include_stop_str_in_output", "boolean", refused, "false", kLater},
    {"skip_special_tokens", "boolean", refused, "true", kLater},
    {"truncate_prompt_tokens", "integer", refused, "-1", "a prompt is never cut"},
    {"typical_p", "number", refused, "1", kLater},
    {"top_n_sigma", "number", refused, "0|-1", kLater},
    {"mirostat", "integer", refused, "0", kLater},
    {"dry_multiplier", "number", refused, "0", kLater},
    {"xtc_probability", "number", refused, "0", kLater},
};

std::vector<TokenId> read_stop_ids(FieldReader& reader) {
  std::vector<TokenId> out;
  for (int64_t id : reader.integers("stop_token_ids", kMaxStops).value_or(std::vector<int64_t>())) {
    if (id < 0 || id > INT32_MAX)
      reader.wrong("stop_token_ids", base::cat("holds ", id, ", which is no token id"));
    out.push_back(static_cast<TokenId>(id));
  }
  return out;
}

std::string read_salt(FieldReader& reader) {
  const auto salt = reader.text("cache_salt");
  if (salt && (salt->empty() || salt->size() > kMaxSaltBytes))
    reader.wrong("cache_salt", base::cat("has to have 1 to ", kMaxSaltBytes, " bytes"));
  return salt.value_or("");
}

}  // namespace

std::span<const Field> sampling_fields() {
  return kFields;
}

std::vector<std::string> read_stops(FieldReader& reader, std::string_view name) {
  std::vector<std::string> stops = reader.texts(name, kMaxStops).value_or(std::vector<std::string>());
  for (const std::string& stop : stops) {
    if (stop.empty()) reader.wrong(name, "holds an empty string, which every text holds");
    if (stop.size() > kMaxStopBytes)
      reader.wrong(name, base::cat("holds a string of more than ", kMaxStopBytes, " bytes"));
  }
  return stops;
}

std::optional<uint64_t> read_seed(FieldReader& reader) {
  const Json* value = reader.any("seed");
  if (value && value->is_big_integer()) {  // up to 2^64 - 1, as some clients draw them
    const std::string& digits = value->as_big_integer().digits;
    uint64_t seed = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    if (error == std::errc() && end == digits.data() + digits.size()) return seed;
  }
  const auto seed = reader.integer("seed", INT64_MIN, INT64_MAX);
  return seed ? std::optional(static_cast<uint64_t>(*seed)) : std::nullopt;
}

void read_sampling_fields(FieldReader& reader, Asked& out) {
  serving::SamplingChoices& sampling = out.options.sampling;
  sampling.temperature = reader.number("temperature", 0, 2);
  sampling.top_p = reader.number("top_p", 0, 1);
  sampling.top_k = reader.integer("top_k", -1, INT64_MAX);
  sampling.min_p = reader.number("min_p", 0, 1);
  out.seed = read_seed(reader);
  out.options.stop = read_stops(reader, "stop");
  out.options.stop_ids = read_stop_ids(reader);
  out.options.ignore_stop_ids = reader.boolean("ignore_eos").value_or(false);
  out.options.cache_salt = read_salt(reader);
}

}  // namespace api
