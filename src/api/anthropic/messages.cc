#include "api/anthropic/messages.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "api/common/messages.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::anthropic {
namespace {

using base::Json;

class ConversationReader {
 public:
  ConversationReader(FieldReader& reader, std::vector<std::string>& ignored)
      : reader_(reader), ignored_(ignored) {}

  void read_system(const Json& system) { add("system", read_texts(system, "system")); }

  void read_message(const Json& message, const std::string& place) {
    const Json* role = message.find("role");
    if (!role || !role->is_string())
      return reader_.wrong_type(place + ".role", "a string", role ? *role : Json());
    const Json* content = message.find("content");
    if (!content) return reader_.wrong(place + ".content", "is missing");
    if (role->as_string() == "assistant") return read_answer(*content, place + ".content");
    if (role->as_string() == "user") return read_turn(*content, place + ".content");
    if (role->as_string() == "system") return add("system", read_texts(*content, place + ".content"));
    reader_.wrong(place + ".role", base::cat("is '", base::printable(role->as_string()),
                                             "': known are user, assistant and system"));
  }

  Conversation finish() {
    const Json::Array& all = out_.as_array();
    const bool ends_with_answer = !all.empty() && *all.back().find("role") == Json("assistant");
    if (ends_with_answer && all.back().find("tool_calls"))
      reader_.wrong("messages", "ends with a tool_use whose tool_result is missing");
    return {std::move(out_), ends_with_answer};
  }

 private:
  void ignore(std::string_view name) {
    if (std::find(ignored_.begin(), ignored_.end(), name) == ignored_.end()) ignored_.emplace_back(name);
  }

  // Each block of a list with its type and place; a text stands for one block of text.
  template <class Visit>
  void each_block(const Json& content, const std::string& place, Visit visit) {
    if (!content.is_array()) return reader_.wrong_type(place, "a string or an array of blocks", content);
    for (size_t i = 0; i < content.as_array().size(); ++i) {
      const Json& block = content.as_array()[i];
      const std::string where = base::cat(place, "[", i, "]");
      const Json* type = block.find("type");
      if (!type || !type->is_string())
        return reader_.wrong_type(where + ".type", "a string", type ? *type : Json());
      if (const Json* mark = block.find("cache_control"); mark && !mark->is_null()) ignore("cache_control");
      visit(block, type->as_string(), where);
    }
  }

  // A member that has to be a text; empty if it is not.
  std::string text_of(const Json& block, const char* name, const std::string& where) {
    const Json* text = block.find(name);
    if (text && text->is_string()) return text->as_string();
    reader_.wrong_type(base::cat(where, ".", name), "a string", text ? *text : Json());
    return {};
  }

  void refuse(const std::string& type, const std::string& where) {
    reader_.wrong(where, base::cat("is of type '", base::printable(type), "': this model reads text only"));
  }

  // A text, or a list of text blocks.
  Json read_texts(const Json& content, const std::string& place) {
    if (content.is_string()) return content;
    Json parts(Json::Array{});
    each_block(content, place, [&](const Json& block, const std::string& type, const std::string& where) {
      if (type != "text") return refuse(type, where);
      parts.push_back(text_part(text_of(block, "text", where)));
    });
    return parts;
  }

  void read_turn(const Json& content, const std::string& place) {
    if (content.is_string()) return add("user", content);
    each_block(content, place, [&](const Json& block, const std::string& type, const std::string& where) {
      if (type == "text")
        add("user", Json::Array{text_part(text_of(block, "text", where))});
      else if (type == "tool_result")
        add_tool_result(block, where);
      else
        refuse(type, where);
    });
  }

  void add_tool_result(const Json& block, const std::string& where) {
    Json message(Json::Object{});
    message.set("role", "tool");
    message.set("tool_call_id", text_of(block, "tool_use_id", where));
    const Json* content = block.find("content");
    message.set("content", content && !content->is_null() ? read_texts(*content, where + ".content") : "");
    if (const Json* failed = block.find("is_error"); failed && *failed == Json(true)) ignore("is_error");
    out_.push_back(std::move(message));
  }

  void read_answer(const Json& content, const std::string& place) {
    if (content.is_string()) return add("assistant", content);
    add("assistant", Json::Array{});
    each_block(content, place, [&](const Json& block, const std::string& type, const std::string& where) {
      if (type == "text")
        add("assistant", Json::Array{text_part(text_of(block, "text", where))});
      else if (type == "thinking")
        add_thoughts(text_of(block, "thinking", where));
      else if (type == "tool_use")
        add_tool_use(block, where);
      else if (type != "redacted_thinking")
        refuse(type, where);
    });
  }

  void add_thoughts(std::string thoughts) {
    Json& answer = out_.as_array().back();
    if (const Json* before = answer.find("reasoning_content")) thoughts = before->as_string() + thoughts;
    answer.set("reasoning_content", std::move(thoughts));
  }

  void add_tool_use(const Json& block, const std::string& where) {
    Json function(Json::Object{});
    function.set("name", text_of(block, "name", where));
    const Json* input = block.find("input");
    function.set("arguments", input && input->is_object() ? *input : Json(Json::Object{}));
    Json call(Json::Object{});
    call.set("id", text_of(block, "id", where));
    call.set("type", "function");
    call.set("function", std::move(function));
    Json& answer = out_.as_array().back();
    Json calls = answer.find("tool_calls") ? *answer.find("tool_calls") : Json(Json::Array{});
    calls.push_back(std::move(call));
    answer.set("tool_calls", std::move(calls));
  }

  // As a turn of its own, or behind the last one if that has the same role.
  void add(const char* role, Json content) {
    Json::Array& all = out_.as_array();
    if (!all.empty() && *all.back().find("role") == Json(role))
      return append(*all.back().find("content"), content);
    Json message(Json::Object{});
    message.set("role", role);
    message.set("content", std::move(content));
    out_.push_back(std::move(message));
  }

  static void append(Json& content, Json& more) {
    content = as_parts(std::move(content));
    Json parts = as_parts(std::move(more));  // g++ 12 would let a temporary go before the loop
    for (Json& part : parts.as_array()) content.push_back(std::move(part));
  }
  static Json as_parts(Json content) {
    return content.is_array() ? std::move(content) : Json(Json::Array{text_part(content.as_string())});
  }

  FieldReader& reader_;
  std::vector<std::string>& ignored_;
  Json out_ = Json::Array{};
};

}  // namespace

Conversation read_conversation(const Json* system, const Json& messages, FieldReader& reader,
                               std::vector<std::string>& ignored) {
  ConversationReader all(reader, ignored);
  if (system) all.read_system(*system);
  if (!messages.is_array()) {
    reader.wrong_type("messages", "an array", messages);
    return {};
  }
  if (messages.as_array().empty()) reader.wrong("messages", "is empty: one message at least is needed");
  for (size_t i = 0; i < messages.as_array().size() && !reader.error(); ++i)
    all.read_message(messages.as_array()[i], base::cat("messages[", i, "]"));
  return all.finish();
}

}  // namespace api::anthropic
