#include "compute/backend.h"

namespace compute {

namespace {

// Of K, or V, of one token and head.
uint64_t token_bytes(KvType type, uint64_t head_dim) {
  switch (type) {
    case KvType::f32:
      return 4 * head_dim;
    case KvType::bf16:
      return 2 * head_dim;
    case KvType::int8:
      return head_dim + sizeof(float);
    case KvType::q4:
      return (head_dim + 15) / 16 * 8 + sizeof(float);  // whole runs of 16 values
  }
  return 0;
}

}  // namespace

uint64_t KvShape::page_bytes() const {
  return uint64_t{2} * n_layers * n_kv_heads * kPageTokens * token_bytes(type, head_dim);
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

void Backend::attention_block(Rows input, std::span<const LinearTerm> qkv, const AttentionStep& step,
                              const LinearTerm& output) {
  linear(input, qkv);
  attention_step(step);
  linear(step.output, {&output, 1});
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
  constexpr const char* kNames[] = {"f32", "bf16", "int8", "q4"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace compute
