#include "engine/memory_plan.h"

#include "gtest/gtest.h"

namespace engine {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;

// 8 GiB for a model of 5 GiB whose pages of 64 tokens take 8 MiB.
MemoryNeeds some_needs() {
  return {.usable_bytes = 8 * kGiB,
          .weight_bytes = 5 * kGiB,
          .work_bytes = 100 * kMiB,
          .page_bytes = 8 * kMiB,
          .model_context = 32768,
          .max_sequences = 4};
}

TEST(MemoryPlan, GivesEverySequenceItsContextWhereThatIsLittle) {
  MemoryNeeds needs = some_needs();
  needs.model_context = 2048;
  const auto plan = plan_memory(needs);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->context_tokens, 2048);
  EXPECT_EQ(plan->n_pages, 4 * 32);
  EXPECT_EQ(plan->kv_bytes, 4 * 32 * 8 * kMiB);
  EXPECT_EQ(plan->note, "");
}

TEST(MemoryPlan, TakesAQuarterOfTheMemoryAndCutsTheModelsContextToIt) {
  const auto plan = plan_memory(some_needs());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->kv_bytes, 2 * kGiB);
  EXPECT_EQ(plan->context_tokens, 256 * 64);
  EXPECT_EQ(plan->note,
            "the context is cut from 32768 to 16384 tokens, which take 2.0 GiB of the 8.0 GiB free");
}

TEST(MemoryPlan, TakesMoreThanAQuarterForAContextThatWasAskedFor) {
  MemoryNeeds needs = some_needs();
  needs.requested_context = 20000;
  const auto plan = plan_memory(needs);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->context_tokens, 20000);
  EXPECT_EQ(plan->n_pages, 313);
  EXPECT_EQ(plan->note, "");
}

TEST(MemoryPlan, OffersAContextThatFits) {
  MemoryNeeds needs = some_needs();
  needs.requested_context = 32768;
  const auto refused = plan_memory(needs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::exhausted);
  EXPECT_EQ(refused.error().message,
            "the model needs 9.1 GiB, 8.0 GiB free: use a smaller quantisation or --context 23552");
  needs.requested_context = 23552;
  EXPECT_TRUE(plan_memory(needs));
}

TEST(MemoryPlan, WhatItOffersAlwaysFits) {
  for (uint64_t weights = 100 * kMiB; weights < 9 * kGiB; weights += 77 * kMiB)
    for (const int64_t context : {300, 5000, 32768}) {
      MemoryNeeds needs = some_needs();
      needs.weight_bytes = weights;
      needs.requested_context = context;
      const auto plan = plan_memory(needs);
      if (plan) {
        const uint64_t held_bytes = plan->weights_stay_in_file ? 0 : weights;
        EXPECT_LE(held_bytes + needs.work_bytes + plan->kv_bytes, needs.usable_bytes);
        EXPECT_EQ(plan->context_tokens, context);
        continue;
      }
      const std::string& message = plan.error().message;
      const size_t place = message.find("--context ");
      if (place == std::string::npos) continue;
      needs.requested_context = std::stoll(message.substr(place + 10));
      EXPECT_LT(needs.requested_context, context);
      EXPECT_TRUE(plan_memory(needs)) << message;
    }
}

TEST(MemoryPlan, OffersNothingWhereTheWorkAloneIsTooMuch) {
  MemoryNeeds needs = some_needs();
  needs.work_bytes = 9 * kGiB;
  const auto refused = plan_memory(needs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::exhausted);
  EXPECT_EQ(refused.error().message, "the model needs 14.0 GiB, 8.0 GiB free: use a smaller quantisation");
}

TEST(MemoryPlan, GivesAUsefulContextEvenIfThatIsMoreThanAQuarter) {
  MemoryNeeds needs = some_needs();
  needs.usable_bytes = 80 * kMiB;
  needs.weight_bytes = 30 * kMiB;
  needs.work_bytes = 10 * kMiB;
  const auto plan = plan_memory(needs);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->context_tokens, 256);
}

TEST(MemoryPlan, RefusesAContextBeyondTheModels) {
  MemoryNeeds needs = some_needs();
  needs.requested_context = 32769;
  const auto refused = plan_memory(needs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "--context 32769 is more than the 32768 tokens that this model was made for");
}

TEST(MemoryPlan, KeepsToTheKvMemoryThatWasAskedFor) {
  MemoryNeeds needs = some_needs();
  needs.requested_kv_bytes = 400 * kMiB;
  const auto plan = plan_memory(needs);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->n_pages, 50);
  EXPECT_EQ(plan->context_tokens, 3200);
  needs.requested_context = 3201;
  const auto refused = plan_memory(needs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "400.0 MiB of KV memory hold 3200 tokens, a context of 3201 needs 408.0 MiB");
}

TEST(MemoryPlan, WeightsThatDoNotFitStayInTheirFile) {
  MemoryNeeds needs = some_needs();
  needs.weight_bytes = 8 * kGiB;
  needs.model_context = 2048;
  const auto plan = plan_memory(needs);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(plan->weights_stay_in_file);
  EXPECT_EQ(plan->context_tokens, 2048);
  EXPECT_EQ(
      plan->note,
      "the model (8.0 GiB) is larger than memory (8.0 GiB free): it runs from its file, as fast as that "
      "can be read again and again; repacking takes time too, which `domicile pack` would spare");
  needs.weights_are_packed = true;
  EXPECT_EQ(plan_memory(needs)->note.find("repacking"), std::string::npos);
  EXPECT_FALSE(plan_memory(some_needs())->weights_stay_in_file);
}

}  // namespace
}  // namespace engine
