#pragma once
// A model ready to run: weights in a backend's layout, and the forward pass of its architecture.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "compute/backend.h"
#include "model_files/model_file.h"

namespace models {

using TokenId = int32_t;

// What the layers above need to know about any architecture.
struct Config {
  std::string architecture;  // "llama", "qwen2", "qwen3"
  int64_t n_layers = 0;
  int64_t width = 0;  // hidden size
  int64_t n_heads = 0;
  int64_t n_kv_heads = 0;
  int64_t head_dim = 0;
  int64_t ffn_width = 0;
  int64_t vocab_size = 0;          // rows of the output head
  int64_t context_length = 0;      // positions the model was made for
  int64_t n_parameters = 0;        // all weights, a tied head counted once
  int64_t n_layer_parameters = 0;  // of the matrices inside the layers
};

// One step of the engine: some tokens of some sequences.
struct Step {
  std::span<const TokenId> tokens;                   // [n_rows], all in range
  std::span<const compute::SequenceRows> sequences;  // cover the rows, in order, without gaps
  std::span<const int32_t> logit_rows;               // rows whose logits are wanted, ascending; may be empty
};

class Model {
 public:
  virtual ~Model() = default;

  virtual const Config& config() const = 0;
  virtual compute::Backend& backend() const = 0;
  virtual compute::KvShape kv_shape(compute::KvType type) const = 0;
  virtual uint64_t weight_bytes() const = 0;  // held in memory
  virtual uint64_t decode_weight_bytes()
      const = 0;  // read for one token: all but the embedding table's other rows

  // Runs the step, storing keys and values into `kv`; writes [logit_rows.size(), vocab_size] floats to
  // `logits`. REQUIRES: tokens.size() <= max_rows().
  virtual void forward(const Step& step, compute::KvMemory& kv, float* logits) = 0;

  // Runs a step again whose logits turned out not to be finite, storing the same keys and values, and looks
  // at what every operation makes. Says where the first value that is not finite comes from: "layer 3, tensor
  // 'blk.3.ffn_down.weight'"; empty if there is none. Takes memory and some times as long as forward().
  virtual std::string find_non_finite(const Step& step, compute::KvMemory& kv) = 0;

  // Rows of one step that the work buffers have room for; set by reserve().
  virtual int64_t max_rows() const = 0;
  virtual base::Status reserve(int64_t max_rows, int64_t max_logit_rows) = 0;
};

// Reads hyper-parameters only: cheap, and enough to plan memory.
base::Result<Config> read_config(const model_files::ModelFile& file);

// Loads the weights into the backend. The backend outlives the model. `progress` (may be null) hears bytes
// done.
//
// Residence of the weights: `memory` takes memory for those that have to be repacked; `file` takes none, for
// models that are larger than memory. Packed files are used where they lie either way.
enum class Residence { memory, file };
struct LoadOptions {
  compute::Backend& backend;
  Residence residence = Residence::memory;
  std::function<void(uint64_t done, uint64_t total)> progress;  // bytes; may be empty
  const std::atomic<bool>* cancelled = nullptr;                 // looked at between tensors
};
base::Result<std::unique_ptr<Model>> load_model(const model_files::ModelFile& file,
                                                const LoadOptions& options);

}  // namespace models
