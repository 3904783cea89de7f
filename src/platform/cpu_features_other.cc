#include "platform/cpu_features.h"

namespace platform {

CpuFeatures cpu_features() {
  return {};
}

}  // namespace platform
