#include "apps/domicile/text_stats.h"

#include <cmath>

#include "apps/domicile/output.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace apps {

using base::cat;

namespace {

constexpr std::string_view kDim = "\x1b[2m", kUndim = "\x1b[0m";

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
  line += cat(", ", rounded(prefill_rate(t)), " tokens/s; answer ", t.generated_tokens, " tokens, ",
              rounded(decode_rate(t)), " tokens/s");
  if (t.drafted_tokens > 0) line += cat(" (", t.accepted_tokens, " of ", t.drafted_tokens, " drafts right)");
  return line;
}

std::string harmless(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const base::Utf8Step step = base::decode_utf8(text, at);
    const auto size = static_cast<size_t>(step.size);
    const char32_t c = step.code_point;
    const bool is_control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
    if (is_control)
      base::append_utf8(out, base::kReplacementCharacter);
    else
      out += text.substr(at, size);
    at += size;
  }
  return out;
}

void AnswerPrinter::show(const serving::Event& event) {
  if (!event.reasoning.empty() && is_terminal_) {
    if (!dimmed_) write(kDim);
    dimmed_ = true;
    write(harmless(event.reasoning));
  }
  if (event.content.empty()) return;
  if (dimmed_) write(cat(kUndim, "\n\n"));
  dimmed_ = false;
  write(is_terminal_ ? harmless(event.content) : event.content);
}

void AnswerPrinter::finish() {
  if (dimmed_) write(kUndim);
  if (dimmed_ || !at_line_start_) write("\n");
  dimmed_ = false;
}

void AnswerPrinter::write(std::string_view text) {
  if (text.empty() || !status_) return;
  status_ = print(text);
  at_line_start_ = text.back() == '\n';
}

}  // namespace apps
