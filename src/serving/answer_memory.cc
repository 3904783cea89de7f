#include "serving/answer_memory.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/sha256.h"

namespace serving {
namespace {

// SHA-256 over a salt and ids, with its value after each of them.
class KeyHash {
 public:
  explicit KeyHash(std::string_view salt) {
    const uint64_t size = salt.size();  // in front, so that salt and ids cannot run into each other
    hash_.update(std::as_bytes(std::span(&size, 1)));
    hash_.update(base::as_bytes(salt));
  }
  void add(std::span<const TokenId> ids) { hash_.update(std::as_bytes(ids)); }
  std::array<std::byte, 32> value() const {
    base::Sha256 copy = hash_;
    return copy.finish();
  }

 private:
  base::Sha256 hash_;
};

}  // namespace

void AnswerMemory::remember(Said said) {
  constexpr size_t kMostUnsettled = 256;  // answers that nobody ever comes back to
  const std::lock_guard lock(mutex_);
  if (unsettled_.size() == kMostUnsettled) unsettled_.erase(unsettled_.begin());
  unsettled_.push_back(std::move(said));
}

std::vector<TokenId> AnswerMemory::as_said(std::string_view salt, std::span<const TokenId> encoded) {
  std::vector<std::pair<Digest, size_t>> ends;
  KeyHash hash(salt);
  size_t begin = 0;
  for (size_t i = 1; i < encoded.size(); ++i) {
    if (!tokenizer_.is_special(encoded[i])) continue;
    hash.add(encoded.subspan(begin, i - begin));
    begin = i;
    ends.emplace_back(hash.value(), i);
  }
  const std::lock_guard lock(mutex_);
  settle();
  for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
    const auto found = by_key_.find(end->first);
    if (found == by_key_.end()) continue;
    entries_.splice(entries_.begin(), entries_, found->second);
    std::vector<TokenId> ids = found->second->ids;
    ids.insert(ids.end(), encoded.begin() + static_cast<ptrdiff_t>(end->second), encoded.end());
    return ids;
  }
  return {encoded.begin(), encoded.end()};
}

// The answer is encoded together with what stands in front of it since the last special token
// ("assistant\n"), as it will be when it comes back.
void AnswerMemory::settle() {
  for (Said& said : unsettled_) {
    const auto is_special = [&](TokenId id) { return tokenizer_.is_special(id); };
    const auto last = std::find_if(said.prompt.rbegin(), said.prompt.rend(), is_special);
    if (last == said.prompt.rend()) continue;
    const std::span<const TokenId> head(said.prompt.begin(), last.base());
    std::string text;
    for (const TokenId id : std::span(said.prompt).subspan(head.size())) text += tokenizer_.token_bytes(id);
    text += said.answer;
    const tokenizer::Segment segment{.text = text, .trusted = false};
    KeyHash hash(said.salt);
    hash.add(head);
    hash.add(tokenizer_.encode_strict({&segment, 1}));
    keep(hash.value(), std::move(said.ids));
  }
  unsettled_.clear();
}

void AnswerMemory::keep(const Digest& key, std::vector<TokenId> ids) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    n_tokens_ -= known->second->ids.size();
    entries_.erase(known->second);
  }
  n_tokens_ += ids.size();
  entries_.push_front({key, std::move(ids)});
  by_key_[key] = entries_.begin();
  while (n_tokens_ > most_tokens_) {
    n_tokens_ -= entries_.back().ids.size();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace serving
