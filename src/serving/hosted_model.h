#pragma once
// A model brought up for serving: memory planned, weights loaded, engine running, text side at hand.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "compute/backend.h"
#include "engine/engine.h"
#include "engine/memory_plan.h"
#include "loading/loaded_model.h"
#include "serving/served_model.h"

namespace serving {

struct HostOptions {
  std::string id;  // the name that clients use
  compute::BackendOptions backend;
  compute::KvType kv_type = compute::KvType::bf16;
  int64_t chunk_tokens = 512;
  std::optional<int64_t> context_tokens;  // per sequence; open: the model's, cut to what fits
  std::optional<uint64_t> memory_bytes;   // to plan with; open, or more than there is: what is free
  uint64_t kv_bytes = 0;                  // of keys and values; 0: see engine::MemoryNeeds
  int max_sequences = 32;
  int max_queued = 512;                      // engine::EngineOptions::max_queued
  int64_t draft_tokens = 0;                  // engine::EngineOptions::draft_tokens
  std::optional<std::string> draft_path;     // a smaller model with the same vocabulary that guesses too
  std::optional<std::string> chat_template;  // source that takes the place of the model's own
  SamplingChoices if_silent;                 // defaults for a model that brings none of its own
  // Bytes per second that this machine reads from a buffer of that size; empty: nobody wants to know the
  // limit.
  std::function<std::optional<double>(uint64_t bytes)> measure_read_rate;
  std::function<void(uint64_t done, uint64_t total)> progress;  // bytes of weights; may be empty
  const std::atomic<bool>* cancelled = nullptr;                 // looked at while loading
};

// Immutable once loaded; keeps everything that served() borrows alive.
class HostedModel {
 public:
  // Weights that do not fit into memory stay in their file. Fails before reading them if not even a useful
  // context fits.
  static base::Result<std::shared_ptr<HostedModel>> load(const std::string& path, const HostOptions& options);

  // What the model takes at the least with a short context, if its weights are to lie in memory. Reads
  // headers only.
  static base::Result<uint64_t> least_bytes(const std::string& path, const HostOptions& options);

  // Of memory: weights, keys and values, buffers.
  uint64_t held_bytes() const { return held_bytes_; }
  const ServedModel& served() const { return served_; }
  const loading::LoadedModel& loaded() const { return *loaded_; }
  const compute::Backend& backend() const { return *backend_; }
  engine::Engine& engine() const { return *engine_; }
  // What the user should know: that the context was cut to fit, that weights stay in the file. Often empty.
  const std::string& note() const { return note_; }

 private:
  HostedModel() = default;
  base::Result<std::unique_ptr<loading::LoadedModel>> load_weights(loading::OpenedModel opened,
                                                                   const engine::MemoryPlan& memory,
                                                                   const HostOptions& options);
  base::Result<std::unique_ptr<engine::Engine>> start_engine(const engine::MemoryPlan& memory,
                                                             const HostOptions& options);
  void fill_served(const HostOptions& options);

  // In the order in which they depend on each other; destroyed from the last to the first.
  std::unique_ptr<compute::Backend> backend_;
  std::unique_ptr<loading::LoadedModel> loaded_;
  std::unique_ptr<loading::LoadedModel> draft_;  // null: none
  std::unique_ptr<engine::Engine> engine_;
  ServedModel served_;
  std::string note_;
  uint64_t held_bytes_ = 0;
};

}  // namespace serving
