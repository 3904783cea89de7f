#pragma once
// The fields of Ollama's routes, and of the object `options` within them.
#include "api/common/fields.h"

namespace api::ollama {

const FieldTable& chat_fields();
const FieldTable& generate_fields();
const FieldTable& option_fields();
const FieldTable& create_fields();

}  // namespace api::ollama
