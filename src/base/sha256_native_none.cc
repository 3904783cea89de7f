#include "base/sha256_blocks.h"

namespace base::internal {

Sha256Blocks sha256_blocks_native() {
  return nullptr;
}

}  // namespace base::internal
