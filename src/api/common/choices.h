#pragma once
// The generations behind one reply: one per choice, whole and streamed replies alike.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "serving/event_mailbox.h"
#include "serving/generation.h"

namespace api {

struct Choice {
  int64_t index = 0;  // prompt 0's choices first
  int64_t prompt_tokens = 0;
  bool first_of_prompt = true;  // of n choices of one prompt
  std::shared_ptr<serving::EventMailbox> mailbox;
  std::shared_ptr<serving::Generation> generation;  // ours; a disconnect looks at it weakly
  int64_t generated_tokens = 0;                     // so far
  serving::Event text;                              // of a whole reply: all of it
  std::optional<serving::Outcome> outcome;          // set when its end was taken from the mailbox
};

// What all choices have cost so far. Each prompt counts once, however many choices it has.
struct Usage {
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
  int64_t cached_tokens = 0;
  int64_t reasoning_tokens = 0;
};
Usage usage_of(const std::vector<Choice>& choices);

// Starts n generations per prompt, all or none; choice i has seed + i. `wake` is called as EventMailbox says.
base::Result<std::vector<Choice>> start_choices(const serving::ServedModel& model,
                                                const std::vector<serving::Prompt>& prompts, int64_t n,
                                                serving::GenerationOptions options,
                                                const std::function<void()>& wake,
                                                serving::EventMailbox::WakeOn wake_on);

}  // namespace api
