#include "base/result.h"

namespace base {

const char* code_name(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::not_found:
      return "not_found";
    case Code::corrupt:
      return "corrupt";
    case Code::unsupported:
      return "unsupported";
    case Code::exhausted:
      return "exhausted";
    case Code::cancelled:
      return "cancelled";
    case Code::unavailable:
      return "unavailable";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::permission_denied:
      return "permission_denied";
    case Code::already_exists:
      return "already_exists";
    case Code::io_error:
      return "io_error";
    case Code::internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace base
