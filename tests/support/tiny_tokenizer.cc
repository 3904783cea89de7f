#include "tests/support/tiny_tokenizer.h"

#include "base/utf8.h"
#include "tests/support/tiny_model.h"

namespace tests {
namespace {

using base::Json;

constexpr std::pair<const char*, const char*> kMerges[] = {
    {"t", "h"},   {"i", "n"}, {"e", "r"},   {"a", "n"},   {"th", "e"},    {"r", "e"},   {"o", "n"},
    {"Ġ", "t"},   {"Ġ", "a"}, {"Ġ", "s"},   {"an", "d"},  {"in", "g"},    {"o", "u"},   {"Ġ", "the"},
    {"Ġ", "and"}, {"l", "l"}, {"e", "ll"},  {"H", "ell"}, {"Hell", "o"},  {"h", "ell"}, {"hell", "o"},
    {"Ġ", "w"},   {"o", "r"}, {"Ġw", "or"}, {"l", "d"},   {"Ġwor", "ld"}, {"0", "0"},   {"1", "0"},
    {"Ġ", "Ġ"},   {"Ċ", "Ċ"}, {"í", "ķ"},   {"Ġ", "1"},
};

// The bytes in the order of GPT-2's alphabet: those with a printable character of their own first, then the
// others, which borrow characters from U+0100 on.
std::vector<std::string> byte_tokens() {
  auto stands_for_itself = [](int b) {
    return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
  };
  std::vector<std::string> tokens;
  for (int b = 0; b < 256; ++b)
    if (stands_for_itself(b)) base::append_utf8(tokens.emplace_back(), static_cast<char32_t>(b));
  char32_t borrowed = 0x100;
  for (int b = 0; b < 256; ++b)
    if (!stands_for_itself(b)) base::append_utf8(tokens.emplace_back(), borrowed++);
  return tokens;
}

TinyVocabulary make_vocabulary() {
  TinyVocabulary v{.tokens = byte_tokens()};
  for (const auto& [left, right] : kMerges) {
    v.merges.emplace_back(left, right);
    v.tokens.push_back(std::string(left) + right);
  }
  auto add = [&](const char* token) {
    v.tokens.emplace_back(token);
    return static_cast<int32_t>(v.tokens.size() - 1);
  };
  v.end_of_text = add("<|endoftext|>");
  v.im_start = add("<|im_start|>");
  v.im_end = add("<|im_end|>");
  v.think = add("<think>");
  v.end_think = add("</think>");
  return v;
}

Json added_token(int32_t id) {
  const TinyVocabulary& v = tiny_vocabulary();
  Json token;
  token.set("id", int64_t{id});
  token.set("content", v.tokens[id]);
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) token.set(flag, false);
  token.set("special", id != v.think && id != v.end_think);
  return token;
}

Json byte_level(bool use_regex) {
  Json json;
  json.set("type", "ByteLevel");
  json.set("add_prefix_space", false);
  json.set("trim_offsets", true);
  json.set("use_regex", use_regex);
  return json;
}

Json bpe_model() {
  const TinyVocabulary& v = tiny_vocabulary();
  Json::Object ids;
  for (int32_t id = 0; id < v.end_of_text; ++id) ids.push_back({v.tokens[id], int64_t{id}});
  Json merges(Json::Array{});
  for (const auto& [left, right] : v.merges) merges.push_back(Json::Array{left, right});
  Json model;
  model.set("type", "BPE");
  for (const char* unset : {"dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"})
    model.set(unset, nullptr);
  for (const char* flag : {"fuse_unk", "byte_fallback", "ignore_merges"}) model.set(flag, false);
  model.set("vocab", std::move(ids));
  model.set("merges", std::move(merges));
  return model;
}

}  // namespace

const char* const kTinyChatTemplate =
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

const TinyVocabulary& tiny_vocabulary() {
  static const TinyVocabulary vocabulary = make_vocabulary();
  return vocabulary;
}

Json tiny_tokenizer_json() {
  const TinyVocabulary& v = tiny_vocabulary();
  Json added(Json::Array{});
  for (int32_t id = v.end_of_text; id <= v.end_think; ++id) added.push_back(added_token(id));
  Json json;
  json.set("version", "1.0");
  json.set("truncation", nullptr);
  json.set("padding", nullptr);
  json.set("added_tokens", std::move(added));
  json.set("normalizer", nullptr);
  json.set("pre_tokenizer", byte_level(/*use_regex=*/true));
  json.set("post_processor", nullptr);
  json.set("decoder", byte_level(/*use_regex=*/true));
  json.set("model", bpe_model());
  return json;
}

Json tiny_tokenizer_config(bool chat_template) {
  Json json;
  json.set("add_bos_token", false);
  json.set("bos_token", "<|endoftext|>");
  json.set("eos_token", "<|im_end|>");
  json.set("tokenizer_class", "PreTrainedTokenizerFast");
  if (chat_template) json.set("chat_template", kTinyChatTemplate);
  return json;
}

}  // namespace tests
