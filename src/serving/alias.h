#pragma once
// One model under a second name, with settings of its own: it shares weights, engine and prefix cache.
#include <memory>
#include <string>

#include "base/result.h"
#include "serving/served_model.h"

namespace serving {

struct AliasSettings {
  std::string id;
  std::string template_source;  // empty: the model's own
  SamplingChoices sampling;     // where open: the model's own defaults
  Presets presets;  // but for `parent`; what it leaves open is taken from an alias that it is made of
};

// Code::invalid_argument if the template does not parse: what make_alias() would say of these settings.
base::Status check_alias(const AliasSettings& settings);

// Keeps `model` alive. Code::invalid_argument if the template does not parse.
base::Result<std::shared_ptr<const ServedModel>> make_alias(const std::shared_ptr<const ServedModel>& model,
                                                            AliasSettings settings);

}  // namespace serving
