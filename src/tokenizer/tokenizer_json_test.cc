#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/golden.h"
#include "tests/support/small_tokenizers.h"
#include "tokenizer/tokenizer.h"

namespace tokenizer {
namespace {

using base::Json;

// A whole tokenizer.json in a few lines, to be spoilt by each test.
Json small_file() {
  return *Json::parse(R"({
    "added_tokens": [
      {"id": 5, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
      {"id": 7, "content": "<t>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": false}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "special_tokens": {"<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]}}},
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "Ġ": 4, "<s>": 5}, "merges": [["a", "b"]]}})");
}

std::string error_of(const Json& file) {
  const auto loaded = Tokenizer::from_tokenizer_json(file.write());
  return loaded ? "" : loaded.error().message;
}

Json& model(Json& file) {
  return *file.find("model");
}
Json& vocab(Json& file) {
  return *model(file).find("vocab");
}

std::string error_with_model(std::string_view key, Json value) {
  Json file = small_file();
  model(file).set(key, std::move(value));
  return error_of(file);
}

std::string error_with_id(Json id) {
  Json file = small_file();
  vocab(file).set("d", std::move(id));
  return error_of(file);
}

std::string error_with_merge(Json merge) {
  Json file = small_file();
  model(file).find("merges")->push_back(std::move(merge));
  return error_of(file);
}

std::string error_with(std::string_view key, std::string_view json) {
  Json file = small_file();
  file.set(key, *Json::parse(json));
  return error_of(file);
}

std::string error_with_added(std::string_view key, Json value) {
  Json file = small_file();
  file.find("added_tokens")->as_array()[1].set(key, std::move(value));
  return error_of(file);
}

TEST(TokenizerJson, LoadsAndAnswersForItsTokens) {
  const auto loaded = Tokenizer::from_tokenizer_json(small_file().write());
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Tokenizer& tokenizer = **loaded;
  EXPECT_EQ(tokenizer.encode("ab c<t>", {}), (std::vector<TokenId>{5, 3, 4, 2, 7}));
  EXPECT_EQ(tokenizer.encode("ab", {.add_special = false}), (std::vector<TokenId>{3}));
  EXPECT_EQ(tokenizer.find_token("<s>"), 5);
  EXPECT_EQ(tokenizer.find_token("Ġ"), 4);
  EXPECT_EQ(tokenizer.find_token("zz"), std::nullopt);
  EXPECT_EQ(tokenizer.token_bytes(4), " ");
  EXPECT_EQ(tokenizer.token_spelling(4), "Ġ");
  EXPECT_TRUE(tokenizer.is_special(5));
  EXPECT_FALSE(tokenizer.is_special(7));
  EXPECT_EQ(tokenizer.size(), 8);  // id 6 is a hole
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{5, 3, 6, 99, -1, 4, 7}, /*skip_special=*/true), "ab <t>");
  EXPECT_EQ(tokenizer.token_spelling(6) + tokenizer.token_bytes(-1) + tokenizer.token_bytes(99), "");
  EXPECT_EQ(tokenizer.bos(), std::nullopt);
  EXPECT_EQ(tokenizer.description(),
            "byte-level BPE, 8 ids, 1 merges; normaliser: none; pieces: GPT-2 words; 2 added tokens; begins "
            "with <s>");
}

TEST(TokenizerJson, TruncationAndPaddingAreIgnored) {
  Json file = small_file();
  file.set("truncation", *Json::parse(R"({"max_length": 2})"));
  file.set("padding", *Json::parse(R"({"length": 9})"));
  EXPECT_EQ(error_of(file), "");
}

TEST(TokenizerJson, MergesMayBeStrings) {
  Json file = small_file();
  model(file).set("merges", *Json::parse(R"(["a b"])"));
  EXPECT_EQ(error_of(file), "");
}

TEST(TokenizerJson, NamesAModelThatIsNotThere) {
  EXPECT_EQ(error_with_model("type", "Unigram"),
            "tokenizer.json: the model type 'Unigram' is not supported (byte-level BPE is)");
  EXPECT_EQ(error_with("model", "null"), "tokenizer.json: there is no 'model'");
}

TEST(TokenizerJson, NamesASettingThatIsNotThere) {
  EXPECT_NE(error_with_model("continuing_subword_prefix", "##").find("'continuing_subword_prefix'"),
            std::string::npos);
  EXPECT_NE(error_with_model("end_of_word_suffix", "</w>").find("'end_of_word_suffix'"), std::string::npos);
  EXPECT_NE(error_with_model("byte_fallback", true).find("'byte_fallback'"), std::string::npos);
  EXPECT_NE(error_with_model("dropout", 0.1).find("'dropout'"), std::string::npos);
  EXPECT_NE(error_with_model("unk_token", "<none>").find("'<none>'"), std::string::npos);
  EXPECT_EQ(error_with_model("continuing_subword_prefix", ""), "");
  EXPECT_EQ(error_with_model("dropout", nullptr), "");
}

TEST(TokenizerJson, RefusesIdsThatAreNone) {
  EXPECT_NE(error_with_id(-1).find("token 'd' has id -1"), std::string::npos);
  EXPECT_NE(error_with_id(int64_t{4'000'000'000}).find("4000000000"), std::string::npos);
  EXPECT_NE(error_with_id(2.5).find("token 'd'"), std::string::npos);
  EXPECT_NE(error_with_id("2").find("token 'd'"), std::string::npos);
  EXPECT_NE(error_with_id(Json::BigInteger{"18446744073709551616"}).find("token 'd'"), std::string::npos);
  EXPECT_EQ(error_with_id(2), "tokenizer.json: tokens 'c' and 'd' have the same id 2");
}

TEST(TokenizerJson, RefusesMergesThatAreNone) {
  EXPECT_EQ(error_with_merge(*Json::parse(R"(["a", "x"])")),
            "tokenizer.json: a merge's token 'x' is not in the vocabulary");
  EXPECT_EQ(error_with_merge(*Json::parse(R"(["a", "c"])")),
            "tokenizer.json: a merge's result 'ac' is not in the vocabulary");
  for (const char* merge : {R"(["a"])", R"(["a", "b", "c"])", R"(3)", R"("ab")", R"("a b c")", R"(["a", 1])"})
    EXPECT_NE(error_with_merge(*Json::parse(merge)).find("is no pair of tokens"), std::string::npos) << merge;
  EXPECT_EQ(error_with_merge(*Json::parse(R"(["a", "b"])")), "");  // a second time
}

TEST(TokenizerJson, RefusesAddedTokensThatContradictTheVocabulary) {
  EXPECT_EQ(error_with_added("content", "ab"), "tokenizer.json: added token 'ab' has two ids, 3 and 7");
  EXPECT_EQ(error_with_added("content", "<s>"), "tokenizer.json: added token '<s>' has two ids, 5 and 7");
  EXPECT_NE(error_with_added("id", -3).find("-3"), std::string::npos);
  EXPECT_NE(error_with_added("id", int64_t{1} << 40).find("1099511627776"), std::string::npos);
  EXPECT_NE(error_with_added("content", 3).find("added token"), std::string::npos);
  EXPECT_NE(error_with_added("lstrip", "no").find("'lstrip'"), std::string::npos);
  EXPECT_NE(error_with("added_tokens", "{}").find("'added_tokens'"), std::string::npos);
}

TEST(TokenizerJson, NamesAPostProcessorThatIsNotThere) {
  EXPECT_NE(error_with("post_processor", R"({"type":"BertProcessing"})").find("'BertProcessing'"),
            std::string::npos);
  Json file = small_file();
  file.find("post_processor")->set("special_tokens", Json(Json::Object{}));
  EXPECT_EQ(error_of(file), "tokenizer.json: the post-processor names the token '<s>' without defining it");
  file = small_file();
  file.find("post_processor")->find("special_tokens")->find("<s>")->set("ids", *Json::parse("[5000]"));
  EXPECT_EQ(error_of(file), "tokenizer.json: the post-processor adds '<s>' as id 5000, which is no token");
}

TEST(TokenizerJson, NamesADecoderThatIsNotThere) {
  EXPECT_NE(error_with("decoder", R"({"type":"Metaspace"})").find("'Metaspace'"), std::string::npos);
  EXPECT_NE(error_with("decoder", "null").find("no decoder"), std::string::npos);
  EXPECT_EQ(error_with("decoder", R"({"type":"Sequence","decoders":[{"type":"ByteLevel"}]})"), "");
}

TEST(TokenizerJson, RefusesWhatIsNoTokenizer) {
  for (const char* text :
       {"", "hello", "{}", "[]", "3", "{\"model\":{}}", "{\"model\":{\"type\":\"BPE\"}}"}) {
    const auto loaded = Tokenizer::from_tokenizer_json(text);
    ASSERT_FALSE(loaded) << text;
    EXPECT_TRUE(loaded.error().message.starts_with("tokenizer.json: ")) << loaded.error().message;
  }
}

TEST(TokenizerJson, AMessageHoldsNoControlCharacters) {
  Json file = small_file();
  vocab(file).set("x\x1b[31m\n", -1);
  const std::string message = error_of(file);
  EXPECT_NE(message, "");
  for (const char c : message) EXPECT_GE(static_cast<unsigned char>(c), 0x20u) << message;
}

// tokenizer.json files of golden/hostile: those to be refused here are, the others load.
TEST(TokenizerJson, HostileFilesDoAsTheirManifestSays) {
  const auto dir = GOLDEN_OR_SKIP("hostile");
  size_t n_files = 0;
  for (const Json& line : tests::read_json_lines(dir / "manifest.jsonl")) {
    const std::string& name = line.find("file")->as_string();
    const auto path = dir / name / "tokenizer.json";
    if (!name.starts_with("tokenizer/") || !std::filesystem::exists(path)) continue;
    ++n_files;
    const std::string& expected = line.find("expect")->as_string();
    const auto loaded = Tokenizer::from_tokenizer_json(tests::read_text(path));
    if (expected != "any") {
      EXPECT_EQ(loaded.has_value(), expected == "accept") << name;
    }
    if (loaded) (void)(*loaded)->encode(std::string(30, 'a') + "b", {});
  }
  EXPECT_GT(n_files, 30u);
}

}  // namespace
}  // namespace tokenizer
