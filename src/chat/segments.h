#pragma once
// A rendered prompt as the tokenizer wants it: stretches of one origin, in order.
#include <vector>

#include "chat/template.h"
#include "tokenizer/tokenizer.h"

namespace chat {

// The segments borrow `rendered.text`.
std::vector<tokenizer::Segment> segments(const Rendered& rendered);

}  // namespace chat
