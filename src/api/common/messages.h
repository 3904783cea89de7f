#pragma once
// Messages of any dialect as a chat template shall see them, and the prompt that it makes of them.
//
// A template sees {"role", "content", ...} with the roles system, user, assistant and tool. Dialects leave
// content as a text, or as a list of {"type": "text", "text"} where the caller sent several;
// chat_prompt() settles which of the two the model's template wants.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/environment.h"
#include "api/common/errors.h"
#include "api/common/field_reader.h"
#include "base/json.h"
#include "serving/prompt.h"
#include "serving/served_model.h"

namespace api {

struct Chat {
  base::Json messages = base::Json::Array{};
  base::Json variables = base::Json::Object{};  // of the template
  bool add_generation_prompt = true;
  bool continue_final_message = false;    // the model goes on with the last message
  std::optional<std::string> cache_salt;  // serving::ChatInput::cache_salt: salt_of()
};

// One part of a message's content: {"type": "text", "text"}.
base::Json text_part(std::string text);

// Fields chat_template_kwargs and enable_thinking. Names that the server sets itself are refused.
base::Json read_template_variables(FieldReader& reader);

// Takes out a variable that the model's template never looks at, and lists the field that brought it as
// ignored.
void drop_if_unused(const serving::ServedModel& model, base::Json& variables, std::string_view variable,
                    std::string_view field, std::vector<std::string>& ignored);

// Renders and encodes. Names of variables that the template never looks at are appended to `ignored`; a
// template's complaint blames `param`.
Parsed<serving::Prompt> chat_prompt(const Environment& environment, const serving::ServedModel& model,
                                    Chat chat, std::vector<std::string>& ignored, const char* param);

}  // namespace api
