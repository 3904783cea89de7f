#include "apps/domicile/bench_limits.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace apps {

using compute::cpu::Roof;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Weights that share a scale, in the types that have one for 16.
bool has_scale_per_16(tensor::DType type) {
  using enum tensor::DType;
  return type == Q6_K || type == Q2_K || type == Q3_K || type == NVFP4;
}

void add(MatrixWork& work, const models::Model& model, tensor::DType type, double n_parameters) {
  if (model.backend().numerics() == compute::Numerics::exact || tensor::info(type).block_elements == 1)
    work.float32 += n_parameters;
  else
    (has_scale_per_16(type) ? work.int8_group_16 : work.int8_group_32) += n_parameters;
}

// Types as the file's matrices have them, number as the model has it: a file may hold what no model asks for.
MatrixWork layers_of(const models::Model& model, const model_files::ModelFile& file) {
  MatrixWork work;
  for (const model_files::NamedTensor& each : file.tensors())
    if (each.view.shape.size() >= 2 && each.view.n_rows() != model.config().vocab_size)
      add(work, model, each.view.dtype, static_cast<double>(tensor::element_count(each.view.shape)));
  const double all = work.total();
  const double factor = all > 0 ? static_cast<double>(model.config().n_layer_parameters) / all : 0;
  work.int8_group_16 *= factor;
  work.int8_group_32 *= factor;
  work.float32 *= factor;
  return work;
}

// A tied head is the embedding table.
MatrixWork head_of(const models::Model& model, const model_files::ModelFile& file) {
  MatrixWork work;
  const models::Config& c = model.config();
  for (const std::string_view name :
       {"output.weight", "lm_head.weight", "token_embd.weight", "model.embed_tokens.weight"})
    if (const tensor::TensorView* head = file.find(name)) {
      add(work, model, head->dtype, static_cast<double>(c.vocab_size * c.width));
      return work;
    }
  return work;
}

// The rates of the three forms of MatrixWork, in operations per second.
struct Rates {
  double int8_group_16, int8_group_32, float32;
};

double tile_rate(const Roof& roof, int group) {
  const auto found = std::ranges::find(roof.int8_tiles, group, &compute::cpu::TileRate::group);
  return found == roof.int8_tiles.end() ? kUnknown : found->ops_per_second;
}

double seconds(const MatrixWork& work, const Rates& rates) {
  const auto part = [](double parameters, double rate) { return parameters > 0 ? 2 * parameters / rate : 0; };
  return part(work.int8_group_16, rates.int8_group_16) + part(work.int8_group_32, rates.int8_group_32) +
         part(work.float32, rates.float32);
}

std::optional<double> better(const std::optional<double>& a, const std::optional<double>& b) {
  return std::max(a, b);
}

}  // namespace

BenchWork bench_work(const models::Model& model, const model_files::ModelFile& file,
                     compute::KvType kv_type) {
  const models::Config& c = model.config();
  return {
      .layers = layers_of(model, file),
      .head = head_of(model, file),
      .attention_operations_per_key = 4.0 * static_cast<double>(c.n_layers * c.n_heads * c.head_dim),
      .weight_bytes = static_cast<double>(model.decode_weight_bytes()),
      .kv_bytes_per_token = static_cast<double>(model.kv_shape(kv_type).page_bytes()) / compute::kPageTokens};
}

BenchLimits bench_limits(const BenchWork& work, const engine::BenchCase& c, const Roof& roof) {
  const double int8 = roof.int8_ops_per_second.value_or(kUnknown);
  const double fp32 = roof.fp32_flops_per_second.value_or(kUnknown);
  const Rates peak{int8, int8, fp32}, tile{tile_rate(roof, 16), tile_rate(roof, 32), fp32};

  const auto prompt = static_cast<double>(c.prompt_tokens), depth = static_cast<double>(c.depth_tokens);
  const double layers = seconds(work.layers, peak), layers_tile = seconds(work.layers, tile);
  const double attention = work.attention_operations_per_key * (depth + prompt / 2) / fp32;
  const double head = seconds(work.head, peak) / prompt, head_tile = seconds(work.head, tile) / prompt;

  const double context = depth + static_cast<double>(c.generate_tokens) / 2;
  const double step_bytes = work.weight_bytes + c.batch * context * work.kv_bytes_per_token;

  BenchLimits limits;
  limits.prefill = 1 / (layers + attention + head);
  limits.prefill_tile = 1 / (layers_tile + attention + head_tile);
  limits.decode = c.batch * roof.read_bytes_per_second / step_bytes;
  limits.terms.set("layer_seconds_per_token", layers);
  limits.terms.set("attention_seconds_per_token", attention);
  limits.terms.set("head_seconds_per_token", head);
  limits.terms.set("tile_layer_seconds_per_token", layers_tile);
  limits.terms.set("tile_head_seconds_per_token", head_tile);
  limits.terms.set("decode_bytes_per_step", step_bytes);
  limits.terms.set("decode_weight_bytes", work.weight_bytes);
  limits.terms.set("kv_bytes_per_token", work.kv_bytes_per_token);
  limits.terms.set("read_bytes_per_second", roof.read_bytes_per_second);
  limits.terms.set("read_buffer_bytes", base::Json(roof.read_buffer_bytes));
  limits.terms.set("int8_ops_per_second", int8);
  limits.terms.set("int8_tile_16_ops_per_second", tile.int8_group_16);
  limits.terms.set("int8_tile_32_ops_per_second", tile.int8_group_32);
  limits.terms.set("fp32_flops_per_second", fp32);
  const double all = work.layers.total();
  limits.terms.set("int8_share_of_parameters", all > 0 ? 1 - work.layers.float32 / all : 0);
  limits.terms.set("group_16_share_of_parameters", all > 0 ? work.layers.int8_group_16 / all : 0);
  return limits;
}

Roof best_of(const Roof& a, const Roof& b) {
  Roof best = a;
  best.read_bytes_per_second = std::max(a.read_bytes_per_second, b.read_bytes_per_second);
  best.int8_ops_per_second = better(a.int8_ops_per_second, b.int8_ops_per_second);
  best.bf16_flops_per_second = better(a.bf16_flops_per_second, b.bf16_flops_per_second);
  best.fp32_flops_per_second = better(a.fp32_flops_per_second, b.fp32_flops_per_second);
  for (size_t i = 0; i < best.int8_tiles.size() && i < b.int8_tiles.size(); ++i)
    best.int8_tiles[i].ops_per_second =
        std::max(a.int8_tiles[i].ops_per_second, b.int8_tiles[i].ops_per_second);
  return best;
}

}  // namespace apps
