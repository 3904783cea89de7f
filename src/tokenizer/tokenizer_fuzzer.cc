// Any text of any origin, and any ids, through small tokenizers: what must always hold.
//
// Input: one byte that picks the tokenizer, then text; a byte 01 changes whether what follows is trusted.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "base/utf8.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/known_patterns.h"
#include "tokenizer/tokenizer.h"

namespace {

using base::Json;
using tokenizer::Segment;
using tokenizer::TokenId;
using tokenizer::Tokenizer;

constexpr TokenId kFirstAddedId = 300;

Json added_token(const char* content, int id, std::string_view flags) {
  const auto has = [&](char flag) { return flags.find(flag) != std::string_view::npos; };
  Json token;
  token.set("id", id);
  token.set("content", content);
  token.set("single_word", has('w'));
  token.set("lstrip", has('l'));
  token.set("rstrip", has('r'));
  token.set("normalized", has('n'));
  token.set("special", has('s'));
  return token;
}

Json added_tokens() {
  constexpr struct {
    const char *content, *flags;
  } kTokens[] = {{"<|im_end|>", "s"}, {"<t", ""},       {"<t>", "s"},    {"[[x", ""},
                 {"x]]", ""},         {"<L>", "l"},     {"<R>", "r"},    {"<B>", "lr"},
                 {"zq", "w"},         {"e\u0301", "n"}, {"\uac00", "nl"}};
  Json list = Json(Json::Array{});
  int id = kFirstAddedId;
  for (const auto& token : kTokens) list.push_back(added_token(token.content, id++, token.flags));
  return list;
}

Json model() {
  Json vocab;
  for (int byte = 0; byte < 256; ++byte) {
    std::string spelling;
    const char c = static_cast<char>(byte);
    tokenizer::append_byte_spelling(spelling, {&c, 1});
    vocab.set(spelling, byte);
  }
  Json merges = Json(Json::Array{});
  int id = 256;
  for (const char* pair : {"t h", "th e", "Ġ the", "Ġ Ġ", "ĠĠ ĠĠ", "ê °", "ê° Ģ", "a a", "aa a", "x ]"}) {
    std::string joined = pair;
    joined.erase(joined.find(' '), 1);
    vocab.set(joined, id++);
    merges.push_back(pair);
  }
  Json result;
  result.set("type", "BPE");
  result.set("vocab", std::move(vocab));
  result.set("merges", std::move(merges));
  return result;
}

Json pre_tokenizer(std::string_view pattern) {
  Json split = *Json::parse(R"({"type":"Split","pattern":{},"behavior":"Isolated","invert":false})");
  split.find("pattern")->set("Regex", pattern);
  Json sequence = *Json::parse(R"({"type":"Sequence","pretokenizers":[]})");
  sequence.find("pretokenizers")->push_back(std::move(split));
  sequence.find("pretokenizers")
      ->push_back(*Json::parse(R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false})"));
  return sequence;
}

std::unique_ptr<Tokenizer> make(std::string_view pattern, const char* normalizer) {
  Json file;
  file.set("added_tokens", added_tokens());
  file.set("normalizer", *Json::parse(normalizer));
  file.set("pre_tokenizer", pre_tokenizer(pattern));
  file.set("decoder", *Json::parse(R"({"type":"ByteLevel"})"));
  file.set("model", model());
  auto loaded = Tokenizer::from_tokenizer_json(file.write());
  CHECK(loaded.has_value());
  return std::move(*loaded);
}

std::vector<Segment> segments_of(std::string_view text) {
  std::vector<Segment> segments;
  bool trusted = false;
  for (;;) {
    const size_t border = text.find('\x01');
    segments.push_back({text.substr(0, border), trusted});
    if (border == std::string_view::npos) return segments;
    text.remove_prefix(border + 1);
    trusted = !trusted;
  }
}

void check_encoding(const Tokenizer& tokenizer, std::vector<Segment> segments, bool is_nfc) {
  std::string text;
  for (const Segment& segment : segments) text += segment.text;
  const auto plain = tokenizer.encode(text, {.find_added_tokens = true, .add_special = false});
  const auto untrusted = tokenizer.encode(text, {.find_added_tokens = false, .add_special = false});
  (void)tokenizer.encode_strict(segments);
  for (Segment& segment : segments) segment.trusted = true;
  CHECK(tokenizer.encode_strict(segments) == plain);
  for (Segment& segment : segments) segment.trusted = false;
  CHECK(tokenizer.encode_strict(segments) == untrusted);
  for (const TokenId id : untrusted) CHECK(id < kFirstAddedId);
  if (!is_nfc) CHECK(tokenizer.decode(untrusted, false) == base::to_valid_utf8(text));
}

void check_decoding(const Tokenizer& tokenizer, std::string_view bytes) {
  std::vector<TokenId> ids;
  for (const char c : bytes) ids.push_back(static_cast<unsigned char>(c) * 5 % 320 - 3);
  const auto detokenizer = tokenizer.make_detokenizer(/*skip_special=*/false);
  std::string joined;
  for (const TokenId id : ids) joined += detokenizer->push(id);
  joined += detokenizer->finish();
  CHECK(joined == tokenizer.decode(ids, false));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<Tokenizer> tokenizers[] = {
      make(tokenizer::kGpt2Pattern, "null"), make(tokenizer::kLlama3Pattern, "null"),
      make(tokenizer::kQwen2Pattern, R"({"type":"NFC"})"),
      make(R"([\p{L}\p{M}]+|\p{N}{1,2}|\s+(?!\S))", "null")};
  if (size == 0) return 0;
  const size_t which = data[0] % std::size(tokenizers);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_encoding(*tokenizers[which], segments_of(text), /*is_nfc=*/which == 2);
  check_decoding(*tokenizers[which], text);
  return 0;
}
