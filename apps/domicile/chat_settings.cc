#include "apps/domicile/chat_settings.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"

namespace apps {

using base::cat;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kDefault = "default";
constexpr int64_t kMaxInteger = int64_t{1} << 53;

std::unexpected<base::Error> wrong(std::string_view name, std::string_view value, std::string_view wanted) {
  return base::fail(base::Code::invalid_argument,
                    cat(name, " takes ", wanted, ", not '", base::printable(value, 40), "'"));
}

Result<std::optional<bool>> on_or_off(std::string_view name, std::string_view value) {
  if (value == kDefault) return std::nullopt;
  if (value == "on" || value == "true") return true;
  if (value == "off" || value == "false") return false;
  return wrong(name, value, "on, off or default");
}

Result<std::optional<double>> number(std::string_view name, std::string_view value, double most) {
  if (value == kDefault) return std::nullopt;
  const auto given = base::parse_double(value);
  if (!given || !(*given >= 0 && *given <= most))
    return wrong(name, value, cat("a number from 0 to ", most, ", or default"));
  return *given;
}

Result<std::optional<int64_t>> integer(std::string_view name, std::string_view value, int64_t least) {
  if (value == kDefault) return std::nullopt;
  const auto given = base::parse_int(value);
  if (!given || *given < least || *given > kMaxInteger)
    return wrong(name, value, cat("a whole number, at least ", least, ", or default"));
  return *given;
}

template <typename T>
std::string shown(const std::optional<T>& value, std::string_view otherwise) {
  return value ? cat(*value) : std::string(otherwise);
}

template <typename T>
std::string shown(const std::optional<T>& value, const std::optional<T>& models_own,
                  std::string_view otherwise) {
  return !value && models_own ? cat(*models_own, " (the model's own)") : shown(value, otherwise);
}

}  // namespace

Status ChatSettings::set(std::string_view given_name, std::string_view value) {
  std::string name(given_name);
  std::ranges::replace(name, '_', '-');
  if (name == "temperature") {
    sampling.temperature = TRY(number(name, value, 100));
  } else if (name == "top-p") {
    sampling.top_p = TRY(number(name, value, 1));
  } else if (name == "min-p") {
    sampling.min_p = TRY(number(name, value, 1));
  } else if (name == "top-k") {
    sampling.top_k = TRY(integer(name, value, 0));
  } else if (name == "seed") {
    const auto given = TRY(integer(name, value, 0));
    seed = given ? std::optional(static_cast<uint64_t>(*given)) : std::nullopt;
  } else if (name == "max-tokens") {
    max_tokens = TRY(integer(name, value, 1));
  } else if (name == "think") {
    think = TRY(on_or_off(name, value));
  } else if (name == "stats") {
    stats = TRY(on_or_off(name, value)).value_or(false);
  } else {
    return base::fail(base::Code::invalid_argument,
                      cat("there is no setting '", base::printable(name, 40), "': /set lists them"));
  }
  return {};
}

std::string ChatSettings::to_text(const serving::SamplingChoices& models_own) const {
  const auto flag = [](bool value) { return value ? "on" : "off"; };
  std::string text;
  const auto line = [&](std::string_view name, std::string_view value) {
    text += cat("  ", name, std::string(13 - name.size(), ' '), value, "\n");
  };
  line("temperature", shown(sampling.temperature, models_own.temperature, "1"));
  line("top-k", shown(sampling.top_k, models_own.top_k, "off"));
  line("top-p", shown(sampling.top_p, models_own.top_p, "off"));
  line("min-p", shown(sampling.min_p, models_own.min_p, "off"));
  line("seed", shown(seed, "a fresh one for each answer"));
  line("max-tokens", shown(max_tokens, "until the context is full"));
  line("think", think ? flag(*think) : "as the model does by itself");
  line("stats", flag(stats));
  return text;
}

}  // namespace apps
