#include "models/packing.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/packed/writer.h"

namespace models {
namespace {

using base::cat;
using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model_files::packed::Writer;

// What the loader takes as a matrix: two dimensions, or ones in front of two. Vectors stay rows.
bool is_matrix(const tensor::TensorView& view) {
  const tensor::Shape& shape = view.shape;
  if (shape.size() < 2 || shape.back() == 1 || shape[shape.size() - 2] == 1) return false;
  return std::all_of(shape.begin(), shape.end() - 2, [](int64_t n) { return n == 1; });
}

Status add_matrix(Writer& writer, const model_files::NamedTensor& tensor, compute::Backend& backend) {
  tensor::TensorView view = tensor.view;
  view.shape = {view.shape[view.shape.size() - 2], view.shape.back()};
  auto matrix = backend.make_matrix(view, {});
  if (!matrix) return fail(matrix.error(), cat("tensor '", base::printable(tensor.name), "'"));
  return writer.add(tensor, tensor::Layout::backend, (*matrix)->bytes());
}

Status stop_if_cancelled(const LoadOptions& options) {
  if (options.cancelled == nullptr || !*options.cancelled) return {};
  return fail(Code::cancelled, "packing was interrupted");
}

}  // namespace

Result<Packed> pack_model(const model_files::ModelFile& file, const LoadOptions& options,
                          const std::filesystem::path& path) {
  TRY(read_config(file));
  Writer writer = TRY(Writer::create(path, file, options.backend.layout_name()));
  Packed packed;
  uint64_t done = 0;
  for (const model_files::NamedTensor& tensor : file.tensors()) {
    if (is_matrix(tensor.view)) {
      TRY(add_matrix(writer, tensor, options.backend));
      ++packed.n_matrices;
    } else {
      TRY(writer.add(tensor, tensor::Layout::rows, tensor.view.bytes));
      ++packed.n_rows;
    }
    file.drop_pages(tensor.view.bytes);
    done += tensor.view.bytes.size();
    if (options.progress) options.progress(done, file.tensor_bytes());
    TRY(stop_if_cancelled(options));
  }
  TRY(file.check_unchanged());
  TRY(writer.finish());
  packed.size_bytes = writer.written_bytes();
  return packed;
}

}  // namespace models
