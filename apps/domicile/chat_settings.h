#pragma once
// What /set changes in a conversation. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serving/served_model.h"

namespace apps {

struct ChatSettings {
  serving::SamplingChoices sampling;
  std::optional<uint64_t> seed;       // none: a fresh one for each answer
  std::optional<int64_t> max_tokens;  // none: until the context is full
  std::optional<bool> think;          // none: as the template does by itself
  bool stats = false;

  // The value "default" takes a setting back. '_' in names is '-'. Code::invalid_argument says what is wrong.
  base::Status set(std::string_view name, std::string_view value);
  // One line for each: name, value; where none was set, what holds then.
  std::string to_text(const serving::SamplingChoices& models_own) const;
};

}  // namespace apps
