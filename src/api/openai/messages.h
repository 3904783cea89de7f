#pragma once
// The messages of a chat request, as common/messages.h describes them.
//
// Absent, null and [] content become ""; null members are dropped; the arguments of earlier tool calls become
// the object that they spell, where they spell one.
#include <string>
#include <vector>

#include "api/common/field_reader.h"
#include "base/json.h"

namespace api::openai {

// Failures go to `reader`, naming the member: "messages[2].content[0].type". Appends names of members that
// have no effect to `ignored`, each once.
base::Json read_messages(const base::Json& messages, FieldReader& reader, std::vector<std::string>& ignored);

}  // namespace api::openai
