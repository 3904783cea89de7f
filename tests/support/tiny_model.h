#pragma once
// Small models with random weights and a real tokenizer, written as GGUF or as a folder: for tests of
// everything that loads, runs or serves a model. The same options give the same weights and the same
// vocabulary in both containers, on every machine; in F32 both therefore compute the same logits.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "tensor/dtype.h"

namespace tests {

struct TinyModelOptions {
  std::string architecture = "llama";  // or "qwen2", "qwen3"
  int64_t n_layers = 2;
  int64_t width = 64;
  int64_t n_heads = 4;
  int64_t n_kv_heads = 2;
  int64_t head_dim = 16;
  int64_t ffn_width = 96;
  int64_t vocab_size = 0;  // rows of the embedding, at least as many as tokens; 0: as many as tokens
  int64_t context_length = 512;
  tensor::DType dtype = tensor::DType::F32;  // of the matrices; vectors are F32 in GGUF
  bool tied = true;                          // the embedding is the output head too
  bool chat_template = true;                 // ChatML
  uint64_t seed = 1;
  int n_shards = 1;            // folder only
  std::string spoiled_tensor;  // GGUF only: its first element (F32) or block (Q8_0) is not a number

  // The smallest shape whose rows are whole blocks of any type (multiples of 256).
  static TinyModelOptions of_type(tensor::DType dtype);
};

// REQUIRES: rows of all matrices are whole blocks of `dtype`; for a folder, safetensors has the type.
base::Status write_tiny_gguf(const std::filesystem::path& path, const TinyModelOptions& options = {});
// Makes the folder if need be: config.json, generation_config.json, tokenizer.json, tokenizer_config.json,
// weights.
base::Status write_tiny_folder(const std::filesystem::path& folder, const TinyModelOptions& options = {});

// The vocabulary of every tiny model: the 256 bytes, some merges of English letters ("Ġthe", "and", "ing"),
// then control tokens. Byte-level BPE with the pre-tokenizer of GPT-2.
struct TinyVocabulary {
  std::vector<std::string> tokens;  // in the spelling of the vocabulary ("Ġthe"), control tokens last
  std::vector<std::pair<std::string, std::string>> merges;
  int32_t end_of_text, im_start, im_end, think,
      end_think;  // <|endoftext|> <|im_start|> <|im_end|> <think> </think>
};
const TinyVocabulary& tiny_vocabulary();

// The chat template, as it stands in the files.
extern const char* const kTinyChatTemplate;

}  // namespace tests
