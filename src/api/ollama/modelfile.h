#pragma once
// Ollama's Modelfile: instructions that make a model of another.
//
//   FROM smollm2
//   PARAMETER temperature 0.2
//   SYSTEM """You are
//   terse."""
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "serving/served_model.h"

namespace api::ollama {

// As the fields of POST /api/create: from, system, template, parameters, messages, license, adapters. Names
// of instructions in any case; values in quotes ("..." or """...""") or to the end of the line.
// Code::invalid_argument names the line.
base::Result<base::Json> parse_modelfile(std::string_view text);

// What would make this model again.
std::string modelfile_of(const serving::ServedModel& model);

// Its settings as "name value" lines: those of an alias, then the defaults of its file.
std::string parameters_of(const serving::ServedModel& model);

}  // namespace api::ollama
