#pragma once
// The one way in which a function reports that the world failed it: a file, a peer, a user, a limit.
//
// A Result<T> holds a T or an Error. An Error's message is one sentence that names the thing and the value
// ("tensor 'blk.3.attn_q.weight' ends past the file"), fit to be shown to the user as it stands, without a
// final full stop. Our own faults are not Errors: see base/check.h.
#include <expected>
#include <string>
#include <utility>

namespace base {

enum class Code {
  invalid_argument,   // the caller asked for something that makes no sense
  not_found,          // a file, model, tensor, route that is not there
  corrupt,            // bytes that break their format's rules
  unsupported,        // well-formed, but something this build does not do
  exhausted,          // memory, disk, context, queue: a limit was met
  cancelled,          // the caller took the request back
  unavailable,        // not now; trying again later may work
  unauthenticated,    // no key, or a wrong one
  permission_denied,  // a key without the right
  already_exists,
  io_error,  // the operating system said no
  internal,  // a caught exception of a third-party library, and the like
};

struct Error {
  Code code;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// return fail(Code::corrupt, "...");  converts to any Result<T>.
[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

// Puts what was being done in front of what went wrong: "model 'x': tensor 'y' ends past the file".
[[nodiscard]] inline std::unexpected<Error> fail(Error error, const std::string& context) {
  error.message = context + ": " + error.message;
  return std::unexpected<Error>(std::move(error));
}

// "corrupt", "not_found", ...
const char* code_name(Code code);

}  // namespace base

// Value of a Result, or return its error to the caller:  Bytes b = TRY(read_file(path));
// For a Status:  TRY(check_header(bytes));
// Never co_await inside the parentheses (g++ 12.2 dies of it): use CO_TRY on a Result that is already there.
#define TRY(expression)                                                      \
  ({                                                                         \
    auto&& try_result_ = (expression);                                       \
    if (!try_result_) [[unlikely]]                                           \
      return std::unexpected<::base::Error>(std::move(try_result_).error()); \
    std::move(try_result_).value();                                          \
  })

#define CO_TRY(expression)                                                      \
  ({                                                                            \
    auto&& try_result_ = (expression);                                          \
    if (!try_result_) [[unlikely]]                                              \
      co_return std::unexpected<::base::Error>(std::move(try_result_).error()); \
    std::move(try_result_).value();                                             \
  })
