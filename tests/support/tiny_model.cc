#include "tests/support/tiny_model.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/strings.h"
#include "model_files/gguf/writer.h"
#include "model_files/safetensors/writer.h"
#include "platform/atomic_file.h"
#include "platform/files.h"
#include "tensor/quantize.h"
#include "tests/support/tiny_tokenizer.h"

namespace tests {
namespace {

using base::cat;
using base::Json;
using model_files::TensorSpec;
using tensor::DType;

constexpr float kEpsilon = 1e-5f;
constexpr float kTheta = 10000;
constexpr int kTypeNormal = 1, kTypeControl = 3, kTypeUserDefined = 4, kTypeUnused = 5;

// A generator whose numbers do not depend on the standard library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}

  // Uniform in [-bound, bound).
  float within(float bound) { return (static_cast<float>(next() >> 40) * 0x1p-23f - 1) * bound; }
  bool coin() { return next() >> 63 != 0; }

 private:
  uint64_t next() {  // splitmix64
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  uint64_t state_;
};

struct TinyTensor {
  std::string gguf_name, folder_name;
  tensor::Shape shape;
  std::vector<float> values;    // as a folder stores them
  int64_t n_rotated_heads = 0;  // queries and keys: GGUF's llama has their rows in another order

  bool is_matrix() const { return shape.size() == 2; }
};

class TinyWeights {
 public:
  explicit TinyWeights(const TinyModelOptions& options) : o_(options), random_(options.seed) {
    matrix("token_embd.weight", "model.embed_tokens.weight", n_rows(), o_.width);
    for (int64_t i = 0; i < o_.n_layers; ++i) add_layer(i);
    norm("output_norm.weight", "model.norm.weight", o_.width);
    // With a tied head, the likeliest next token would else nearly always be the one just read.
    if (o_.tied)
      for (float& value : tensors.back().values) value = random_.coin() ? value : -value;
    if (!o_.tied) matrix("output.weight", "lm_head.weight", n_rows(), o_.width);
  }

  int64_t n_rows() const { return std::max<int64_t>(o_.vocab_size, std::ssize(tiny_vocabulary().tokens)); }

  std::vector<TinyTensor> tensors;

 private:
  void add_layer(int64_t layer_index) {
    const std::string g = cat("blk.", layer_index, "."), f = cat("model.layers.", layer_index, ".");
    const int64_t q_width = o_.n_heads * o_.head_dim, kv_width = o_.n_kv_heads * o_.head_dim;
    norm(g + "attn_norm.weight", f + "input_layernorm.weight", o_.width);
    matrix(g + "attn_q.weight", f + "self_attn.q_proj.weight", q_width, o_.width, o_.n_heads);
    matrix(g + "attn_k.weight", f + "self_attn.k_proj.weight", kv_width, o_.width, o_.n_kv_heads);
    matrix(g + "attn_v.weight", f + "self_attn.v_proj.weight", kv_width, o_.width);
    if (o_.architecture == "qwen2") {
      vector(g + "attn_q.bias", f + "self_attn.q_proj.bias", q_width, 0, 0.25f);
      vector(g + "attn_k.bias", f + "self_attn.k_proj.bias", kv_width, 0, 0.25f);
      vector(g + "attn_v.bias", f + "self_attn.v_proj.bias", kv_width, 0, 0.25f);
    }
    if (o_.architecture == "qwen3") {
      norm(g + "attn_q_norm.weight", f + "self_attn.q_norm.weight", o_.head_dim);
      norm(g + "attn_k_norm.weight", f + "self_attn.k_norm.weight", o_.head_dim);
    }
    matrix(g + "attn_output.weight", f + "self_attn.o_proj.weight", o_.width, q_width);
    norm(g + "ffn_norm.weight", f + "post_attention_layernorm.weight", o_.width);
    matrix(g + "ffn_gate.weight", f + "mlp.gate_proj.weight", o_.ffn_width, o_.width);
    matrix(g + "ffn_up.weight", f + "mlp.up_proj.weight", o_.ffn_width, o_.width);
    matrix(g + "ffn_down.weight", f + "mlp.down_proj.weight", o_.width, o_.ffn_width);
  }

  void matrix(std::string gguf_name, std::string folder_name, int64_t n_out, int64_t n_in,
              int64_t n_rotated_heads = 0) {
    const float bound = 2.5f / std::sqrt(static_cast<float>(n_in));
    add({std::move(gguf_name), std::move(folder_name), {n_out, n_in}, {}, n_rotated_heads}, 0, bound);
  }
  void norm(std::string gguf_name, std::string folder_name, int64_t n) {
    vector(std::move(gguf_name), std::move(folder_name), n, 1, 0.25f);
  }
  void vector(std::string gguf_name, std::string folder_name, int64_t n, float middle, float bound) {
    add({std::move(gguf_name), std::move(folder_name), {n}, {}}, middle, bound);
  }
  void add(TinyTensor tensor, float middle, float bound) {
    tensor.values.resize(tensor::element_count(tensor.shape));
    for (float& value : tensor.values) value = middle + random_.within(bound);
    tensors.push_back(std::move(tensor));
  }

  const TinyModelOptions& o_;
  Random random_;
};

// GGUF's llama pairs neighbouring elements of a head where checkpoints pair its halves: row 2 j + s of a head
// is row s * head_dim / 2 + j of the checkpoint.
std::vector<float> interleaved(const TinyTensor& tensor) {
  const int64_t n_in = tensor.shape[1], head_dim = tensor.shape[0] / tensor.n_rotated_heads;
  std::vector<float> out(tensor.values.size());
  for (int64_t row = 0; row < tensor.shape[0]; ++row) {
    const int64_t head = row / head_dim, j = row % head_dim / 2, s = row % 2;
    const int64_t source = head * head_dim + s * head_dim / 2 + j;
    std::copy_n(tensor.values.begin() + source * n_in, n_in, out.begin() + row * n_in);
  }
  return out;
}

std::vector<std::byte> stored(const std::vector<float>& values, const TensorSpec& spec) {
  const int64_t n = spec.shape.back();
  const uint64_t row_bytes = tensor::row_bytes(spec.dtype, n);
  std::vector<std::byte> bytes(model_files::stored_bytes(spec));
  for (int64_t row = 0; row * n < std::ssize(values); ++row)
    tensor::quantize_row(spec.dtype, values.data() + row * n, n, bytes.data() + row * row_bytes);
  return bytes;
}

// Makes the first element of F32, or the scale of the first block of Q8_0, a NaN.
void spoil(DType dtype, std::vector<std::byte>& bytes) {
  CHECK(dtype == DType::F32 || dtype == DType::Q8_0);
  bytes[dtype == DType::F32 ? 2 : 0] = std::byte{0xc0};
  bytes[dtype == DType::F32 ? 3 : 1] = std::byte{0x7f};
}

void set_hyperparameters(model_files::gguf::MetadataBuilder& metadata, const TinyModelOptions& o,
                         int64_t n_rows) {
  auto key = [&](const char* name) { return cat(o.architecture, ".", name); };
  auto set = [&](const char* name, int64_t value) {
    metadata.set_u32(key(name), static_cast<uint32_t>(value));
  };
  metadata.set_string("general.architecture", o.architecture);
  metadata.set_string("general.name", "Tiny test model");
  set("block_count", o.n_layers);
  set("context_length", o.context_length);
  set("embedding_length", o.width);
  set("feed_forward_length", o.ffn_width);
  set("attention.head_count", o.n_heads);
  set("attention.head_count_kv", o.n_kv_heads);
  set("attention.key_length", o.head_dim);
  set("attention.value_length", o.head_dim);
  set("rope.dimension_count", o.head_dim);
  set("vocab_size", n_rows);
  metadata.set_f32(key("attention.layer_norm_rms_epsilon"), kEpsilon);
  metadata.set_f32(key("rope.freq_base"), kTheta);
}

void set_vocabulary(model_files::gguf::MetadataBuilder& metadata, const TinyModelOptions& o, int64_t n_rows) {
  const TinyVocabulary& v = tiny_vocabulary();
  std::vector<std::string> tokens = v.tokens, merges;
  std::vector<int32_t> types(tokens.size(), kTypeNormal);
  for (int32_t id : {v.end_of_text, v.im_start, v.im_end}) types[id] = kTypeControl;
  for (int32_t id : {v.think, v.end_think}) types[id] = kTypeUserDefined;
  while (std::ssize(tokens) < n_rows) tokens.push_back(cat("[PAD", tokens.size(), "]"));
  types.resize(tokens.size(), kTypeUnused);
  for (const auto& [left, right] : v.merges) merges.push_back(cat(left, " ", right));
  metadata.set_string("tokenizer.ggml.model", "gpt2");
  metadata.set_string("tokenizer.ggml.pre", "gpt-2");
  metadata.set_strings("tokenizer.ggml.tokens", tokens);
  metadata.set_i32s("tokenizer.ggml.token_type", types);
  metadata.set_strings("tokenizer.ggml.merges", merges);
  metadata.set_u32("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(v.end_of_text));
  metadata.set_u32("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(v.im_end));
  metadata.set_bool("tokenizer.ggml.add_bos_token", false);
  if (o.chat_template) metadata.set_string("tokenizer.chat_template", kTinyChatTemplate);
}

Json tiny_config(const TinyModelOptions& o, int64_t n_rows) {
  const TinyVocabulary& v = tiny_vocabulary();
  const char* classes = o.architecture == "qwen2"   ? "Qwen2ForCausalLM"
                        : o.architecture == "qwen3" ? "Qwen3ForCausalLM"
                                                    : "LlamaForCausalLM";
  Json config;
  config.set("architectures", Json::Array{classes});
  config.set("model_type", o.architecture);
  config.set("hidden_size", o.width);
  config.set("intermediate_size", o.ffn_width);
  config.set("num_hidden_layers", o.n_layers);
  config.set("num_attention_heads", o.n_heads);
  config.set("num_key_value_heads", o.n_kv_heads);
  config.set("head_dim", o.head_dim);
  config.set("vocab_size", n_rows);
  config.set("max_position_embeddings", o.context_length);
  config.set("rms_norm_eps", double{kEpsilon});
  config.set("rope_theta", double{kTheta});
  config.set("hidden_act", "silu");
  config.set("tie_word_embeddings", o.tied);
  config.set("bos_token_id", int64_t{v.end_of_text});
  config.set("eos_token_id", int64_t{v.im_end});
  return config;
}

Json tiny_generation_config() {
  const TinyVocabulary& v = tiny_vocabulary();
  Json config;
  config.set("bos_token_id", int64_t{v.end_of_text});
  config.set("eos_token_id", Json::Array{int64_t{v.im_end}, int64_t{v.end_of_text}});
  return config;
}

base::Status write_json(const std::filesystem::path& path, const Json& json) {
  const std::string text = json.write_pretty() + "\n";
  return platform::write_file_atomically(path, base::as_bytes(text));
}

using Tensors = std::span<const TinyTensor>;

base::Status write_shard(const std::filesystem::path& path, Tensors tensors, DType dtype) {
  std::vector<TensorSpec> specs;
  specs.reserve(tensors.size());
  for (const TinyTensor& tensor : tensors) specs.push_back({tensor.folder_name, dtype, tensor.shape});
  auto writer = TRY(model_files::safetensors::Writer::create(path, specs, {{"format", "pt"}}));
  for (size_t i = 0; i < tensors.size(); ++i) TRY(writer.append(stored(tensors[i].values, specs[i])));
  return writer.finish();
}

base::Status write_weights(const std::filesystem::path& folder, Tensors tensors, const TinyModelOptions& o) {
  if (o.n_shards == 1) return write_shard(folder / "model.safetensors", tensors, o.dtype);
  Json::Object map;
  for (int shard = 0; shard < o.n_shards; ++shard) {
    const size_t begin = tensors.size() * shard / o.n_shards, end = tensors.size() * (shard + 1) / o.n_shards;
    const std::string name = cat("model-0000", shard + 1, "-of-0000", o.n_shards, ".safetensors");
    TRY(write_shard(folder / name, tensors.subspan(begin, end - begin), o.dtype));
    for (size_t i = begin; i < end; ++i) map.push_back({tensors[i].folder_name, name});
  }
  Json index;
  index.set("metadata", Json::Object{});
  index.set("weight_map", std::move(map));
  return write_json(folder / "model.safetensors.index.json", index);
}

}  // namespace

TinyModelOptions TinyModelOptions::of_type(DType dtype) {
  TinyModelOptions options;
  options.width = 256;
  options.head_dim = 64;
  options.ffn_width = 256;
  options.dtype = dtype;
  return options;
}

base::Status write_tiny_gguf(const std::filesystem::path& path, const TinyModelOptions& o) {
  const TinyWeights weights(o);
  model_files::gguf::MetadataBuilder metadata;
  set_hyperparameters(metadata, o, weights.n_rows());
  set_vocabulary(metadata, o, weights.n_rows());
  std::vector<TensorSpec> specs;
  specs.reserve(weights.tensors.size());
  for (const TinyTensor& tensor : weights.tensors)
    specs.push_back({tensor.gguf_name, tensor.is_matrix() ? o.dtype : DType::F32, tensor.shape});
  auto writer = TRY(model_files::gguf::Writer::create(path, metadata, specs));
  for (size_t i = 0; i < specs.size(); ++i) {
    const TinyTensor& tensor = weights.tensors[i];
    const bool is_rotated = o.architecture == "llama" && tensor.n_rotated_heads > 0;
    std::vector<std::byte> bytes = stored(is_rotated ? interleaved(tensor) : tensor.values, specs[i]);
    if (tensor.gguf_name == o.spoiled_tensor) spoil(specs[i].dtype, bytes);
    TRY(writer.append(bytes));
  }
  return writer.finish();
}

base::Status write_tiny_folder(const std::filesystem::path& folder, const TinyModelOptions& o) {
  CHECK(o.n_shards >= 1 && o.n_shards <= 9);
  const TinyWeights weights(o);
  TRY(platform::make_directories(folder));
  TRY(write_json(folder / "config.json", tiny_config(o, weights.n_rows())));
  TRY(write_json(folder / "generation_config.json", tiny_generation_config()));
  TRY(write_json(folder / "tokenizer.json", tiny_tokenizer_json()));
  TRY(write_json(folder / "tokenizer_config.json", tiny_tokenizer_config(o.chat_template)));
  return write_weights(folder, weights.tensors, o);
}

}  // namespace tests
