#include "model_files/gguf/split.h"

#include <algorithm>

#include "base/strings.h"

namespace model_files::gguf {
namespace {

using base::cat;
using base::Code;
using base::fail;

constexpr std::string_view kSuffix = ".gguf";
constexpr std::string_view kOf = "-of-";
constexpr size_t kDigits = 5;

base::Result<std::optional<int64_t>> read_integer(const Metadata& metadata, std::string_view key,
                                                  int64_t max) {
  const Entry* entry = metadata.find(key);
  if (entry == nullptr) return std::nullopt;
  const base::Json value = entry->is_array ? base::Json() : element(*entry);
  if (!value.is_integer())
    return fail(Code::corrupt, cat(key, " is ", type_in_words(*entry), ", must be an integer"));
  if (value.as_integer() < 0 || value.as_integer() > max)
    return fail(Code::corrupt, cat(key, " is ", value.as_integer(), ", must be 0..", max));
  return value.as_integer();
}

std::optional<int64_t> five_digits(std::string_view text) {
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  return base::parse_int(text);
}

std::string padded(int64_t number) {
  const std::string digits = cat(number);
  return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

}  // namespace

base::Result<SplitFacts> read_split_facts(const Metadata& metadata) {
  SplitFacts facts;
  facts.number = TRY(read_integer(metadata, "split.no", UINT16_MAX)).value_or(0);
  facts.count = std::max<int64_t>(1, TRY(read_integer(metadata, "split.count", UINT16_MAX)).value_or(1));
  facts.n_tensors = TRY(read_integer(metadata, "split.tensors.count", INT32_MAX));
  if (facts.number >= facts.count)
    return fail(Code::corrupt, cat("split.no is ", facts.number, " of ", facts.count, " parts"));
  return facts;
}

std::optional<SplitName> SplitName::parse(std::string_view path) {
  // ...-NNNNN-of-NNNNN.gguf
  constexpr size_t kTail = 1 + kDigits + kOf.size() + kDigits;
  if (!path.ends_with(kSuffix)) return std::nullopt;
  path.remove_suffix(kSuffix.size());
  if (path.size() <= kTail) return std::nullopt;
  const std::string_view tail = path.substr(path.size() - kTail);
  const auto number = five_digits(tail.substr(1, kDigits));
  const auto count = five_digits(tail.substr(tail.size() - kDigits));
  if (tail[0] != '-' || tail.substr(1 + kDigits, kOf.size()) != kOf || !number || !count) return std::nullopt;
  if (*number < 1 || *number > *count) return std::nullopt;
  return SplitName{std::string(path.substr(0, path.size() - kTail)), *number - 1, *count};
}

std::string SplitName::part(int64_t part_number) const {
  return cat(prefix, "-", padded(part_number + 1), kOf, padded(count), kSuffix);
}

}  // namespace model_files::gguf
