#include "api/common/choices.h"

#include <utility>

namespace api {

Usage usage_of(const std::vector<Choice>& choices) {
  Usage usage;
  for (const Choice& choice : choices) {
    if (choice.first_of_prompt) usage.prompt_tokens += choice.prompt_tokens;
    usage.completion_tokens += choice.generated_tokens;
    if (!choice.outcome) continue;
    if (choice.first_of_prompt) usage.cached_tokens += choice.outcome->timings.cached_prompt_tokens;
    usage.reasoning_tokens += choice.outcome->reasoning_tokens;
  }
  return usage;
}

base::Result<std::vector<Choice>> start_choices(const serving::ServedModel& model,
                                                const std::vector<serving::Prompt>& prompts, int64_t n,
                                                serving::GenerationOptions options,
                                                const std::function<void()>& wake,
                                                serving::EventMailbox::WakeOn wake_on) {
  std::vector<Choice> choices;
  for (const serving::Prompt& prompt : prompts)
    for (int64_t i = 0; i < n; ++i) {
      Choice choice;
      choice.index = static_cast<int64_t>(choices.size());
      choice.prompt_tokens = static_cast<int64_t>(prompt.ids.size());
      choice.first_of_prompt = i == 0;
      choice.mailbox = std::make_shared<serving::EventMailbox>(wake, wake_on);
      choice.generation = TRY(start_generation(model, prompt, options, choice.mailbox));
      choices.push_back(std::move(choice));
      ++options.seed;
    }
  return choices;
}

}  // namespace api
