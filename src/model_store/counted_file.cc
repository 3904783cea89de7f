#include "model_store/counted_file.h"

#include <algorithm>

#include "base/strings.h"
#include "platform/os_error.h"

namespace model_store {

base::Status CountedFile::write(base::Bytes bytes) {
  if (const auto status = file_->write(bytes); !status) return explained(status.error());
  left_bytes_ -= std::min<uint64_t>(left_bytes_, bytes.size());
  return {};
}

base::Status CountedFile::commit() {
  if (const auto status = file_->commit(); !status) return explained(status.error());
  return {};
}

std::unexpected<base::Error> CountedFile::explained(base::Error error) const {
  if (error.code != base::Code::exhausted) return std::unexpected(std::move(error));
  const std::string missing =
      left_bytes_ == 0 ? "it cannot be completed" : base::cat(left_bytes_, " more bytes are needed");
  return base::fail(base::Code::exhausted,
                    base::cat("the disk of ", platform::quoted(folder_), " is full: ", missing,
                              "; make room or choose another place with --data-dir"));
}

}  // namespace model_store
