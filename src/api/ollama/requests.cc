#include "api/ollama/requests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "api/common/fields.h"
#include "api/common/sampling_fields.h"
#include "api/ollama/fields.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::ollama {
namespace {

using base::Json;

constexpr int64_t kMaxTopLogprobs = 20;
constexpr size_t kMaxContextIds = size_t{1} << 24;

void read_logprobs(FieldReader& reader, Asked& out) {
  const bool wanted = reader.boolean("logprobs").value_or(false);
  const auto top = reader.integer("top_logprobs", 0, kMaxTopLogprobs);
  if (top.value_or(0) > 0 && !wanted) reader.wrong("top_logprobs", "needs 'logprobs' to be true");
  if (wanted) out.options.n_top_logprobs = static_cast<int>(top.value_or(0));
}

// true, false, or a level.
void read_think(FieldReader& reader, Json& variables) {
  const Json* think = reader.any("think");
  if (!think) return;
  if (!think->is_bool() && !think->is_string())
    return reader.wrong_type("think", "true, false or a level", *think);
  variables.set("enable_thinking", think->is_string() || think->as_bool());
  if (think->is_string()) variables.set("reasoning_effort", *think);
}

// "5m", "1h30m", "-1s", "0"; nothing if it is none.
std::optional<double> duration_seconds(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 7> kUnits = {
      {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
  if (const auto number = base::parse_double(text)) return number;
  const double sign = text.starts_with('-') ? -1 : 1;
  if (sign < 0) text.remove_prefix(1);
  double sum = 0;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = base::parse_double(text.substr(0, digits));
    text.remove_prefix(digits);
    const size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& known) {
      return known.first == text.substr(0, letters);
    });
    if (!number || unit == kUnits.end()) return std::nullopt;
    text.remove_prefix(letters);
    sum += *number * unit->second;
  }
  return sign * sum;
}

// Seconds, or a text with units; below zero for ever.
std::optional<serving::KeepAlive> read_keep_alive(FieldReader& reader) {
  constexpr double kMostSeconds = 1e9;
  const Json* value = reader.any("keep_alive");
  if (!value) return std::nullopt;
  std::optional<double> seconds;
  if (value->is_number()) seconds = value->as_double();
  if (value->is_string()) seconds = duration_seconds(value->as_string());
  if (!seconds || !std::isfinite(*seconds)) {
    reader.wrong("keep_alive", "has to be a number of seconds, or a text like 5m");
    return std::nullopt;
  }
  if (*seconds < 0 || *seconds > kMostSeconds) return serving::KeepAlive();
  return std::chrono::milliseconds(std::llround(*seconds * 1e3));
}

// Options, then what stands beside them.
Parsed<Common> read_common(const Json& body, const FieldTable& table, FieldReader& reader, Json& variables) {
  std::vector<std::string> ignored = TRY_PARSED(check_fields(body, table));
  const Json* options = reader.object("options");
  Common out;
  if (options) out = TRY_PARSED(read_options(*options, "options."));
  out.asked.ignored.insert(out.asked.ignored.begin(), ignored.begin(), ignored.end());
  out.asked.model = reader.text("model").value_or("");
  if (out.asked.model.empty())
    reader.wrong("model", "is missing: GET /api/tags lists the models that are here");
  out.asked.stream = reader.boolean("stream").value_or(true);
  out.asked.options.split_reasoning = true;
  out.truncate = reader.boolean("truncate").value_or(true);
  out.keep_alive = read_keep_alive(reader);
  read_logprobs(reader, out.asked);
  read_think(reader, variables);
  return out;
}

class MessageReader {
 public:
  MessageReader(FieldReader& reader, std::vector<std::string>& ignored)
      : reader_(reader), ignored_(ignored) {}

  Json read(const Json& from, std::string place) {
    place_ = std::move(place);
    Json out(Json::Object{});
    if (!from.is_object()) {
      reader_.wrong_type(place_, "an object", from);
      return out;
    }
    out.set("role", read_role(from.find("role")));
    out.set("content", "");
    for (const Json::Member& member : from.as_object()) read_member(member, out);
    return out;
  }

 private:
  std::string read_role(const Json* role) {
    static constexpr std::array<std::string_view, 4> kRoles = {"system", "user", "assistant", "tool"};
    if (!role || !role->is_string()) {
      reader_.wrong_type(place_ + ".role", "a string", role ? *role : Json());
      return {};
    }
    if (std::find(kRoles.begin(), kRoles.end(), role->as_string()) == kRoles.end())
      reader_.wrong(place_ + ".role", base::cat("is '", base::printable(role->as_string()),
                                                "': known are system, user, assistant and tool"));
    return role->as_string();
  }

  void read_member(const Json::Member& member, Json& out) {
    const std::string& key = member.key;
    if (key == "role" || member.value.is_null()) return;
    if (key == "tool_calls") return read_tool_calls(member.value, out);
    if (key == "images") {
      const bool none = member.value.is_array() && member.value.as_array().empty();
      return none ? void() : reader_.wrong(place_ + ".images", "is refused: this model reads text only");
    }
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTexts = {
        {{"content", "content"},
         {"thinking", "reasoning_content"},
         {"tool_name", "name"},
         {"tool_call_id", "tool_call_id"}}};
    const auto* text =
        std::find_if(kTexts.begin(), kTexts.end(), [&](const auto& names) { return names.first == key; });
    if (text == kTexts.end()) return ignore("messages." + key);
    if (!member.value.is_string())
      return reader_.wrong_type(base::cat(place_, ".", key), "a string", member.value);
    out.set(text->second, member.value);
  }

  // As templates know calls from OpenAI's clients, whose arguments have been made objects.
  void read_tool_calls(const Json& calls, Json& out) {
    if (!calls.is_array()) return reader_.wrong_type(place_ + ".tool_calls", "an array", calls);
    Json all(Json::Array{});
    for (Json call : calls.as_array()) {
      if (call.is_object() && !call.find("type")) call.set("type", "function");
      all.push_back(std::move(call));
    }
    if (!all.as_array().empty()) out.set("tool_calls", std::move(all));
  }

  void ignore(std::string name) {
    if (std::find(ignored_.begin(), ignored_.end(), name) == ignored_.end())
      ignored_.push_back(std::move(name));
  }

  FieldReader& reader_;
  std::vector<std::string>& ignored_;
  std::string place_;
};

std::vector<serving::TokenId> read_context(FieldReader& reader) {
  std::vector<serving::TokenId> out;
  for (int64_t id : reader.integers("context", kMaxContextIds).value_or(std::vector<int64_t>()))
    // Out of any model's range all the same, and the check against the model names it.
    out.push_back(static_cast<serving::TokenId>(std::clamp<int64_t>(id, -1, INT32_MAX)));
  return out;
}

}  // namespace

Parsed<Common> read_options(const Json& options, const std::string& place) {
  Common out;
  out.asked.ignored = TRY_PARSED(check_fields(options, option_fields(), place));
  FieldReader reader(options, place);
  read_sampling_fields(reader, out.asked);
  const auto num_predict = reader.integer("num_predict", -2, INT64_MAX);
  if (num_predict == 0) reader.wrong("num_predict", "is 0: leave the prompt empty to generate nothing");
  out.asked.options.max_tokens = std::max<int64_t>(num_predict.value_or(-1), -1);
  out.num_ctx = reader.integer("num_ctx", 1, INT64_MAX);
  // Theirs for "none that is known".
  if (out.asked.seed == static_cast<uint64_t>(-1)) out.asked.seed.reset();
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

Json message(std::string_view role, std::string content) {
  Json out(Json::Object{});
  out.set("role", role);
  out.set("content", std::move(content));
  return out;
}

Json read_messages(const Json& messages, FieldReader& reader, std::vector<std::string>& ignored) {
  Json out(Json::Array{});
  if (!messages.is_array()) {
    reader.wrong_type("messages", "an array", messages);
    return out;
  }
  MessageReader one(reader, ignored);
  for (size_t i = 0; i < messages.as_array().size() && !reader.error(); ++i)
    out.push_back(one.read(messages.as_array()[i], base::cat("messages[", i, "]")));
  return out;
}

Parsed<ChatRequest> read_chat_request(const Json& body) {
  ChatRequest out;
  FieldReader reader(body);
  out.common = TRY_PARSED(read_common(body, chat_fields(), reader, out.chat.variables));
  if (const Json* messages = reader.any("messages"))
    out.chat.messages = read_messages(*messages, reader, out.common.asked.ignored);
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

Parsed<GenerateRequest> read_generate_request(const Json& body) {
  GenerateRequest out;
  FieldReader reader(body);
  out.common = TRY_PARSED(read_common(body, generate_fields(), reader, out.variables));
  out.prompt = reader.text("prompt").value_or("");
  out.system = reader.text("system").value_or("");
  out.raw = reader.boolean("raw").value_or(false);
  out.context = read_context(reader);
  if (out.raw && (!out.system.empty() || !out.context.empty()))
    reader.wrong("raw", "goes neither with 'system' nor with 'context'");
  if (out.raw) out.common.asked.options.split_reasoning = false;
  if (reader.error()) return std::unexpected(*reader.error());
  return out;
}

}  // namespace api::ollama
