#pragma once
// Where the large reference outputs lie: DOMICILE_GOLDEN, or shared/golden beside the checkout. A test that
// needs them and finds none skips itself and names the set.
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace tests {

inline std::optional<std::filesystem::path> golden_dir(const std::string& set) {
  std::filesystem::path root;
  if (const char* given = std::getenv("DOMICILE_GOLDEN"); given != nullptr && *given != '\0')
    root = given;
  else
    root = std::filesystem::path(DOMICILE_SOURCE_DIR).parent_path() / "shared" / "golden";
  std::error_code ignored;
  if (!std::filesystem::is_directory(root / set, ignored)) return std::nullopt;
  return root / set;
}

}  // namespace tests

// At the top of a test body:  const auto dir = GOLDEN_OR_SKIP("tokenizers");
#define GOLDEN_OR_SKIP(set)                                                        \
  ({                                                                               \
    auto golden_ = ::tests::golden_dir(set);                                       \
    if (!golden_) GTEST_SKIP() << "reference outputs '" << (set) << "' not found"; \
    *golden_;                                                                      \
  })
