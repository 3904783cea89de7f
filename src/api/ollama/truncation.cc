#include "api/ollama/truncation.h"

#include <utility>

namespace api::ollama {
namespace {

using base::Json;

bool has_role(const Json& message, const char* role) {
  return *message.find("role") == Json(role);
}

size_t n_leading_system(const Json::Array& messages) {
  size_t n = 0;
  while (n < messages.size() && has_role(messages[n], "system")) ++n;
  return n;
}

// How many messages behind the system's may be dropped, ascending: up to the beginning of each turn but the
// first.
std::vector<size_t> possible_cuts(const Json::Array& messages, size_t n_system) {
  std::vector<size_t> out;
  for (size_t i = n_system + 1; i < messages.size(); ++i)
    if (has_role(messages[i], "user")) out.push_back(i - n_system);
  return out;
}

Json without(const Json::Array& messages, size_t n_system, size_t n_dropped) {
  Json out(Json::Array{});
  for (size_t i = 0; i < messages.size(); ++i)
    if (i < n_system || i >= n_system + n_dropped) out.push_back(messages[i]);
  return out;
}

}  // namespace

// The more is dropped the shorter the prompt, so the cut is found by halving: a long conversation is rendered
// a dozen times, not a thousand.
Parsed<Fitted> fit_conversation(const Json& messages, int64_t limit, int64_t room, const Render& render) {
  const Json::Array& all = messages.as_array();
  Fitted out{TRY_PARSED(render(messages)), 0};
  const size_t n_system = n_leading_system(all);
  const std::vector<size_t> cuts = possible_cuts(all, n_system);
  if (static_cast<int64_t>(out.prompt.ids.size()) < limit || cuts.empty()) return out;
  size_t first = 0, last = cuts.size() - 1;  // the cut that is looked for lies in [first, last]
  while (true) {
    const size_t middle = first + (last - first) / 2;
    Fitted tried{TRY_PARSED(render(without(all, n_system, cuts[middle]))), cuts[middle]};
    const bool fits = static_cast<int64_t>(tried.prompt.ids.size()) + room <= limit;
    if (fits || middle + 1 == cuts.size()) out = std::move(tried);
    if (first == last) return out;
    if (fits)
      last = middle;
    else
      first = middle + 1;
  }
}

}  // namespace api::ollama
