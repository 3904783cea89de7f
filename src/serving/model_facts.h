#pragma once
// What a client may want to know of a model before it uses it.
#include <cstdint>
#include <string>

namespace serving {

struct ModelFacts {
  std::string container;       // "GGUF"
  std::string architecture;    // "llama"
  std::string weight_type;     // what most of its weights are: "Q4_1"
  std::string sha256;          // of its file, in hexadecimal; empty: not known
  uint64_t size_bytes = 0;     // of its files
  int64_t n_parameters = 0;    // 0: not known without loading it
  int64_t context_length = 0;  // positions it was made for; 0: not known without loading it
};

}  // namespace serving
