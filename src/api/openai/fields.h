#pragma once
// The fields of OpenAI's routes.
#include "api/common/fields.h"

namespace api::openai {

const FieldTable& chat_fields();
const FieldTable& completion_fields();

}  // namespace api::openai
