#pragma once
// The fields of Anthropic's routes.
#include "api/common/fields.h"

namespace api::anthropic {

const FieldTable& message_fields();
const FieldTable& count_tokens_fields();

}  // namespace api::anthropic
