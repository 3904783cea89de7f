#include "models/packing.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "model_files/packed/writer.h"
#include "tests/support/tiny_model.h"
#include "tests/temp_dir.h"

namespace models {
namespace {

// What loading a model says whose packed file names this layout. All its tensors are rows.
std::string error_of_layout(std::string_view layout, compute::Backend& backend) {
  const tests::TempDir dir;
  EXPECT_TRUE(tests::write_tiny_gguf(dir.path() / "model.gguf"));
  const auto source = *model_files::ModelFile::open(dir.path() / "model.gguf");
  auto writer = *model_files::packed::Writer::create(dir.path() / "model.pack", *source, layout);
  for (const model_files::NamedTensor& tensor : source->tensors())
    EXPECT_TRUE(writer.add(tensor, tensor::Layout::rows, tensor.view.bytes));
  EXPECT_TRUE(writer.finish());
  const auto file = *model_files::ModelFile::open(dir.path() / "model.pack");
  const auto model = load_model(*file, {.backend = backend});
  return model ? "loads" : model.error().message;
}

TEST(Packing, RefusesTheLayoutOfAnotherVersion) {
  const auto backend = *compute::make_cpu_backend({});
  EXPECT_EQ(error_of_layout(backend->layout_name(), *backend), "loads");
  EXPECT_EQ(error_of_layout("panels-32/9", *backend),
            base::cat("is packed in the layout 'panels-32/9', this program computes in '",
                      backend->layout_name(), "': pack the original again"));
}

}  // namespace
}  // namespace models
