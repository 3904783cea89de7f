#include "platform/os_error.h"

#include <cerrno>
#include <system_error>

#include "base/strings.h"
#include "base/utf8.h"

namespace platform {

base::Code code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return base::Code::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return base::Code::permission_denied;
    case EEXIST:
      return base::Code::already_exists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return base::Code::exhausted;
    case EISDIR:
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return base::Code::invalid_argument;
    default:
      return base::Code::io_error;
  }
}

std::string quoted(const std::filesystem::path& path) {
  return base::cat("'", base::printable(path.native(), 1000), "'");
}

std::unexpected<base::Error> os_error(std::string_view action, const std::filesystem::path& path,
                                      int error_number) {
  return base::fail(code_of_errno(error_number), base::cat("cannot ", action, " ", quoted(path), ": ",
                                                           std::generic_category().message(error_number)));
}

}  // namespace platform
