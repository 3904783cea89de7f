#include "apps/domicile/text_stats.h"

#include <cmath>

#include "apps/domicile/output.h"
#include "base/strings.h"

namespace apps {

using base::cat;

namespace {

double rate(int64_t n_tokens, double seconds) {
  return seconds > 0 && n_tokens > 0 ? static_cast<double>(n_tokens) / seconds : 0;
}

std::string rounded(double value) {
  const auto tenths = static_cast<int64_t>(std::llround(value * 10));
  return cat(tenths / 10, ".", tenths % 10);
}

}  // namespace

double prefill_rate(const engine::Timings& t) {
  return rate(t.prompt_tokens - t.cached_prompt_tokens, t.prefill_seconds);
}
double decode_rate(const engine::Timings& t) {
  return rate(t.generated_tokens - 1, t.decode_seconds);
}

std::string stats_line(const engine::Timings& t) {
  std::string line = cat("prompt ", t.prompt_tokens, " tokens");
  if (t.cached_prompt_tokens > 0) line += cat(" (", t.cached_prompt_tokens, " cached)");
  return line + cat(", ", rounded(prefill_rate(t)), " tokens/s; answer ", t.generated_tokens, " tokens, ",
                    rounded(decode_rate(t)), " tokens/s");
}

void AnswerPrinter::show(const serving::Event& event) {
  if (!event.reasoning.empty() && dims_thoughts_) {
    if (!dimmed_) write("\x1b[2m");
    dimmed_ = true;
    write(event.reasoning);
  }
  if (event.content.empty()) return;
  if (dimmed_) write("\x1b[0m\n\n");
  dimmed_ = false;
  write(event.content);
}

void AnswerPrinter::finish() {
  if (dimmed_) write("\x1b[0m");
  dimmed_ = false;
  if (!at_line_start_) write("\n");
}

void AnswerPrinter::write(std::string_view text) {
  if (text.empty()) return;
  (void)print(text);
  at_line_start_ = text.back() == '\n';
}

}  // namespace apps
