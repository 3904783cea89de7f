#include "model_store/model_name.h"

#include <gtest/gtest.h>

namespace model_store {
namespace {

TEST(ModelName, KnowsNames) {
  for (const char* name : {"smollm2", "qwen2.5:0.5b", "A_b-c", "7b"})
    EXPECT_TRUE(is_model_name(name)) << name;
  for (const char* name : {"", ".", "..", "-x", ".x", "a/b", "a b", "a\n", "é", ":latest"})
    EXPECT_FALSE(is_model_name(name)) << name;
  EXPECT_FALSE(is_model_name(std::string(129, 'a')));
}

TEST(ModelName, LatestMeansNothing) {
  EXPECT_EQ(without_latest("smollm2:latest"), "smollm2");
  EXPECT_EQ(without_latest("qwen:0.5b"), "qwen:0.5b");
}

TEST(ModelName, TellsPathsFromNames) {
  for (const char* path : {"a/b", "./a", "/a", "model.gguf", "m.safetensors", "m.pack", ".", ".."})
    EXPECT_TRUE(looks_like_path(path)) << path;
  for (const char* name : {"smollm2", "a.b", "gguf", ".gguf", ""})
    EXPECT_FALSE(looks_like_path(name)) << name;
}

TEST(ModelName, IsMadeFromAPath) {
  EXPECT_EQ(name_of_path("/models/Qwen2.5-0.5B.gguf"), "Qwen2.5-0.5B");
  EXPECT_EQ(name_of_path("/models/smollm2.pack"), "smollm2");
  EXPECT_EQ(name_of_path("/models/my folder/"), "my-folder");
  EXPECT_EQ(name_of_path("/a/b/.."), "a");
  EXPECT_EQ(name_of_path("/a/-x.safetensors"), "model-x");
  EXPECT_EQ(name_of_path("/"), "model");
  for (const char* path : {"/a/日本.gguf", "/a/.hidden", "/"})
    EXPECT_TRUE(is_model_name(name_of_path(path))) << path;
  EXPECT_TRUE(is_model_name(name_of_path("/" + std::string(300, 'a'))));
  EXPECT_TRUE(is_model_name(name_of_path("/-" + std::string(300, 'a'))));
}

}  // namespace
}  // namespace model_store
