#include "tokenizer/vocabulary.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>

#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/byte_alphabet.h"

namespace tokenizer {

base::Status Vocabulary::Builder::add(std::string_view spelling, int64_t id, uint8_t flags) {
  if (id < 0 || id > kMaxTokenId)
    return base::fail(base::Code::corrupt, base::cat("token '", base::printable(spelling, 60), "' has id ",
                                                     id, ", which is not between 0 and ", kMaxTokenId));
  const auto index = static_cast<size_t>(id);
  if (index >= entries_.size()) entries_.resize(index + 1);
  Entry& entry = entries_[index];
  if ((entry.flags & kPresent) && entry.spelling != spelling)
    return base::fail(base::Code::corrupt,
                      base::cat("tokens '", base::printable(entry.spelling, 60), "' and '",
                                base::printable(spelling, 60), "' have the same id ", id));
  entry.spelling = spelling;
  entry.flags |= flags | kPresent;
  return {};
}

base::Result<Vocabulary> Vocabulary::Builder::build() && {
  size_t total = 0;
  for (const Entry& entry : entries_) total += entry.spelling.size();
  if (total > std::numeric_limits<uint32_t>::max())
    return base::fail(base::Code::corrupt,
                      base::cat("the vocabulary's spellings take ", base::format_bytes(total)));
  Vocabulary vocabulary;
  vocabulary.spellings_.reserve(total);
  vocabulary.bytes_.reserve(total);
  vocabulary.flags_.reserve(entries_.size());
  vocabulary.spelling_ends_.reserve(entries_.size());
  vocabulary.byte_ends_.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    vocabulary.flags_.push_back(entry.flags);
    vocabulary.spellings_ += entry.spelling;
    if (!append_spelled_bytes(vocabulary.bytes_, entry.spelling)) vocabulary.bytes_ += entry.spelling;
    vocabulary.spelling_ends_.push_back(static_cast<uint32_t>(vocabulary.spellings_.size()));
    vocabulary.byte_ends_.push_back(static_cast<uint32_t>(vocabulary.bytes_.size()));
  }
  vocabulary.index();
  return vocabulary;
}

std::string_view Vocabulary::slice(const std::string& arena, const std::vector<uint32_t>& ends,
                                   TokenId id) const {
  if (id < 0 || id >= size()) return {};
  const auto index = static_cast<size_t>(id);
  const uint32_t begin = index == 0 ? 0 : ends[index - 1];
  return std::string_view(arena).substr(begin, ends[index] - begin);
}

void Vocabulary::index() {
  const auto n_tokens =
      static_cast<size_t>(std::ranges::count_if(flags_, [](uint8_t f) { return f & kPresent; }));
  slots_.assign(std::bit_ceil(n_tokens * 2 + 1), -1);
  for (TokenId id = 0; id < size(); ++id) {
    if (!has(id, kPresent)) continue;
    TokenId& slot = slots_[slot_of(spelling(id))];
    if (slot < 0) slot = id;
  }
}

// The slot that holds the spelling, or the free one where it would go.
size_t Vocabulary::slot_of(std::string_view wanted) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = std::hash<std::string_view>{}(wanted)&mask;
  while (slots_[slot] >= 0 && spelling(slots_[slot]) != wanted) slot = (slot + 1) & mask;
  return slot;
}

std::optional<TokenId> Vocabulary::find(std::string_view wanted) const {
  if (slots_.empty()) return std::nullopt;
  const TokenId id = slots_[slot_of(wanted)];
  return id < 0 ? std::nullopt : std::optional(id);
}

std::optional<TokenId> Vocabulary::find_in_model(std::string_view wanted) const {
  const std::optional<TokenId> id = find(wanted);
  return id && has(*id, kInModel) ? id : std::nullopt;
}

}  // namespace tokenizer
