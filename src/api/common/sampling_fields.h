#pragma once
// The fields that say how tokens are drawn and where an answer ends, under every spelling that clients of
// OpenAI-like servers use.
#include <span>

#include "api/common/asked.h"
#include "api/common/field_reader.h"
#include "api/common/fields.h"

namespace api {

// Their rows. A dialect with other ranges or names has rows and reading of its own for those.
std::span<const Field> sampling_fields();

// Reads them into `out.options` and `out.seed`.
void read_sampling_fields(FieldReader& reader, Asked& out);

// For dialects that spell these otherwise. `name` is the field's.
std::vector<std::string> read_stops(FieldReader& reader, std::string_view name);
std::optional<uint64_t> read_seed(FieldReader& reader);

}  // namespace api
