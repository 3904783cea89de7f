// Hyper-parameters of the dense decoders, from config.json or GGUF metadata.
#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/fields.h"
#include "models/decoder.h"

namespace models {

using base::cat;
using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model_files::Fields;
using model_files::ModelFile;

namespace {

constexpr int64_t kMaxLayers = 1024, kMaxWidth = 131072, kMaxHeads = 1024, kMaxHeadDim = 512;
constexpr int64_t kMaxFfnWidth = 1 << 20, kMaxVocab = 1 << 21, kMaxContext = 1 << 24;
constexpr double kMaxEps = 1;

// Checks what both containers must hold alike.
Status check_shape(const DecoderShape& shape) {
  const Config& c = shape.config;
  if (c.n_heads % c.n_kv_heads != 0)
    return fail(Code::corrupt,
                cat(c.n_heads, " heads cannot share ", c.n_kv_heads, " key/value heads evenly"));
  if (shape.rope_dims % 2 != 0 || shape.rope_dims > c.head_dim)
    return fail(Code::corrupt, cat("rotated dimensions are ", shape.rope_dims,
                                   ", must be even and at most the head size ", c.head_dim));
  return {};
}

Result<int64_t> width_per_head(const Config& c) {
  if (c.width % c.n_heads != 0)
    return fail(Code::corrupt,
                cat("width ", c.width, " is no multiple of ", c.n_heads, " heads and no head size is given"));
  return c.width / c.n_heads;
}

// Rows of the embedding table: GGUF states the vocabulary's size by nothing else that can be trusted.
Result<int64_t> rows_of(const ModelFile& file, std::string_view tensor_name) {
  const tensor::TensorView* view = file.find(tensor_name);
  if (view == nullptr) return fail(Code::corrupt, cat("tensor '", tensor_name, "' is missing"));
  const int64_t n = view->n_rows();
  if (n < 1 || n > kMaxVocab)
    return fail(Code::corrupt, cat("tensor '", tensor_name, "' has ", n, " rows, must be 1..", kMaxVocab));
  return n;
}

bool holds_bias(const ModelFile& file, std::string_view role) {
  return file.find(cat("blk.0.", role, ".bias")) != nullptr;
}

Result<DecoderShape> read_gguf(const ModelFile& file, const DecoderTraits& traits) {
  const std::string architecture(traits.architecture);
  const Fields fields(file.metadata(), architecture + ".");
  DecoderShape s;
  Config& c = s.config;
  c.architecture = architecture;
  c.n_layers = TRY(fields.integer("block_count", 1, kMaxLayers));
  c.width = TRY(fields.integer("embedding_length", 1, kMaxWidth));
  c.ffn_width = TRY(fields.per_layer_integer("feed_forward_length", c.n_layers, 1, kMaxFfnWidth));
  c.n_heads = TRY(fields.per_layer_integer("attention.head_count", c.n_layers, 1, kMaxHeads));
  c.n_kv_heads = fields.has("attention.head_count_kv")
                     ? TRY(fields.per_layer_integer("attention.head_count_kv", c.n_layers, 1, kMaxHeads))
                     : c.n_heads;
  c.head_dim = fields.has("attention.key_length")
                   ? TRY(fields.integer("attention.key_length", 1, kMaxHeadDim))
                   : TRY(width_per_head(c));
  const int64_t value_length = TRY(fields.integer_or("attention.value_length", c.head_dim, 1, kMaxHeadDim));
  if (value_length != c.head_dim)
    return fail(Code::unsupported, cat(fields.full_name("attention.value_length"), " is ", value_length,
                                       ", differing from the key length ", c.head_dim, " is not supported"));
  if (TRY(fields.integer_or("expert_count", 0, 0, 4096)) > 0)
    return fail(Code::unsupported,
                cat(fields.full_name("expert_count"), " is set: mixtures of experts of architecture '",
                    architecture, "' are not supported"));
  c.context_length = TRY(fields.integer_or("context_length", 4096, 1, INT64_MAX));
  c.vocab_size = TRY(rows_of(file, "token_embd.weight"));
  s.norm_eps = static_cast<float>(TRY(fields.number("attention.layer_norm_rms_epsilon", 0, kMaxEps)));
  s.rope = TRY(read_rope_gguf(file.metadata(), architecture));
  s.rope_dims = TRY(fields.integer_or("rope.dimension_count", c.head_dim, 2, kMaxHeadDim));
  s.rope_interleaved = traits.gguf_interleaved;
  s.tied = file.find("output.weight") == nullptr;
  s.qkv_bias = holds_bias(file, "attn_q");
  s.output_bias = holds_bias(file, "attn_output");
  s.mlp_bias = holds_bias(file, "ffn_gate");
  return s;
}

Status refuse_what_is_not_built(const Fields& fields) {
  const std::string activation = TRY(fields.string_or("hidden_act", "silu"));
  if (activation != "silu")
    return fail(Code::unsupported,
                cat("hidden_act '", base::printable(activation, 40), "' is not supported, only silu"));
  if (fields.has("quantization_config")) {
    const Fields quantization = TRY(fields.object("quantization_config"));
    const std::string method = TRY(quantization.string_or("quant_method", "?"));
    return fail(Code::unsupported, cat("quantization_config.quant_method '", base::printable(method, 40),
                                       "' is not supported: use a plain checkpoint or a GGUF"));
  }
  if (TRY(fields.boolean_or("use_sliding_window", false)))
    return fail(Code::unsupported, "use_sliding_window is true: sliding-window attention is not supported");
  return {};
}

Result<DecoderShape> read_config_json(const ModelFile& file, const DecoderTraits& traits) {
  const Fields fields(file.metadata());
  TRY(refuse_what_is_not_built(fields));
  DecoderShape s;
  Config& c = s.config;
  c.architecture = std::string(traits.architecture);
  c.n_layers = TRY(fields.integer("num_hidden_layers", 1, kMaxLayers));
  c.width = TRY(fields.integer("hidden_size", 1, kMaxWidth));
  c.ffn_width = TRY(fields.integer("intermediate_size", 1, kMaxFfnWidth));
  c.n_heads = TRY(fields.integer("num_attention_heads", 1, kMaxHeads));
  c.n_kv_heads = TRY(fields.integer_or("num_key_value_heads", c.n_heads, 1, kMaxHeads));
  c.head_dim =
      fields.has("head_dim") ? TRY(fields.integer("head_dim", 1, kMaxHeadDim)) : TRY(width_per_head(c));
  c.vocab_size = TRY(fields.integer("vocab_size", 1, kMaxVocab));
  c.context_length = TRY(fields.integer_or("max_position_embeddings", 4096, 1, INT64_MAX));
  s.norm_eps = static_cast<float>(TRY(fields.number_or("rms_norm_eps", traits.default_eps, 0, kMaxEps)));
  s.rope = TRY(read_rope_config_json(file.metadata(), traits.default_theta, c.context_length));
  s.rope_dims = c.head_dim;
  s.tied = TRY(fields.boolean_or("tie_word_embeddings", false));
  const bool attention_bias = TRY(fields.boolean_or("attention_bias", false));
  s.qkv_bias = traits.qkv_bias_always || attention_bias;
  s.output_bias = !traits.qkv_bias_always && attention_bias;
  s.mlp_bias = TRY(fields.boolean_or("mlp_bias", false));
  return s;
}

}  // namespace

Result<DecoderShape> read_decoder_shape(const ModelFile& file, const DecoderTraits& traits) {
  DecoderShape s = file.container() == model_files::Container::gguf ? TRY(read_gguf(file, traits))
                                                                    : TRY(read_config_json(file, traits));
  s.config.context_length = std::min(s.config.context_length, kMaxContext);
  TRY(check_shape(s));
  return s;
}

}  // namespace models
