#pragma once
// Log-probabilities in the two shapes of OpenAI.
#include <vector>

#include "base/json.h"
#include "serving/generation.h"

namespace api::openai {

// {"content": [{token, logprob, bytes, top_logprobs}], "refusal": null}. A token that is half a character
// shows U+FFFD in `token`, and in `bytes` what it is.
base::Json chat_logprobs(const std::vector<serving::TokenLogprob>& tokens);

// {tokens, token_logprobs, top_logprobs, text_offset}; offsets in characters, from `first_offset`.
base::Json completion_logprobs(const std::vector<serving::TokenLogprob>& tokens, size_t first_offset);

// Unicode characters in a text.
size_t count_characters(std::string_view text);

// vLLM's prompt_logprobs: null for the first token, then {id: {logprob, rank, decoded_token}} for each.
base::Json prompt_logprobs(const std::vector<serving::TokenLogprob>& tokens);

}  // namespace api::openai
