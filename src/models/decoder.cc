#include "models/decoder.h"

#include <cmath>
#include <new>

#include "base/check.h"
#include "base/strings.h"

namespace models {

using base::Result;
using base::Status;
using compute::Rows;

namespace {

uint64_t bytes_of(const Projection& p) {
  return (p.weight ? p.weight->size_bytes() : 0) + p.bias.size() * sizeof(float);
}

uint64_t bytes_of(const NormWeight& norm) {
  return norm.values.size() * sizeof(float);
}

int64_t parameters_of(const Projection& p) {
  return p.weight ? p.weight->n_out() * p.weight->n_in() : 0;
}

Result<NormWeight> load_norm(WeightLoader& loader, const std::string& name, int64_t n) {
  return NormWeight{name, TRY(loader.vector(name, n))};
}

Result<Projection> load_projection(WeightLoader& loader, const std::string& weight_name, bool with_bias,
                                   int64_t n_out, int64_t n_in) {
  Projection p{.name = weight_name, .weight = TRY(loader.matrix(weight_name, n_out, n_in)), .bias = {}};
  if (with_bias) p.bias = TRY(loader.vector(p.bias_name(), n_out));
  return p;
}

Result<AttentionWeights> load_attention(WeightLoader& loader, const DecoderShape& shape, int64_t layer_index,
                                        bool with_qk_norm) {
  const Config& c = shape.config;
  const int64_t q_width = c.n_heads * c.head_dim, kv_width = c.n_kv_heads * c.head_dim;
  const auto name = [&](TensorName n) { return loader.layer_name(layer_index, n); };
  AttentionWeights w;
  w.norm = TRY(load_norm(loader, name({"attn_norm.weight", "input_layernorm.weight"}), c.width));
  w.q = TRY(load_projection(loader, name({"attn_q.weight", "self_attn.q_proj.weight"}), shape.qkv_bias,
                            q_width, c.width));
  w.k = TRY(load_projection(loader, name({"attn_k.weight", "self_attn.k_proj.weight"}), shape.qkv_bias,
                            kv_width, c.width));
  w.v = TRY(load_projection(loader, name({"attn_v.weight", "self_attn.v_proj.weight"}), shape.qkv_bias,
                            kv_width, c.width));
  w.output = TRY(load_projection(loader, name({"attn_output.weight", "self_attn.o_proj.weight"}),
                                 shape.output_bias, c.width, q_width));
  if (with_qk_norm) {
    w.q_norm = TRY(load_norm(loader, name({"attn_q_norm.weight", "self_attn.q_norm.weight"}), c.head_dim));
    w.k_norm = TRY(load_norm(loader, name({"attn_k_norm.weight", "self_attn.k_norm.weight"}), c.head_dim));
  }
  return w;
}

Result<MlpWeights> load_mlp(WeightLoader& loader, const DecoderShape& shape, int64_t layer_index) {
  const Config& c = shape.config;
  const auto name = [&](TensorName n) { return loader.layer_name(layer_index, n); };
  MlpWeights w;
  w.norm = TRY(load_norm(loader, name({"ffn_norm.weight", "post_attention_layernorm.weight"}), c.width));
  w.gate = TRY(load_projection(loader, name({"ffn_gate.weight", "mlp.gate_proj.weight"}), shape.mlp_bias,
                               c.ffn_width, c.width));
  w.up = TRY(load_projection(loader, name({"ffn_up.weight", "mlp.up_proj.weight"}), shape.mlp_bias,
                             c.ffn_width, c.width));
  w.down = TRY(load_projection(loader, name({"ffn_down.weight", "mlp.down_proj.weight"}), shape.mlp_bias,
                               c.width, c.ffn_width));
  return w;
}

}  // namespace

std::string Projection::bias_name() const {
  return name.substr(0, name.size() - std::string_view("weight").size()) + "bias";
}

Decoder::Decoder(DecoderShape shape, compute::Backend& backend)
    : shape_(std::move(shape)),
      ops_(backend),
      rope_(make_rope(shape_.rope.theta, shape_.rope_dims, shape_.rope.scaling)) {}

compute::KvShape Decoder::kv_shape(compute::KvType type) const {
  const Config& c = shape_.config;
  return {.n_layers = static_cast<int>(c.n_layers),
          .n_kv_heads = static_cast<int>(c.n_kv_heads),
          .head_dim = static_cast<int>(c.head_dim),
          .type = type};
}

Status Decoder::load(const model_files::ModelFile& file, const LoadOptions& options,
                     const DecoderTraits& traits) {
  WeightLoader loader(file, options);
  TRY(load_ends(loader));
  for (int64_t i = 0; i < shape_.config.n_layers; ++i)
    layers_.push_back(
        {TRY(load_attention(loader, shape_, i, traits.qk_norm)), TRY(load_mlp(loader, shape_, i))});
  count_weights();
  return {};
}

Status Decoder::load_ends(WeightLoader& loader) {
  const Config& c = shape_.config;
  const auto matrix = [&](TensorName name) {
    return load_projection(loader, loader.global_name(name), /*with_bias=*/false, c.vocab_size, c.width);
  };
  embedding_ = TRY(matrix({"token_embd.weight", "embed_tokens.weight"}));
  final_norm_ = TRY(load_norm(loader, loader.global_name({"output_norm.weight", "norm.weight"}), c.width));
  if (!shape_.tied) head_ = TRY(matrix({"output.weight", "lm_head.weight"}));

  // GGUF states llama3 scaling as one divisor per pair.
  if (const std::string divisors_name = "rope_freqs.weight"; loader.has(divisors_name)) {
    const std::vector<float> divisors = TRY(loader.vector(divisors_name, shape_.rope_dims / 2));
    for (size_t i = 0; i < divisors.size(); ++i) {
      if (!std::isfinite(divisors[i]) || divisors[i] <= 0)
        return base::fail(base::Code::corrupt, base::cat("tensor '", divisors_name, "' holds ", divisors[i],
                                                         " at ", i, ", must be above 0"));
      rope_.inverse_frequencies[i] /= divisors[i];
    }
  }
  return {};
}

void Decoder::count_weights() {
  const uint64_t vector_bytes = bytes_of(final_norm_);
  weight_bytes_ = bytes_of(embedding_) + bytes_of(head_) + vector_bytes;
  decode_weight_bytes_ = bytes_of(head()) + vector_bytes;
  Config& c = shape_.config;
  c.n_parameters = c.vocab_size * c.width * (head_.weight ? 2 : 1);
  for (const auto& [a, m] : layers_) {
    for (const Projection* p : {&a.q, &a.k, &a.v, &a.output, &m.gate, &m.up, &m.down}) {
      weight_bytes_ += bytes_of(*p);
      decode_weight_bytes_ += bytes_of(*p);
      c.n_layer_parameters += parameters_of(*p);
    }
    const uint64_t norm_bytes = bytes_of(a.norm) + bytes_of(m.norm) + bytes_of(a.q_norm) + bytes_of(a.k_norm);
    weight_bytes_ += norm_bytes;
    decode_weight_bytes_ += norm_bytes;
  }
  c.n_parameters += c.n_layer_parameters;
}

Status Decoder::reserve(int64_t max_rows, int64_t max_logit_rows) {
  const Config& c = shape_.config;
  const auto grow = [](std::vector<float>& buffer, int64_t rows, int64_t columns) {
    if (std::ssize(buffer) < rows * columns) buffer.resize(static_cast<size_t>(rows * columns));
  };
  try {
    grow(buffers_.residual, max_rows, c.width);
    grow(buffers_.normed, max_rows, c.width);
    grow(buffers_.q, max_rows, c.n_heads * c.head_dim);
    grow(buffers_.attended, max_rows, c.n_heads * c.head_dim);
    grow(buffers_.k, max_rows, c.n_kv_heads * c.head_dim);
    grow(buffers_.v, max_rows, c.n_kv_heads * c.head_dim);
    grow(buffers_.gate, max_rows, c.ffn_width);
    grow(buffers_.up, max_rows, c.ffn_width);
    grow(buffers_.head_input, max_logit_rows, c.width);
  } catch (const std::bad_alloc&) {
    return base::fail(base::Code::exhausted,
                      base::cat("no memory for the work buffers of ", max_rows, " tokens a step"));
  }
  max_rows_ = std::max(max_rows_, max_rows);
  return {};
}

Rows Decoder::rows(std::vector<float>& buffer, int64_t n_rows, int64_t n_columns) {
  DCHECK(std::ssize(buffer) >= n_rows * n_columns);
  return {buffer.data(), n_rows, n_columns};
}

void Decoder::forward(const Step& step, compute::KvMemory& kv, float* logits) {
  run(step, kv, logits, /*search=*/nullptr);
}

std::string Decoder::find_non_finite(const Step& step, compute::KvMemory& kv) {
  std::vector<float> logits(step.logit_rows.size() * static_cast<size_t>(shape_.config.vocab_size));
  NonFiniteSearch search;
  run(step, kv, logits.data(), &search);
  return search.found();
}

void Decoder::run(const Step& step, compute::KvMemory& kv, float* logits, NonFiniteSearch* search) {
  const int64_t n_rows = std::ssize(step.tokens);
  CHECK(n_rows <= max_rows_);
  const Rows x = rows(buffers_.residual, n_rows, shape_.config.width);
  ops_.embed(*embedding_.weight, step.tokens, x);
  if (search != nullptr) search->look("the embedding", embedding_.name, x);
  for (size_t i = 0; i < layers_.size(); ++i)
    layer(layers_[i], {x, step.sequences, kv, static_cast<int>(i), search});
  if (!step.logit_rows.empty()) run_head(step, x, logits, search);
}

void Decoder::run_head(const Step& step, Rows x, float* logits, NonFiniteSearch* search) {
  const Config& c = shape_.config;
  const int64_t n_rows = std::ssize(step.logit_rows);
  const Rows last = rows(buffers_.head_input, n_rows, c.width);
  ops_.gather_rows(x, step.logit_rows, last);
  ops_.rms_norm(last, final_norm_.values.data(), c.width, shape_.norm_eps, last);
  if (search != nullptr) search->look("the final norm", final_norm_.name, last);
  const compute::LinearTerm term = head().to({logits, n_rows, c.vocab_size});
  ops_.linear(last, {&term, 1});
  if (search != nullptr) search->look("the output head", head().name, term.output);
}

void Decoder::look(const LayerStep& step, const std::string& tensor, Rows made) {
  if (step.search != nullptr) step.search->look(base::cat("layer ", step.layer_index), tensor, made);
}

void Decoder::look(const LayerStep& step, const Projection& weights, Rows made) {
  if (step.search == nullptr) return;
  const bool has_good_bias = NonFiniteSearch::all_finite(weights.bias);
  look(step, has_good_bias ? weights.name : weights.bias_name(), made);
}

void Decoder::add_attention(const AttentionWeights& w, const LayerStep& step) {
  const Config& c = shape_.config;
  const int64_t n = step.x.n_rows;
  const Rows h = rows(buffers_.normed, n, c.width);
  const Rows q = rows(buffers_.q, n, c.n_heads * c.head_dim);
  const Rows k = rows(buffers_.k, n, c.n_kv_heads * c.head_dim);
  const Rows v = rows(buffers_.v, n, c.n_kv_heads * c.head_dim);
  const Rows attended = rows(buffers_.attended, n, c.n_heads * c.head_dim);

  ops_.rms_norm(step.x, w.norm.values.data(), c.width, shape_.norm_eps, h);
  look(step, w.norm.name, h);
  const compute::LinearTerm qkv[] = {w.q.to(q), w.k.to(k), w.v.to(v)};
  const compute::AttentionShape shape{static_cast<int>(c.n_heads), static_cast<int>(c.n_kv_heads),
                                      static_cast<int>(c.head_dim),
                                      1.0f / std::sqrt(static_cast<float>(c.head_dim))};
  const compute::AttentionStep attention{
      .q = q,
      .k = k,
      .v = v,
      .q_norm = w.q_norm.data_or_null(),
      .k_norm = w.k_norm.data_or_null(),
      .norm_eps = shape_.norm_eps,
      .rope = {rope_.inverse_frequencies, rope_.magnitude, shape_.rope_interleaved},
      .memory = step.kv,
      .layer_index = step.layer_index,
      .shape = shape,
      .sequences = step.sequences,
      .output = attended};
  const compute::LinearTerm output = w.output.to(step.x, /*add_to_output=*/true);
  if (step.search == nullptr) return ops_.attention_block(h, qkv, attention, output);
  ops_.linear(h, qkv);
  look(step, w.q, q);
  look(step, w.k, k);
  look(step, w.v, v);
  ops_.attention_step(attention);
  look(step, w.q_norm.name, q);
  look(step, w.k_norm.name, k);
  look(step, /*tensor=*/"", attended);
  ops_.linear(attended, {&output, 1});
  look(step, w.output, step.x);
}

void Decoder::add_gated_mlp(const MlpWeights& w, const LayerStep& step) {
  const Config& c = shape_.config;
  const int64_t n = step.x.n_rows;
  const Rows h = rows(buffers_.normed, n, c.width);
  const Rows gate = rows(buffers_.gate, n, c.ffn_width);
  const Rows up = rows(buffers_.up, n, c.ffn_width);

  ops_.rms_norm(step.x, w.norm.values.data(), c.width, shape_.norm_eps, h);
  look(step, w.norm.name, h);
  if (step.search != nullptr) {  // gated_mlp() leaves nothing of gate and up to look at
    const compute::LinearTerm gate_up[] = {w.gate.to(gate), w.up.to(up)};
    ops_.linear(h, gate_up);
    look(step, w.gate, gate);
    look(step, w.up, up);
  }
  ops_.gated_mlp(h, w.gate.to(gate), w.up.to(up), w.down.to(step.x, /*add_to_output=*/true));
  look(step, w.down, step.x);
}

}  // namespace models
