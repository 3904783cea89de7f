#include "serving/model_directory.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>

namespace serving {
namespace {

using std::chrono::milliseconds;
using State = ModelDirectory::State;
using Shared = ModelDirectory::Shared;

// Loads nothing: models are names with a size. Counts, and can be made to wait or to fail.
class FakeLoader : public ModelLoader {
 public:
  base::Result<uint64_t> least_bytes(const ModelEntry& entry) override {
    std::lock_guard lock(mutex_);
    return sizes[entry.source];
  }

  base::Result<Loaded> load(const ModelEntry& entry, uint64_t memory_bytes,
                            const std::atomic<bool>& cancelled) override {
    while (hold && !cancelled) std::this_thread::sleep_for(milliseconds(1));
    if (cancelled) return base::fail(base::Code::cancelled, "cancelled");
    std::lock_guard lock(mutex_);
    ++n_loads;
    given_bytes = memory_bytes;
    if (broken) return base::fail(base::Code::corrupt, "the file is broken");
    auto model = std::make_shared<ServedModel>();
    model->id = entry.id;
    ++n_alive;
    model->owner = std::shared_ptr<void>(nullptr, [this](void*) { --n_alive; });
    return Loaded{std::move(model), sizes[entry.source]};
  }

  std::map<std::string, uint64_t> sizes;
  std::atomic<bool> hold = false, broken = false;
  std::atomic<int> n_loads = 0, n_alive = 0;
  std::atomic<uint64_t> given_bytes = 0;

 private:
  std::mutex mutex_;
};

ModelEntry entry(std::string id, KeepAlive keep_alive = {}, std::vector<std::string> aliases = {}) {
  return {.id = id, .aliases = std::move(aliases), .source = id, .keep_alive = keep_alive, .created = 0};
}

// Until it holds; the test's own limit ends one that never does.
template <class Condition>
bool comes_true(Condition condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return false;
}

struct ModelDirectoryTest : testing::Test {
  std::shared_ptr<FakeLoader> loader = std::make_shared<FakeLoader>();
  std::unique_ptr<ModelDirectory> directory;

  ModelDirectory& with(uint64_t memory_bytes, milliseconds patience = milliseconds(60'000)) {
    directory = std::make_unique<ModelDirectory>(
        loader, ModelDirectory::Options{.memory_bytes = memory_bytes, .patience = patience});
    return *directory;
  }
  State state(std::string_view name) { return directory->describe(name)->state; }
};

TEST_F(ModelDirectoryTest, LoadsOnceWhoeverAsks) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a")));
  EXPECT_EQ(state("a"), State::known);
  EXPECT_EQ(models.find("a"), nullptr);
  loader->hold = true;
  std::atomic<int> n_given = 0;
  for (int i = 0; i < 5; ++i)
    models.acquire("a",
                   [&](base::Result<Shared> model) { n_given += model.has_value() && (*model)->id == "a"; });
  EXPECT_TRUE(comes_true([&] { return state("a") == State::loading; }));
  loader->hold = false;
  EXPECT_TRUE(comes_true([&] { return n_given == 5; }));
  EXPECT_EQ(loader->n_loads, 1);
  EXPECT_NE(models.find("a"), nullptr);
  EXPECT_TRUE(comes_true([&] { return models.describe("a")->n_users == 0; }));
}

TEST_F(ModelDirectoryTest, KnowsNamesAliasesAndLatest) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a", {}, {"gpt-4o"})));
  for (const char* name : {"a", "gpt-4o", "a:latest", "gpt-4o:latest"})
    EXPECT_EQ(models.acquire_now(name).value()->id, "a") << name;
  EXPECT_EQ(models.acquire_now("b").error().code, base::Code::not_found);
  EXPECT_EQ(models.add(entry("gpt-4o")).error().code, base::Code::already_exists);
  EXPECT_EQ(models.add(entry("b", {}, {"a"})).error().code, base::Code::already_exists);
  EXPECT_TRUE(models.add(entry("a", {}, {"gpt-4o", "gpt-5"}))) << "the same model may be described anew";
}

TEST_F(ModelDirectoryTest, UnloadsWhatIsUnusedForItsTime) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a", milliseconds(20))));
  ASSERT_TRUE(models.add(entry("b")));
  Shared held = models.acquire_now("a").value();
  ASSERT_TRUE(models.acquire_now("b"));
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_EQ(state("a"), State::loaded) << "in use";
  held.reset();
  EXPECT_TRUE(comes_true([&] { return state("a") == State::known; }));
  EXPECT_TRUE(comes_true([&] { return loader->n_alive == 1; })) << "only b is left";
  EXPECT_EQ(state("b"), State::loaded);
  ASSERT_TRUE(models.acquire_now("a"));
  EXPECT_EQ(loader->n_loads, 3);
}

TEST_F(ModelDirectoryTest, ARequestsKeepAliveHoldsUntilTheNextOne) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a")));
  const auto use = [&](std::optional<KeepAlive> keep_alive) {
    std::promise<void> used;
    models.acquire("a", [&](base::Result<Shared>) { used.set_value(); }, keep_alive);
    used.get_future().wait();
  };
  use(KeepAlive(milliseconds(0)));
  EXPECT_TRUE(comes_true([&] { return state("a") == State::known; }));
  use({});
  EXPECT_TRUE(comes_true([&] { return models.describe("a")->n_users == 0; }));
  EXPECT_EQ(models.describe("a")->expires_in, std::nullopt) << "the entry's own: for ever";
  use(KeepAlive(std::chrono::hours(1)));
  EXPECT_TRUE(comes_true([&] { return models.describe("a")->n_users == 0; }));
  EXPECT_GT(models.describe("a")->expires_in, std::chrono::minutes(59));
}

TEST_F(ModelDirectoryTest, LookingIsNoUse) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a", std::chrono::hours(1))));
  ASSERT_TRUE(models.acquire_now("a"));
  EXPECT_TRUE(comes_true([&] { return models.describe("a")->n_users == 0; }));
  const auto before = *models.describe("a")->expires_in;
  std::this_thread::sleep_for(milliseconds(5));
  EXPECT_LT(*models.describe("a")->expires_in, before);
}

TEST_F(ModelDirectoryTest, MakesRoomFromTheLongestUnused) {
  loader->sizes = {{"a", 40}, {"b", 40}, {"c", 40}};
  ModelDirectory& models = with(100);
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(models.add(entry(id, std::chrono::hours(1))));
  ASSERT_TRUE(models.acquire_now("a"));
  ASSERT_TRUE(models.acquire_now("b"));
  ASSERT_TRUE(models.acquire_now("a"));
  ASSERT_TRUE(models.acquire_now("c"));
  EXPECT_EQ(state("a"), State::loaded);
  EXPECT_EQ(state("b"), State::known);
  EXPECT_EQ(loader->given_bytes, 60u);
}

TEST_F(ModelDirectoryTest, WaitsForRoomOfModelsInUse) {
  loader->sizes = {{"a", 80}, {"b", 80}};
  ModelDirectory& models = with(100);
  for (const char* id : {"a", "b"}) ASSERT_TRUE(models.add(entry(id, std::chrono::hours(1))));
  Shared held = models.acquire_now("a").value();
  std::atomic<bool> given = false;
  models.acquire("b", [&](base::Result<Shared> model) { given = model.has_value(); });
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_FALSE(given);
  EXPECT_EQ(held->id, "a");
  held.reset();
  EXPECT_TRUE(comes_true([&] { return given.load(); }));
  EXPECT_EQ(state("a"), State::known);
}

TEST_F(ModelDirectoryTest, SaysWhenThereIsNoRoomBesideModelsThatStay) {
  loader->sizes = {{"a", 80}, {"b", 30}, {"huge", 1000}};
  ModelDirectory& models = with(100, milliseconds(10));
  ASSERT_TRUE(models.add(entry("a")));
  ASSERT_TRUE(models.add(entry("b", milliseconds(0))));
  ASSERT_TRUE(models.acquire_now("a"));
  const auto refused = models.acquire_now("b");
  EXPECT_EQ(refused.error().code, base::Code::unavailable);
  EXPECT_EQ(refused.error().message,
            "model 'b' needs 30 B of memory, and 20 B are free beside the models that are loaded");
}

TEST_F(ModelDirectoryTest, TriesAModelThatIsTooLargeWhenItIsAlone) {
  loader->sizes = {{"a", 80}, {"huge", 1000}};
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a", std::chrono::hours(1))));
  ASSERT_TRUE(models.add(entry("huge", std::chrono::hours(1))));
  ASSERT_TRUE(models.acquire_now("a"));
  EXPECT_TRUE(models.acquire_now("huge"));
  EXPECT_EQ(state("a"), State::known);
}

TEST_F(ModelDirectoryTest, AFailedLoadIsToldAndTriedAgain) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a")));
  loader->broken = true;
  EXPECT_EQ(models.acquire_now("a").error().message, "the file is broken");
  EXPECT_EQ(state("a"), State::known);
  loader->broken = false;
  EXPECT_TRUE(models.acquire_now("a"));
}

TEST_F(ModelDirectoryTest, UnloadWaitsForTheLastUse) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a")));
  Shared held = models.acquire_now("a").value();
  ASSERT_TRUE(models.unload("a"));
  EXPECT_EQ(state("a"), State::loaded);
  held.reset();
  EXPECT_TRUE(comes_true([&] { return state("a") == State::known; }));
  EXPECT_EQ(models.unload("b").error().code, base::Code::not_found);
}

TEST_F(ModelDirectoryTest, ADerivedModelLivesWithItsParent) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a")));
  const auto named = [](std::string id) {
    return [id](Shared parent) -> base::Result<std::shared_ptr<const ServedModel>> {
      auto model = std::make_shared<ServedModel>();
      model->id = id;
      model->owner = parent;
      return model;
    };
  };
  EXPECT_EQ(models.add_derived(entry("x"), "nobody", named("x")).error().code, base::Code::not_found);
  ASSERT_TRUE(models.add_derived(entry("b"), "a", named("b")));
  ASSERT_TRUE(models.add_derived(entry("c"), "b:latest", named("c")));
  EXPECT_FALSE(models.add_derived(entry("b"), "c", named("b"))) << "a circle";
  EXPECT_EQ(state("c"), State::known);
  Shared held = models.acquire_now("c").value();
  EXPECT_EQ(held->id, "c");
  EXPECT_EQ(state("a"), State::loaded);
  EXPECT_EQ(state("b"), State::loaded);
  EXPECT_EQ(models.describe("b")->model->id, "b");
  ASSERT_TRUE(models.unload("b"));
  EXPECT_EQ(state("a"), State::loaded) << "in use";
  held.reset();
  EXPECT_TRUE(comes_true([&] { return state("c") == State::known; }));
  EXPECT_EQ(loader->n_loads, 1);
  ASSERT_TRUE(models.remove("a"));
  EXPECT_EQ(models.acquire_now("c").error().code, base::Code::not_found);
}

TEST_F(ModelDirectoryTest, ARemovedModelServesWhoHasIt) {
  ModelDirectory& models = with(100);
  ASSERT_TRUE(models.add(entry("a")));
  Shared held = models.acquire_now("a").value();
  ASSERT_TRUE(models.remove("a"));
  EXPECT_EQ(models.acquire_now("a").error().code, base::Code::not_found);
  EXPECT_TRUE(models.all().empty());
  EXPECT_EQ(loader->n_alive, 1);
  held.reset();
  EXPECT_TRUE(comes_true([&] { return loader->n_alive == 0; }));
}

TEST_F(ModelDirectoryTest, AHandleMayOutliveTheDirectory) {
  with(100);
  ASSERT_TRUE(directory->add(entry("a")));
  Shared held = directory->acquire_now("a").value();
  directory.reset();
  EXPECT_EQ(held->id, "a");
  EXPECT_EQ(loader->n_alive, 1);
  held.reset();
  EXPECT_EQ(loader->n_alive, 0);
}

TEST_F(ModelDirectoryTest, EndingCancelsALoadAndAnswersWhoWaits) {
  with(100);
  ASSERT_TRUE(directory->add(entry("a")));
  ASSERT_TRUE(directory->add(entry("b")));
  loader->hold = true;
  std::atomic<int> n_refused = 0;
  for (const char* id : {"a", "b"})
    directory->acquire(id, [&](base::Result<Shared> model) { n_refused += !model; });
  EXPECT_TRUE(comes_true([&] { return state("a") == State::loading; }));
  directory.reset();
  EXPECT_EQ(n_refused, 2);
}

TEST_F(ModelDirectoryTest, WhatWasPutStays) {
  ModelDirectory models;
  auto model = std::make_shared<ServedModel>();
  model->id = "a";
  ASSERT_TRUE(models.put(model));
  ASSERT_TRUE(models.unload("a"));
  EXPECT_EQ(models.acquire_now("a").value().get(), model.get());
  EXPECT_FALSE(models.is_ready());
  models.set_ready();
  EXPECT_TRUE(models.is_ready());
}

}  // namespace
}  // namespace serving
