#include "api/openai/messages.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "api/common/messages.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::openai {
namespace {

using base::Json;

constexpr std::array<std::string_view, 5> kRoles = {"system", "developer", "user", "assistant", "tool"};

class MessageReader {
 public:
  MessageReader(FieldReader& reader, std::vector<std::string>& ignored)
      : reader_(reader), ignored_(ignored) {}

  Json read(const Json& message, size_t index) {
    place_ = base::cat("messages[", index, "]");
    Json out(Json::Object{});
    if (!message.is_object()) {
      wrong("", "an object", message);
      return out;
    }
    out.set("role", read_role(message));
    out.set("content", read_content(message.find("content")));
    for (const Json::Member& member : message.as_object()) read_member(member, out);
    return out;
  }

 private:
  void wrong(std::string_view member, std::string_view wanted, const Json& value) {
    reader_.wrong_type(place_ + std::string(member), wanted, value);
  }
  void ignore(std::string name) {
    if (std::find(ignored_.begin(), ignored_.end(), name) == ignored_.end())
      ignored_.push_back(std::move(name));
  }

  // OpenAI's newer name for the operator's instructions; templates know the older one.
  std::string read_role(const Json& message) {
    const Json* role = message.find("role");
    if (!role || !role->is_string()) {
      wrong(".role", "a string", role ? *role : Json());
      return {};
    }
    if (std::find(kRoles.begin(), kRoles.end(), role->as_string()) == kRoles.end())
      reader_.fail(invalid_field(place_ + ".role",
                                 base::cat("'", place_, ".role' is '", base::printable(role->as_string()),
                                           "': known are system, developer, user, assistant, tool")));
    return role->as_string() == "developer" ? "system" : role->as_string();
  }

  Json read_content(const Json* content) {
    if (!content || content->is_null()) return "";
    if (content->is_string()) return *content;
    if (!content->is_array()) {
      wrong(".content", "a string or an array of parts", *content);
      return "";
    }
    Json parts(Json::Array{});
    for (size_t i = 0; i < content->as_array().size(); ++i)
      parts.push_back(text_part(read_part(content->as_array()[i], base::cat(".content[", i, "]"))));
    if (parts.as_array().empty()) return "";
    return parts;
  }

  std::string read_part(const Json& part, const std::string& where) {
    const Json* type = part.find("type");
    if (!type || !type->is_string()) {
      wrong(where + ".type", "a string", type ? *type : Json());
      return {};
    }
    const Json* text = part.find("text");
    if (type->as_string() != "text") {
      reader_.fail(invalid_field(
          place_ + where, base::cat("'", place_, where, "' is of type '", base::printable(type->as_string()),
                                    "': this model reads text only")));
      return {};
    }
    if (text && text->is_string()) return text->as_string();
    wrong(where + ".text", "a string", text ? *text : Json());
    return {};
  }

  void read_member(const Json::Member& member, Json& out) {
    const std::string& key = member.key;
    if (key == "role" || key == "content" || member.value.is_null()) return;
    if (key == "tool_calls") return out.set(key, read_tool_calls(member.value));
    if (key == "name" || key == "tool_call_id" || key == "reasoning_content") {
      if (!member.value.is_string()) return wrong("." + key, "a string", member.value);
      return out.set(key, member.value);
    }
    if (key == "audio" || key == "function_call" || (key == "prefix" && member.value != Json(false)))
      return reader_.fail(
          invalid_field(base::cat(place_, ".", key), base::cat("'", place_, ".", key, "' is not served")));
    ignore("messages." + key);
  }

  Json read_tool_calls(const Json& calls) {
    if (!calls.is_array()) {
      wrong(".tool_calls", "an array", calls);
      return {};
    }
    Json out(Json::Array{});
    for (Json call : calls.as_array()) {
      Json* function = call.find("function");
      Json* arguments = function ? function->find("arguments") : nullptr;
      if (arguments && arguments->is_string())
        if (auto object = Json::parse(arguments->as_string()); object && object->is_object())
          *arguments = std::move(*object);
      out.push_back(std::move(call));
    }
    return out;
  }

  FieldReader& reader_;
  std::vector<std::string>& ignored_;
  std::string place_;
};

}  // namespace

Json read_messages(const Json& messages, FieldReader& reader, std::vector<std::string>& ignored) {
  Json out(Json::Array{});
  if (!messages.is_array()) {
    reader.wrong_type("messages", "an array", messages);
    return out;
  }
  if (messages.as_array().empty()) reader.wrong("messages", "is empty: one message at least is needed");
  MessageReader one(reader, ignored);
  for (size_t i = 0; i < messages.as_array().size() && !reader.error(); ++i)
    out.push_back(one.read(messages.as_array()[i], i));
  return out;
}

}  // namespace api::openai
