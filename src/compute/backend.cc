#include "compute/backend.h"

namespace compute {

uint64_t KvShape::page_bytes() const {
  const uint64_t element_bytes = type == KvType::f32 ? 4 : 2;
  return uint64_t{2} * n_layers * n_kv_heads * head_dim * kPageTokens * element_bytes;
}

const char* name(Numerics numerics) {
  return numerics == Numerics::exact ? "exact" : "fast";
}

const char* name(KvType type) {
  return type == KvType::f32 ? "f32" : "bf16";
}

}  // namespace compute
