#pragma once
// Models that are split over several GGUF files: "big-00001-of-00003.gguf" and so on.
//
// The first part holds all metadata; each part has its own tensor table. The other parts' names are made from
// the name of the first alone, never from what a file says.
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model_files/gguf/metadata.h"

namespace model_files::gguf {

// What a part says about itself. count 1: not split.
struct SplitFacts {
  int64_t number = 0;  // from 0
  int64_t count = 1;
  std::optional<int64_t> n_tensors;  // of all parts together
};
base::Result<SplitFacts> read_split_facts(const Metadata& metadata);

// "dir/big-00001-of-00003.gguf" taken apart.
struct SplitName {
  std::string prefix;  // "dir/big"
  int64_t number = 0;  // from 0
  int64_t count = 0;

  static std::optional<SplitName> parse(std::string_view path);
  std::string part(int64_t number) const;
};

}  // namespace model_files::gguf
