#pragma once
// Names of models in the store: "smollm2", "qwen2.5:0.5b".
#include <filesystem>
#include <string>
#include <string_view>

namespace model_store {

// Letters, digits and . _ - : only, beginning with a letter or digit, at most 128 bytes. So a name is also a
// safe file name.
bool is_model_name(std::string_view text);

// "smollm2:latest" is "smollm2".
std::string_view without_latest(std::string_view name);

// Whether `text` can only be meant as a path: it holds a '/' or ends in .gguf, .safetensors or .pack.
bool looks_like_path(std::string_view text);

// The name under which a file or folder is served and registered: its last part, without .gguf,
// .safetensors or .pack; what a name may not hold becomes '-'.
std::string name_of_path(const std::filesystem::path& path);

}  // namespace model_store
