#include "models/weight_loader.h"

#include "base/strings.h"
#include "base/utf8.h"
#include "tensor/dequantize.h"

namespace models {

using base::cat;
using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

// Ones in front of or behind a vector's length do not matter: GGUF writers leave either.
bool is_vector_of(const tensor::Shape& shape, int64_t n) {
  return tensor::element_count(shape) == n && (shape.empty() || shape.back() == n || n == 1);
}

bool is_matrix_of(const tensor::Shape& shape, int64_t n_rows, int64_t n_columns) {
  if (shape.size() < 2) return false;
  for (size_t i = 0; i + 2 < shape.size(); ++i)
    if (shape[i] != 1) return false;
  return shape[shape.size() - 2] == n_rows && shape.back() == n_columns;
}

}  // namespace

WeightLoader::WeightLoader(const model_files::ModelFile& file, const LoadOptions& options)
    : file_(file),
      options_(options),
      is_gguf_(file.container() == model_files::Container::gguf),
      bytes_total_(file.tensor_bytes()) {}

std::string WeightLoader::layer_name(int64_t layer_index, TensorName name) const {
  return is_gguf_ ? cat("blk.", layer_index, ".", name.gguf)
                  : cat("model.layers.", layer_index, ".", name.safetensors);
}

std::string WeightLoader::global_name(TensorName name) const {
  if (is_gguf_) return std::string(name.gguf);
  return name.safetensors.starts_with("lm_head") ? std::string(name.safetensors)
                                                 : cat("model.", name.safetensors);
}

Result<const tensor::TensorView*> WeightLoader::checked(const std::string& full_name, int64_t n_rows,
                                                        int64_t n_columns) {
  const tensor::TensorView* view = file_.find(full_name);
  if (view == nullptr) return fail(Code::corrupt, cat("tensor '", full_name, "' is missing"));
  const bool fits =
      n_rows < 0 ? is_vector_of(view->shape, n_columns) : is_matrix_of(view->shape, n_rows, n_columns);
  if (!fits) {
    const tensor::Shape wanted = n_rows < 0 ? tensor::Shape{n_columns} : tensor::Shape{n_rows, n_columns};
    return fail(Code::corrupt, cat("tensor '", full_name, "' has shape ", tensor::to_string(view->shape),
                                   ", the configuration asks for ", tensor::to_string(wanted)));
  }
  used_.insert(full_name);
  return view;
}

Status WeightLoader::advance(const tensor::TensorView& view) {
  bytes_done_ += view.bytes.size();
  if (options_.progress) options_.progress(bytes_done_, bytes_total_);
  if (options_.cancelled != nullptr && *options_.cancelled)
    return fail(Code::cancelled, "loading was interrupted");
  return {};
}

Result<std::unique_ptr<compute::Matrix>> WeightLoader::matrix(const std::string& full_name, int64_t n_out,
                                                              int64_t n_in) {
  const tensor::TensorView* view = TRY(checked(full_name, n_out, n_in));
  tensor::TensorView two_dimensional = *view;
  two_dimensional.shape = {n_out, n_in};
  const tensor::Layout layout = file_.layout_of(full_name);
  const bool stays_in_file = options_.residence == Residence::file || layout == tensor::Layout::backend;
  auto made = stays_in_file ? options_.backend.map_matrix(two_dimensional, layout)
                            : options_.backend.make_matrix(two_dimensional, {});
  if (!made) return fail(made.error(), cat("tensor '", full_name, "'"));
  // Not twice in memory; and in memory before the first step asks for it, if it has room there.
  if (!stays_in_file) file_.drop_pages(view->bytes);
  if (stays_in_file && options_.residence == Residence::memory) file_.populate(view->bytes);
  TRY(advance(*view));
  return std::move(made).value();
}

Result<std::vector<float>> WeightLoader::vector(const std::string& full_name, int64_t n) {
  const tensor::TensorView* view = TRY(checked(full_name, -1, n));
  if (!tensor::can_dequantize(view->dtype))
    return fail(Code::unsupported, cat("tensor '", full_name, "' has type ", tensor::name(view->dtype),
                                       ", which is not supported"));
  if (file_.layout_of(full_name) != tensor::Layout::rows)
    return fail(Code::corrupt, cat("tensor '", full_name, "' is packed as a matrix"));
  if (n % tensor::info(view->dtype).block_elements != 0)
    return fail(Code::corrupt,
                cat("tensor '", full_name, "' is shorter than a block of ", tensor::name(view->dtype)));
  std::vector<float> values(static_cast<size_t>(n));
  tensor::dequantize_row(view->dtype, view->bytes.data(), n, values.data());
  TRY(advance(*view));
  return values;
}

std::vector<std::string> WeightLoader::unused() const {
  std::vector<std::string> names;
  for (const model_files::NamedTensor& each : file_.tensors())
    if (!used_.contains(each.name)) names.push_back(each.name);
  return names;
}

}  // namespace models
