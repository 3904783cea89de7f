#include "compute/backend.h"

namespace compute {

uint64_t KvShape::page_bytes() const {
  const uint64_t element_bytes = type == KvType::f32 ? 4 : 2;
  return uint64_t{2} * n_layers * n_kv_heads * head_dim * kPageTokens * element_bytes;
}

void Backend::attention_step(const AttentionStep& s) {
  const int head_dim = s.shape.head_dim;
  if (s.q_norm != nullptr) rms_norm(s.q, s.q_norm, head_dim, s.norm_eps, s.q);
  if (s.k_norm != nullptr) rms_norm(s.k, s.k_norm, head_dim, s.norm_eps, s.k);
  rope(s.q, head_dim, s.rope, s.sequences);
  rope(s.k, head_dim, s.rope, s.sequences);
  store_kv(s.memory, s.layer_index, s.k, s.v, s.sequences);
  attention(s.q, s.memory, s.layer_index, s.shape, s.sequences, s.output);
}

void Backend::gated_mlp(Rows input, const LinearTerm& gate, const LinearTerm& up, const LinearTerm& down) {
  const LinearTerm gate_up[] = {gate, up};
  linear(input, gate_up);
  silu_multiply(gate.output, up.output, gate.output);
  linear(gate.output, {&down, 1});
}

const char* name(Numerics numerics) {
  return numerics == Numerics::exact ? "exact" : "fast";
}

const char* name(KvType type) {
  return type == KvType::f32 ? "f32" : "bf16";
}

}  // namespace compute
