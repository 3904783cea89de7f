// How long does it take to open a model with a vocabulary of 262,144 tokens? (Row 74 of the peers' defects:
// under 100 ms.) The whole metadata is checked, then tokens, merges, scores and types are asked for.
//
//   build/release/bin/metadata_bench
#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "model_files/gguf/metadata.h"
#include "model_files/gguf/writer.h"
#include "model_files/model_file.h"
#include "model_files/packed/writer.h"

namespace {

using namespace model_files;

constexpr int kTokens = 262144;

std::filesystem::path file_of(const char* name) {
  return std::filesystem::temp_directory_path() / name;
}

void write_gguf(const std::filesystem::path& path) {
  std::vector<std::string> tokens, merges;
  for (int i = 0; i < kTokens; ++i) {
    tokens.push_back(base::cat("token", i));
    merges.push_back(base::cat("left", i, " right"));
  }
  gguf::MetadataBuilder metadata;
  metadata.set_string("general.architecture", "llama");
  metadata.set_strings("tokenizer.ggml.tokens", tokens);
  metadata.set_strings("tokenizer.ggml.merges", merges);
  metadata.set_f32s("tokenizer.ggml.scores", std::vector<float>(kTokens, -1.0f));
  metadata.set_i32s("tokenizer.ggml.token_type", std::vector<int32_t>(kTokens, 1));
  auto writer = gguf::Writer::create(path, metadata, {});
  CHECK(writer && writer->finish());
}

void open_and_read(benchmark::State& state, const std::filesystem::path& path) {
  for (auto _ : state) {
    const auto file = ModelFile::open(path.string());
    CHECK(file);
    const gguf::Metadata& metadata = *(*file)->gguf();
    benchmark::DoNotOptimize(metadata.strings("tokenizer.ggml.tokens"));
    benchmark::DoNotOptimize(metadata.strings("tokenizer.ggml.merges"));
    benchmark::DoNotOptimize(metadata.floats("tokenizer.ggml.scores"));
    benchmark::DoNotOptimize(metadata.integers("tokenizer.ggml.token_type"));
  }
}

void open_gguf(benchmark::State& state) {
  const auto path = file_of("metadata_bench.gguf");
  write_gguf(path);
  open_and_read(state, path);
  std::filesystem::remove(path);
}

void open_packed(benchmark::State& state) {
  const auto source = file_of("metadata_bench.gguf"), path = file_of("metadata_bench.pack");
  write_gguf(source);
  {
    const auto file = ModelFile::open(source.string());
    CHECK(file);
    auto writer = packed::Writer::create(path, **file, "none");
    CHECK(writer && writer->finish());
  }
  open_and_read(state, path);
  std::filesystem::remove(source);
  std::filesystem::remove(path);
}

BENCHMARK(open_gguf)->Unit(benchmark::kMillisecond);
BENCHMARK(open_packed)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
