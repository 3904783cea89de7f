#pragma once
// What a model file is, for people and scripts: `domicile show`.
#include <string>

#include "base/json.h"
#include "model_files/model_file.h"

namespace model_files {

// Container, architecture, parameters, tensor types, metadata, tokenizer, chat template. Reads headers and
// small files alone, never weights. Long arrays are named by their length; bytes that are no UTF-8 become
// U+FFFD.
base::Json describe(const ModelFile& file);

// The same over several lines, fit for a terminal.
std::string to_text(const base::Json& description);

}  // namespace model_files
