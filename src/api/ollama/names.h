#pragma once
// Names of models as Ollama's clients write them: "smollm2:latest" is "smollm2".
#include <optional>
#include <string>
#include <string_view>

#include "api/common/environment.h"
#include "api/common/errors.h"
#include "api/common/inference.h"
#include "base/json.h"

namespace api::ollama {

// With ":latest" behind it if there is no tag.
std::string shown_name(const std::string& id);
std::string_view without_latest(std::string_view name);

// The field `model`, or `name` as older clients call it.
Parsed<std::string> read_model_name(const base::Json& body);

// The model of that name, loaded if need be (so on a worker only), or an error in this dialect's words.
Parsed<SharedModel> find_served(const Environment& environment, const std::string& name,
                                std::optional<serving::KeepAlive> keep_alive = {});
ApiError no_such_model(const std::string& name);

// Letters, digits and . _ - : / only, beginning with a letter or digit, at most 128 bytes, as names of
// aliases.
bool is_alias_name(std::string_view name);

}  // namespace api::ollama
