#pragma once
// Logits of every position of a given token sequence, as `domicile score` wants them. Needs no Engine.
#include <functional>
#include <span>

#include "base/result.h"
#include "models/model.h"

namespace engine {

struct ScoreOptions {
  int64_t chunk_tokens = 512;  // tokens of the sequence per step
  int batch = 1;               // the sequence runs among batch - 1 different ones in the same steps
  compute::KvType kv_type = compute::KvType::bf16;
};

// Hears the logits [vocab_size] at positions 0, 1, 2, ...; an error ends the run.
using LogitsSink = std::function<base::Status(int64_t position, std::span<const float> logits)>;

// Fails with Code::invalid_argument (no tokens, an id out of range, an option out of range), Code::exhausted
// (longer than the model's context, no memory), or what the sink returned. Logits of one step are held at a
// time, at most 128 MiB: where chunk_tokens rows of a large vocabulary would take more, steps are shorter.
base::Status score(models::Model& model, std::span<const models::TokenId> tokens, const ScoreOptions& options,
                   const LogitsSink& sink);

}  // namespace engine
