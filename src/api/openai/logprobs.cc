#include "api/openai/logprobs.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"

namespace api::openai {
namespace {

using base::Json;
using serving::TokenLogprob;

// As the engine has it in float; the lowest value stands for minus infinity, which JSON lacks.
Json logprob_json(float value) {
  if (std::isnan(value)) return Json();  // nothing says how likely a prompt's first token is
  return std::isfinite(value) ? Json(double{value}) : Json(-9999.0);
}

Json byte_list(const std::string& bytes) {
  Json out(Json::Array{});
  for (unsigned char byte : bytes) out.push_back(int64_t{byte});
  return out;
}

Json entry(const std::string& bytes, float logprob) {
  Json out(Json::Object{});
  out.set("token", base::to_valid_utf8(bytes));
  out.set("logprob", logprob_json(logprob));
  out.set("bytes", byte_list(bytes));
  return out;
}

}  // namespace

Json chat_logprobs(const std::vector<TokenLogprob>& tokens) {
  Json content(Json::Array{});
  for (const TokenLogprob& token : tokens) {
    Json one = entry(token.bytes, token.logprob);
    Json top(Json::Array{});
    for (const serving::AlternativeLogprob& other : token.top)
      top.push_back(entry(other.bytes, other.logprob));
    one.set("top_logprobs", std::move(top));
    content.push_back(std::move(one));
  }
  Json out(Json::Object{});
  out.set("content", std::move(content));
  out.set("refusal", Json());
  return out;
}

Json completion_logprobs(const std::vector<TokenLogprob>& tokens, size_t first_offset) {
  Json names(Json::Array{}), logprobs(Json::Array{}), tops(Json::Array{}), offsets(Json::Array{});
  std::string text;
  for (const TokenLogprob& token : tokens) {
    names.push_back(base::to_valid_utf8(token.bytes));
    logprobs.push_back(logprob_json(token.logprob));
    Json top(Json::Object{});
    for (const serving::AlternativeLogprob& other : token.top) {
      std::string name = base::to_valid_utf8(other.bytes);
      if (!top.find(name))
        top.set(name, logprob_json(other.logprob));  // two halves of characters look alike: the likelier
    }
    tops.push_back(token.top.empty() ? Json() : std::move(top));
    offsets.push_back(first_offset + count_characters(text));
    text += token.bytes;
  }
  Json out(Json::Object{});
  out.set("tokens", std::move(names));
  out.set("token_logprobs", std::move(logprobs));
  out.set("top_logprobs", std::move(tops));
  out.set("text_offset", std::move(offsets));
  return out;
}

Json prompt_logprobs(const std::vector<TokenLogprob>& tokens) {
  Json out(Json::Array{});
  out.push_back(Json());
  for (const TokenLogprob& token : tokens) {
    Json one(Json::Object{});
    const auto add = [&](serving::TokenId id, const std::string& bytes, float logprob, int64_t rank) {
      Json entry(Json::Object{});
      entry.set("logprob", logprob_json(logprob));
      if (rank > 0) entry.set("rank", rank);
      entry.set("decoded_token", base::to_valid_utf8(bytes));
      one.set(base::cat(id), std::move(entry));
    };
    int64_t rank = 0, own_rank = 0;
    for (const serving::AlternativeLogprob& other : token.top)
      if (++rank; other.id == token.id) own_rank = rank;
    add(token.id, token.bytes, token.logprob, own_rank);
    rank = 0;
    for (const serving::AlternativeLogprob& other : token.top)
      if (++rank; other.id != token.id) add(other.id, other.bytes, other.logprob, rank);
    out.push_back(std::move(one));
  }
  return out;
}

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace api::openai
