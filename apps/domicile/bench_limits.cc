#include "apps/domicile/bench_limits.h"

#include <limits>

namespace apps {

namespace {

// Matrix parameters of the layers that the integer kernels multiply, as a part of all.
double quantised_share(const models::Model& model, const model_files::ModelFile& file) {
  if (model.backend().numerics() == compute::Numerics::exact) return 0;
  double quantised = 0, all = 0;
  for (const model_files::NamedTensor& each : file.tensors()) {
    if (each.view.shape.size() < 2 || each.view.n_rows() == model.config().vocab_size) continue;
    const auto n = static_cast<double>(tensor::element_count(each.view.shape));
    all += n;
    if (tensor::info(each.view.dtype).block_elements > 1) quantised += n;
  }
  return all > 0 ? quantised / all : 0;
}

double attention_operations(const models::Config& c, double mean_context) {
  return 4.0 * static_cast<double>(c.n_layers * c.n_heads * c.head_dim) * mean_context;
}

}  // namespace

BenchLimits bench_limits(const models::Model& model, const model_files::ModelFile& file,
                         const engine::BenchOptions& options, const compute::cpu::Roof& roof) {
  const models::Config& c = model.config();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double int8 = roof.int8_ops_per_second.value_or(nan), fp32 = roof.fp32_flops_per_second.value_or(nan);
  const double share = quantised_share(model, file);
  const double seconds_per_operation = (share > 0 ? share / int8 : 0) + (share < 1 ? (1 - share) / fp32 : 0);

  const auto prompt = static_cast<double>(options.prompt_tokens),
             depth = static_cast<double>(options.depth_tokens);
  const double layer_seconds = 2.0 * static_cast<double>(c.n_layer_parameters) * seconds_per_operation;
  const double attention_seconds = attention_operations(c, depth + prompt / 2) / fp32;
  const double head_seconds =
      2.0 * static_cast<double>(c.vocab_size * c.width) * seconds_per_operation / prompt;

  const double kv_bytes =
      static_cast<double>(model.kv_shape(options.kv_type).page_bytes()) / compute::kPageTokens;
  const double context = depth + prompt + static_cast<double>(options.generate_tokens) / 2;
  const double batch = options.batch;
  const double step_bytes = static_cast<double>(model.decode_weight_bytes()) + batch * context * kv_bytes;

  BenchLimits limits;
  limits.prefill = 1 / (layer_seconds + attention_seconds + head_seconds);
  limits.decode = batch * roof.read_bytes_per_second / step_bytes;
  limits.terms.set("layer_seconds_per_token", layer_seconds);
  limits.terms.set("attention_seconds_per_token", attention_seconds);
  limits.terms.set("head_seconds_per_token", head_seconds);
  limits.terms.set("decode_bytes_per_step", step_bytes);
  limits.terms.set("read_bytes_per_second", roof.read_bytes_per_second);
  limits.terms.set("read_buffer_bytes", base::Json(roof.read_buffer_bytes));
  limits.terms.set("int8_ops_per_second", int8);
  limits.terms.set("fp32_flops_per_second", fp32);
  limits.terms.set("int8_share_of_parameters", share);
  return limits;
}

}  // namespace apps
