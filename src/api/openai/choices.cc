#include "api/openai/choices.h"

#include <utility>

namespace api::openai {

Usage usage_of(const std::vector<Choice>& choices) {
  Usage usage;
  for (const Choice& choice : choices) {
    if (!choice.outcome) continue;
    usage.prompt_tokens += choice.outcome->timings.prompt_tokens;
    usage.completion_tokens += choice.outcome->timings.generated_tokens;
    usage.cached_tokens += choice.outcome->timings.cached_prompt_tokens;
    usage.reasoning_tokens += choice.outcome->reasoning_tokens;
  }
  return usage;
}

base::Result<std::vector<Choice>> start_choices(const serving::ServedModel& model,
                                                std::vector<serving::Prompt> prompts,
                                                serving::GenerationOptions options,
                                                const std::function<void()>& wake,
                                                serving::EventMailbox::WakeOn wake_on) {
  std::vector<Choice> choices;
  for (serving::Prompt& prompt : prompts) {
    auto mailbox = std::make_shared<serving::EventMailbox>(wake, wake_on);
    auto generation = TRY(start_generation(model, std::move(prompt), options, mailbox));
    choices.push_back({static_cast<int64_t>(choices.size()), std::move(mailbox), std::move(generation), {}});
    ++options.seed;
  }
  return choices;
}

}  // namespace api::openai
