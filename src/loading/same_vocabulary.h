#pragma once
// Whether two models speak of the same tokens when they name an id.
#include "base/result.h"
#include "loading/loaded_model.h"

namespace loading {

// Fails with Code::invalid_argument naming the first token, or the number, in which `draft` differs from
// `model`. Rows of a vocabulary beyond the tokens do not matter; models without tokenizers have as many
// tokens as rows.
base::Status check_same_vocabulary(const OpenedModel& model, const OpenedModel& draft);

}  // namespace loading
