#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace base {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: CHECK(%s) failed: this is a fault in domicile, please report it\n", file, line,
               condition);
  std::abort();
}

}  // namespace base
