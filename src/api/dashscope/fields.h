#pragma once
// The fields of DashScope's native route: of its body, of `input` and of `parameters`.
#include "api/common/fields.h"

namespace api::dashscope {

const FieldTable& body_fields();
const FieldTable& input_fields();
const FieldTable& parameter_fields();

}  // namespace api::dashscope
