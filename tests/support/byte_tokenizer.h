#pragma once
// A tokenizer for tests: one token per byte, so that every character beyond ASCII comes in halves, and a few
// marks.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/tokenizer.h"

namespace tests {

class ByteTokenizer : public tokenizer::Tokenizer {
 public:
  using TokenId = tokenizer::TokenId;
  // Marks have the ids from 256 on. The first four are special: their text is never shown.
  static constexpr std::array<std::string_view, 6> kMarks = {"<s>",           "<|im_start|>", "<|im_end|>",
                                                             "<|endoftext|>", "<think>",      "</think>"};
  static constexpr TokenId kBos = 256, kStart = 257, kEnd = 258, kEndOfText = 259, kThink = 260,
                           kEndThink = 261;

  std::vector<TokenId> encode(std::string_view text, EncodeOptions options) const override {
    std::vector<TokenId> out;
    if (options.add_special) out.push_back(kBos);
    append(text, options.find_added_tokens, out);
    return out;
  }

  std::vector<TokenId> encode_strict(std::span<const tokenizer::Segment> segments) const override {
    std::vector<TokenId> out;
    for (const tokenizer::Segment& segment : segments) append(segment.text, segment.trusted, out);
    return out;
  }

  std::string decode(std::span<const TokenId> ids, bool skip_special) const override {
    std::string out;
    for (TokenId id : ids)
      if (!(skip_special && is_special(id))) out += token_bytes(id);
    return base::to_valid_utf8(out);
  }

  std::string token_bytes(TokenId id) const override {
    if (id >= 0 && id < 256) return std::string(1, static_cast<char>(id));
    return id >= 256 && id < size() ? std::string(kMarks[static_cast<size_t>(id) - 256]) : std::string();
  }
  std::string token_spelling(TokenId id) const override { return token_bytes(id); }
  std::optional<TokenId> find_token(std::string_view spelling) const override {
    for (size_t i = 0; i < kMarks.size(); ++i)
      if (kMarks[i] == spelling) return static_cast<TokenId>(256 + i);
    return std::nullopt;
  }
  bool is_special(TokenId id) const override { return id >= kBos && id <= kEndOfText; }
  int64_t size() const override { return 256 + static_cast<int64_t>(kMarks.size()); }
  std::string description() const override { return "bytes"; }
  std::optional<TokenId> bos() const override { return kBos; }
  std::vector<TokenId> end_tokens() const override { return {kEnd, kEndOfText}; }

  std::unique_ptr<Detokenizer> make_detokenizer(bool skip_special) const override {
    return std::make_unique<ByteDetokenizer>(*this, skip_special);
  }

 private:
  class ByteDetokenizer : public Detokenizer {
   public:
    ByteDetokenizer(const ByteTokenizer& tokenizer, bool skip_special)
        : tokenizer_(tokenizer), skip_special_(skip_special) {}
    std::string push(TokenId id) override {
      std::string out;
      if (skip_special_ && tokenizer_.is_special(id)) return out;
      assembler_.push(tokenizer_.token_bytes(id), out);
      return out;
    }
    std::string finish() override {
      std::string out;
      assembler_.finish(out);
      return out;
    }

   private:
    const ByteTokenizer& tokenizer_;
    bool skip_special_;
    base::Utf8Assembler assembler_;
  };

  void append(std::string_view text, bool find_marks, std::vector<TokenId>& out) const {
    while (!text.empty()) {
      const size_t taken = find_marks ? append_mark(text, out) : 0;
      if (taken == 0) out.push_back(static_cast<unsigned char>(text.front()));
      text.remove_prefix(taken == 0 ? 1 : taken);
    }
  }
  size_t append_mark(std::string_view text, std::vector<TokenId>& out) const {
    for (size_t i = 0; i < kMarks.size(); ++i) {
      if (!text.starts_with(kMarks[i])) continue;
      out.push_back(static_cast<TokenId>(256 + i));
      return kMarks[i].size();
    }
    return 0;
  }
};

}  // namespace tests
