#pragma once
// Takes the tensors of a model out of its file by their roles, checks type and shape, and brings them into
// the backend.
//
// Every tensor is named twice, as GGUF and as safetensors checkpoints name it; the container decides which
// counts.
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/model.h"

namespace models {

// The two spellings of one tensor, without the layer's prefix.
struct TensorName {
  std::string_view gguf;         // "attn_q.weight"
  std::string_view safetensors;  // "self_attn.q_proj.weight"
};

class WeightLoader {
 public:
  WeightLoader(const model_files::ModelFile& file, const LoadOptions& options);

  // The full name in this container: of a layer's tensor ("blk.3.", "model.layers.3."), or of one outside the
  // layers (safetensors: "model." in front unless it starts with "lm_head").
  std::string layer_name(int64_t layer_index, TensorName name) const;
  std::string global_name(TensorName name) const;
  bool has(const std::string& full_name) const { return file_.find(full_name) != nullptr; }

  // [n_out, n_in]
  base::Result<std::unique_ptr<compute::Matrix>> matrix(const std::string& full_name, int64_t n_out,
                                                        int64_t n_in);
  // [n], widened to float32
  base::Result<std::vector<float>> vector(const std::string& full_name, int64_t n);

  // Names of the file's tensors that nobody asked for.
  std::vector<std::string> unused() const;

 private:
  base::Result<const tensor::TensorView*> checked(const std::string& full_name, int64_t n_rows,
                                                  int64_t n_columns);
  base::Status advance(const tensor::TensorView& view);

  const model_files::ModelFile& file_;
  const LoadOptions& options_;
  bool is_gguf_;
  std::set<std::string, std::less<>> used_;
  uint64_t bytes_done_ = 0;
  uint64_t bytes_total_ = 0;
};

}  // namespace models
