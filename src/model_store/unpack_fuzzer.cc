// Whatever the archive: no crash, and never more than the stated size is written.
#include <cstdint>

#include "base/check.h"
#include "model_store/unpack.h"

namespace {

constexpr uint64_t kSizeBytes = 5;

class Counter final : public platform::WritableFile {
 public:
  base::Status write(base::Bytes bytes) override {
    n_bytes += bytes.size();
    return {};
  }
  base::Status commit() override { return {}; }
  uint64_t n_bytes = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::Bytes archive(reinterpret_cast<const std::byte*>(data), size);
  Counter counter;
  const auto hash =
      model_store::unpack_entry(archive, "m", kSizeBytes, counter, [](uint64_t) { return true; });
  CHECK(counter.n_bytes <= kSizeBytes);
  CHECK(!hash || counter.n_bytes == kSizeBytes);
  return 0;
}
