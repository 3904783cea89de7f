#include "models/registry.h"

#include <array>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/fields.h"

namespace models {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;

extern const Architecture kLlama, kQwen2, kQwen3;

namespace {

constexpr std::array<const Architecture*, 3> kArchitectures = {&kLlama, &kQwen2, &kQwen3};

std::string known_names() {
  std::string names;
  for (const Architecture* each : kArchitectures) names += cat(names.empty() ? "" : ", ", each->gguf_name);
  return names;
}

// config.json: model_type decides; without it the class name.
Result<std::string> name_in_config(const Json& config) {
  const model_files::Fields fields(config);
  if (fields.has("model_type")) return fields.string("model_type");
  const Json* classes = fields.find("architectures");
  if (classes != nullptr && classes->is_array() && !classes->as_array().empty() &&
      classes->as_array()[0].is_string())
    return classes->as_array()[0].as_string();
  return fail(Code::corrupt, "config.json names neither model_type nor architectures");
}

}  // namespace

std::span<const Architecture* const> architectures() {
  return kArchitectures;
}

Result<const Architecture*> find_architecture(const model_files::ModelFile& file) {
  if (file.container() == model_files::Container::safetensors_file)
    return fail(Code::unsupported, "a lone .safetensors file has no config.json: give the folder it lies in");
  const bool is_gguf = file.container() == model_files::Container::gguf;
  const std::string name = is_gguf ? TRY(model_files::Fields(file.metadata()).string("general.architecture"))
                                   : TRY(name_in_config(file.metadata()));
  for (const Architecture* each : kArchitectures)
    if (is_gguf ? name == each->gguf_name : name == each->model_type || name == each->class_name) return each;
  return fail(Code::unsupported, cat("architecture '", base::printable(name, 60),
                                     "' is not supported; this build knows ", known_names()));
}

Result<Config> read_config(const model_files::ModelFile& file) {
  return TRY(find_architecture(file))->read_config(file);
}

Result<std::unique_ptr<Model>> load_model(const model_files::ModelFile& file, const LoadOptions& options) {
  const std::string_view layout = file.packed_layout();
  if (!layout.empty() && layout != options.backend.layout_name())
    return fail(Code::unsupported,
                cat("is packed in the layout '", base::printable(layout, 60), "', this program computes in '",
                    options.backend.layout_name(), "': pack the original again"));
  return TRY(find_architecture(file))->load(file, options);
}

}  // namespace models
