#include "platform/cpu_features.h"

namespace platform {

CpuFeatures cpu_features() {
  return {};
}

bool request_tiles() {
  return false;
}

}  // namespace platform
