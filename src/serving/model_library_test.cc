#include "serving/model_library.h"

#include <gtest/gtest.h>

#include "platform/atomic_file.h"
#include "tests/support/tiny_model.h"
#include "tests/temp_dir.h"

namespace serving {
namespace {

namespace fs = std::filesystem;
using base::Code;
using model_store::CatalogueEntry;
using model_store::Store;

constexpr CatalogueEntry kKnown{.name = "known", .package = "p", .version = "1", .entry = "known.gguf"};

bool go_on(const model_store::Progress&) {
  return true;
}

// A store with one registered model, "mine", and a catalogue whose models cannot be fetched.
struct Fixture {
  Fixture() {
    const fs::path file = dir.path() / "mine.gguf";
    EXPECT_TRUE(tests::write_tiny_gguf(file));
    EXPECT_TRUE(store().pull(file.native(), {}, go_on));
  }
  Store store() const {
    return Store(
        dir.path() / "data",
        {.catalogue = {&kKnown, 1},
         .fetch_wheel = [](const CatalogueEntry&, const fs::path&, const auto&) -> base::Result<fs::path> {
           return base::fail(Code::unavailable, "no network");
         },
         .create_file = platform::AtomicFile::create,
         .free_bytes = [](const fs::path&) -> base::Result<uint64_t> { return uint64_t{1} << 40; }});
  }
  tests::TempDir dir;
  std::unique_ptr<ModelLibrary> library = library_of(store());
};

TEST(ModelLibrary, ListsWhatTheStoreHolds) {
  Fixture fixture;
  const auto entries = fixture.library->list();
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->front().id, "mine");
  EXPECT_EQ(entries->front().facts.architecture, "llama");
  EXPECT_EQ(entries->front().facts.weight_type, "F32");
  EXPECT_GT(entries->front().facts.size_bytes, 0u);
}

TEST(ModelLibrary, PullsNamesOfTheCatalogueAndNoPaths) {
  Fixture fixture;
  EXPECT_TRUE(fixture.library->can_pull("known:latest"));
  EXPECT_EQ(fixture.library->pull("known", go_on).error().code, Code::unavailable);
  const std::string path = (fixture.dir.path() / "mine.gguf").native();
  for (const std::string& name :
       {path, std::string("mine"), std::string("https://x.example/a"), std::string()}) {
    EXPECT_FALSE(fixture.library->can_pull(name));
    EXPECT_EQ(fixture.library->pull(name, go_on).error().code, Code::not_found) << name;
  }
}

TEST(ModelLibrary, RemovesByNameAlone) {
  Fixture fixture;
  EXPECT_EQ(fixture.library->remove("../models/mine").error().code, Code::not_found);
  EXPECT_TRUE(fixture.library->remove("mine:latest"));
  EXPECT_TRUE(fixture.library->list()->empty());
  EXPECT_EQ(fixture.library->remove("mine").error().code, Code::not_found);
}

}  // namespace
}  // namespace serving
