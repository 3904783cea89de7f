#include "api/common/sampling_fields.h"

#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
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

    {"frequency_penalty", "number, -2 to 2", served, "", "over the answer"},
    {"presence_penalty", "number, -2 to 2", served, "", "over the answer"},
    {"repetition_penalty", "number, 0 to 100", served, "", "over prompt and answer; also `repeat_penalty`"},
    {"repeat_penalty", "number, 0 to 100", served, "", "the same as `repetition_penalty`"},
    {"repeat_last_n", "integer, at least -1", served, "",
     "tokens that the penalties look at; absent or -1: all"},
    {"logit_bias", "object or array", served, "",
     "of token ids, -100 to 100; also llama-server's list of pairs [id or text, bias or false]"},
    {"min_tokens", "integer, at least 0", served, "", "no end before; also `min_new_tokens`"},
    {"min_new_tokens", "integer, at least 0", served, "", "the same as `min_tokens`"},
    {"bad_words", "array of strings", served, "", "never part of the answer"},
    {"allowed_token_ids", "array of integers", served, "", "no other token comes"},
    {"include_stop_str_in_output", "boolean", served, "", "also `no_stop_trim`"},
    {"no_stop_trim", "boolean", served, "", "the same as `include_stop_str_in_output`"},
    {"skip_special_tokens", "boolean", served, "", "false: special tokens are part of the text"},
    {"typical_p", "number, 0 to 1", served, "", "absent: 1, which is off"},
    {"top_n_sigma", "number, at least -1", served, "", "absent, 0 or -1: off"},
    {"dynatemp_range", "number, at least 0", served, "", "absent: 0, which is off"},
    {"dynatemp_exponent", "number, 0 to 100", served, "", "absent: 1"},
    {"dry_multiplier", "number, 0 to 100", served, "", "absent: 0, which is off"},
    {"dry_base", "number, 1 to 100", served, "", "absent: 1.75"},
    {"dry_allowed_length", "integer, at least 0", served, "", "absent: 2"},
    {"dry_penalty_last_n", "integer, at least -1", served, "", "absent or -1: all tokens; 0: off"},
    {"dry_sequence_breakers", "array of strings", served, "", "absent: line ends, `:`, `\"` and `*`"},
    {"xtc_probability", "number, 0 to 1", served, "", "absent: 0, which is off"},
    {"xtc_threshold", "number, 0 to 1", served, "", "absent: 0.1"},
    {"mirostat", "integer, 0 or 2", served, "", "absent: 0, which is off; 1 is not served"},
    {"mirostat_tau", "number, 0 to 100", served, "", "absent: 5"},
    {"mirostat_eta", "number, 0 to 100", served, "", "absent: 0.1"},
    {"samplers", "array of strings, or a string", served, "", "the stages in their order; see sampling.md"},
    {"repetition_detection", "object", served, "",
     "max_pattern_size, min_pattern_size, min_count: ends an answer that repeats itself"},
    {"t_max_predict_ms", "integer, at least 0", served, "", "ends an answer at a line's end after that time"},
    {"post_sampling_probs", "boolean", served, "", "log-probabilities of what the stages left"},
    {"priority", "integer", served, "", "lower ones go first"},

    {"use_beam_search", "boolean", refused, "false", "only one continuation is followed at a time"},
    {"truncate_prompt_tokens", "integer", refused, "-1", "a prompt is never cut"},
};

constexpr size_t kMaxIds = 1 << 20;
constexpr size_t kMaxWords = 1024;
constexpr size_t kMaxSamplers = 64;

using Names = std::initializer_list<std::string_view>;

// One field under several spellings; two that differ contradict each other.
template <class T, class Read>
std::optional<T> read_spellings(FieldReader& reader, Names names, Read read) {
  std::optional<T> out;
  std::string_view first;
  for (const std::string_view name : names) {
    const std::optional<T> value = read(name);
    if (!value) continue;
    if (out && *out != *value) reader.wrong(name, base::cat("says otherwise than '", first, "'"));
    if (!out) first = name;
    out = value;
  }
  return out;
}

std::optional<double> number(FieldReader& reader, Names names, double least, double most) {
  return read_spellings<double>(reader, names,
                                [&](std::string_view name) { return reader.number(name, least, most); });
}

std::optional<int64_t> integer(FieldReader& reader, Names names, int64_t least, int64_t most = INT64_MAX) {
  return read_spellings<int64_t>(reader, names,
                                 [&](std::string_view name) { return reader.integer(name, least, most); });
}

bool boolean(FieldReader& reader, Names names, bool if_absent) {
  return read_spellings<bool>(reader, names, [&](std::string_view name) { return reader.boolean(name); })
      .value_or(if_absent);
}

void read_penalties(FieldReader& reader, serving::SamplingChoices& out) {
  out.frequency_penalty = reader.number("frequency_penalty", -2, 2);
  out.presence_penalty = reader.number("presence_penalty", -2, 2);
  out.repetition_penalty = number(reader, {"repetition_penalty", "repeat_penalty"}, 0, 100);
  if (out.repetition_penalty == 0.0)
    reader.wrong("repetition_penalty", "is 0, by which nothing can be divided");
  out.repeat_last_n = reader.integer("repeat_last_n", -1, INT64_MAX);
}

void read_rare_stages(FieldReader& reader, serving::SamplingChoices& out) {
  out.typical_p = reader.number("typical_p", 0, 1);
  out.top_n_sigma = reader.number("top_n_sigma", -1, 1000);
  out.dynatemp_range = reader.number("dynatemp_range", 0, 100);
  out.dynatemp_exponent = reader.number("dynatemp_exponent", 0, 100);
  out.dry_multiplier = reader.number("dry_multiplier", 0, 100);
  out.dry_base = reader.number("dry_base", 1, 100);
  out.dry_allowed_length = reader.integer("dry_allowed_length", 0, INT32_MAX);
  out.dry_last_n = reader.integer("dry_penalty_last_n", -1, INT64_MAX);
  out.dry_breakers = reader.texts("dry_sequence_breakers", kMaxWords);
  out.xtc_probability = reader.number("xtc_probability", 0, 1);
  out.xtc_threshold = reader.number("xtc_threshold", 0, 1);
  out.mirostat = reader.integer("mirostat", 0, 2);
  if (out.mirostat == 1) reader.wrong("mirostat", "is 1, which is not served here: use 2");
  out.mirostat_tau = reader.number("mirostat_tau", 0, 100);
  out.mirostat_eta = reader.number("mirostat_eta", 0, 100);
}

// ["top_k", "temperature"] or, as --sampling-seq has it, "kt".
std::vector<sampling::Stage> read_order(FieldReader& reader) {
  const Json* value = reader.any("samplers");
  std::vector<sampling::Stage> out;
  if (!value) return out;
  if (value->is_string()) {
    for (const char letter : value->as_string())
      if (const auto stage = sampling::stage_of_letter(letter))
        out.push_back(*stage);
      else
        reader.wrong("samplers",
                     base::cat("holds '", std::string(1, letter), "', which stands for no stage"));
    return out;
  }
  for (const std::string& name : reader.texts("samplers", kMaxSamplers).value_or(std::vector<std::string>()))
    if (const auto stage = sampling::stage_named(name))
      out.push_back(*stage);
    else
      reader.wrong("samplers", base::cat("holds '", name.substr(0, 64), "', which is no stage"));
  return out;
}

std::optional<double> bias_of(const Json& value) {
  if (value.is_bool() && !value.as_bool()) return -std::numeric_limits<double>::infinity();
  if (!value.is_number() || std::abs(value.as_double()) > 100) return std::nullopt;
  return value.as_double();
}

std::optional<TokenId> id_of(std::string_view digits) {
  const auto id = base::parse_int(digits);
  return id && *id >= 0 && *id <= INT32_MAX ? std::optional(static_cast<TokenId>(*id)) : std::nullopt;
}

// {"50256": -100}; [[50256, -100], [50257, false]].
std::vector<sampling::LogitBias> read_biases(FieldReader& reader) {
  constexpr std::string_view kForm = "has to map token ids to numbers from -100 to 100";
  const Json* value = reader.any("logit_bias");
  std::vector<sampling::LogitBias> out;
  if (!value) return out;
  const auto add = [&](std::optional<TokenId> id, const Json& bias) {
    const auto number = bias_of(bias);
    if (!id || !number) return reader.wrong("logit_bias", kForm);
    out.push_back({*id, static_cast<float>(*number)});
  };
  if (value->is_object()) {
    for (const Json::Member& member : value->as_object())
      if (!member.value.is_null()) add(id_of(member.key), member.value);
  } else if (value->is_array()) {
    for (const Json& pair : value->as_array()) {
      const bool is_pair = pair.is_array() && pair.as_array().size() == 2 && pair.as_array()[0].is_integer();
      if (is_pair)
        add(id_of(base::cat(pair.as_array()[0].as_integer())), pair.as_array()[1]);
      else
        reader.wrong("logit_bias", kForm);
    }
  } else {
    reader.wrong("logit_bias", kForm);
  }
  return out;
}

std::vector<TokenId> read_ids(FieldReader& reader, std::string_view name) {
  std::vector<TokenId> out;
  for (const int64_t id : reader.integers(name, kMaxIds).value_or(std::vector<int64_t>())) {
    if (id < 0 || id > INT32_MAX) reader.wrong(name, base::cat("holds ", id, ", which is no token id"));
    out.push_back(static_cast<TokenId>(id));
  }
  return out;
}

serving::RepetitionStop read_repetition_stop(FieldReader& reader) {
  const Json* value = reader.object("repetition_detection");
  serving::RepetitionStop out;
  if (!value) return out;
  FieldReader inner(*value, "repetition_detection.");
  out.max_size = inner.integer("max_pattern_size", 0, 4096).value_or(0);
  out.min_size = inner.integer("min_pattern_size", 1, 4096).value_or(1);
  out.min_count = inner.integer("min_count", 2, 1 << 20).value_or(2);
  if (inner.error()) reader.fail(*inner.error());
  return out;
}

void read_limits(FieldReader& reader, serving::GenerationOptions& out) {
  out.min_tokens = integer(reader, {"min_tokens", "min_new_tokens"}, 0).value_or(0);
  out.logit_bias = read_biases(reader);
  out.allowed_ids = read_ids(reader, "allowed_token_ids");
  out.bad_words = reader.texts("bad_words", kMaxWords).value_or(std::vector<std::string>());
  out.include_stop_string = boolean(reader, {"include_stop_str_in_output", "no_stop_trim"}, false);
  out.skip_special_tokens = boolean(reader, {"skip_special_tokens"}, true);
  out.repetition_stop = read_repetition_stop(reader);
  out.max_predict_ms = reader.integer("t_max_predict_ms", -1, INT32_MAX).value_or(0);
  out.logprobs_after_sampling = boolean(reader, {"post_sampling_probs"}, false);
  out.priority = static_cast<int>(reader.integer("priority", INT32_MIN, INT32_MAX).value_or(0));
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
  out.options.stop_ids = read_ids(reader, "stop_token_ids");
  out.options.ignore_stop_ids = reader.boolean("ignore_eos").value_or(false);
  out.options.cache_salt = read_salt(reader);
  read_penalties(reader, sampling);
  read_rare_stages(reader, sampling);
  sampling.order = read_order(reader);
  read_limits(reader, out.options);
}

}  // namespace api
