#include "engine/memory_plan.h"

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"
#include "kv_cache/page.h"

namespace engine {

namespace {

using kv_cache::kPageTokens;

// A shorter context is of no use to anybody, so none is offered.
constexpr int64_t kLeastContext = 256;

base::Error too_large(const MemoryNeeds& needs, uint64_t wanted_bytes, int64_t longest_context) {
  std::string message =
      base::cat("the model needs ", base::format_bytes(wanted_bytes), ", ",
                base::format_bytes(needs.usable_bytes), " free: use a smaller quantisation");
  // A round number, a little below what would just fit.
  const int64_t offered = longest_context / kLeastContext * kLeastContext;
  if (offered > 0) message += base::cat(" or --context ", offered);
  return {base::Code::exhausted, std::move(message)};
}

// Pages for the keys and values of all sequences together.
int64_t wanted_pages(const MemoryNeeds& needs, int64_t context) {
  const int64_t pages_per_context = kv_cache::pages_for(context);
  if (needs.requested_kv_bytes > 0) return static_cast<int64_t>(needs.requested_kv_bytes / needs.page_bytes);
  const auto quarter = static_cast<int64_t>(needs.usable_bytes / 4 / needs.page_bytes);
  return std::min(quarter, pages_per_context * needs.max_sequences);
}

// Bytes of the shortest context that anybody would want.
uint64_t least_kv_bytes(const MemoryNeeds& needs) {
  const int64_t context = std::min(kLeastContext, needs.model_context);
  return static_cast<uint64_t>(kv_cache::pages_for(context)) * needs.page_bytes;
}

base::Result<MemoryPlan> plan_pages(const MemoryNeeds& needs);

}  // namespace

bool weights_fit(const MemoryNeeds& needs) {
  return needs.weight_bytes + needs.work_bytes + least_kv_bytes(needs) <= needs.usable_bytes;
}

uint64_t least_bytes(const MemoryNeeds& needs) {
  const auto context_bytes =
      static_cast<uint64_t>(kv_cache::pages_for(needs.requested_context)) * needs.page_bytes;
  return needs.weight_bytes + needs.work_bytes +
         std::max({least_kv_bytes(needs), context_bytes, needs.requested_kv_bytes});
}

std::string stays_in_file_note(const MemoryNeeds& needs) {
  std::string note = base::cat("the model (", base::format_bytes(needs.weight_bytes),
                               ") is larger than memory (", base::format_bytes(needs.usable_bytes),
                               " free): it runs from its file, as fast as that can be read again and again");
  if (!needs.weights_are_packed) note += "; repacking takes time too, which `domicile pack` would spare";
  return note;
}

base::Result<MemoryPlan> plan_memory(const MemoryNeeds& needs) {
  if (needs.requested_context > needs.model_context)
    return base::fail(base::Code::invalid_argument,
                      base::cat("--context ", needs.requested_context, " is more than the ",
                                needs.model_context, " tokens that this model was made for"));
  CHECK(needs.page_bytes > 0 && needs.model_context > 0 && needs.max_sequences > 0);
  if (weights_fit(needs)) return plan_pages(needs);
  MemoryNeeds without_weights = needs;
  without_weights.weight_bytes = 0;
  // Not even alone do work and context fit: then the whole need is what to tell.
  if (!weights_fit(without_weights)) return plan_pages(needs);
  MemoryPlan plan = TRY(plan_pages(without_weights));
  plan.weights_stay_in_file = true;
  plan.note = base::cat(stays_in_file_note(needs), plan.note.empty() ? "" : "; ", plan.note);
  return plan;
}

namespace {

base::Result<MemoryPlan> plan_pages(const MemoryNeeds& needs) {
  const uint64_t fixed_bytes = needs.weight_bytes + needs.work_bytes;
  const uint64_t left_bytes = needs.usable_bytes > fixed_bytes ? needs.usable_bytes - fixed_bytes : 0;
  const auto pages_left = static_cast<int64_t>(left_bytes / needs.page_bytes);
  const int64_t longest_context = std::min(pages_left * kPageTokens, needs.model_context);
  const bool is_free_to_choose = needs.requested_context == 0;
  const int64_t context = is_free_to_choose ? needs.model_context : needs.requested_context;

  const int64_t least_context = is_free_to_choose ? std::min(kLeastContext, context) : context;
  if (kv_cache::pages_for(least_context) > pages_left)
    return std::unexpected(too_large(
        needs, fixed_bytes + static_cast<uint64_t>(kv_cache::pages_for(least_context)) * needs.page_bytes,
        longest_context));

  MemoryPlan plan;
  plan.n_pages = std::min(wanted_pages(needs, context), pages_left);
  if (needs.requested_kv_bytes > 0 && plan.n_pages < kv_cache::pages_for(least_context))
    return base::fail(
        base::Code::invalid_argument,
        base::cat(base::format_bytes(needs.requested_kv_bytes), " of KV memory hold ",
                  plan.n_pages * kPageTokens, " tokens, a context of ", least_context, " needs ",
                  base::format_bytes(static_cast<uint64_t>(kv_cache::pages_for(least_context)) *
                                     needs.page_bytes)));
  // One context as asked for, or a useful one, also where a quarter of the memory is less.
  plan.n_pages = std::max(plan.n_pages, kv_cache::pages_for(least_context));
  plan.context_tokens = std::min(context, plan.n_pages * kPageTokens);
  plan.kv_bytes = static_cast<uint64_t>(plan.n_pages) * needs.page_bytes;
  if (plan.context_tokens < context)
    plan.note = base::cat("the context is cut from ", context, " to ", plan.context_tokens,
                          " tokens, which take ", base::format_bytes(plan.kv_bytes), " of the ",
                          base::format_bytes(needs.usable_bytes), " free");
  return plan;
}

}  // namespace

}  // namespace engine
