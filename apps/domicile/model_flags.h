#pragma once
// Settings that say how a model is run, as every command that runs one takes them.
#include <atomic>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/settings.h"
#include "serving/hosted_model.h"

namespace apps {

// Names for Command::settings.
inline constexpr std::string_view kComputeSettings[] = {"numerics", "threads", "chunk",
                                                        "kernels",  "kv",      "memory"};
inline constexpr std::string_view kSpeculationSettings[] = {"speculation", "draft-tokens", "draft-model"};
inline constexpr std::string_view kSamplingSettings[] = {"temperature", "top-k", "top-p",
                                                         "min-p",       "seed",  "max-tokens"};

base::Result<std::unique_ptr<compute::Backend>> backend_of(const config::Settings& settings);
// --threads, or one for each core that this process may use.
int threads_of(const config::Settings& settings);
// Threads on cores of their own, node by node, if the machine tells them and there are enough.
compute::BackendOptions backend_options(const config::Settings& settings, int n_threads);
compute::BackendOptions backend_options(const config::Settings& settings);  // with threads_of()
compute::KvType kv_type_of(const config::Settings& settings);
serving::SamplingChoices sampling_choices(const config::Settings& settings);
uint64_t fresh_seed();
// --seed, or a fresh one.
uint64_t seed_of(const config::Settings& settings);

// Where the weights go, for commands that plan no context: into memory, or, with a note to the user, nowhere.
models::Residence residence_of(const loading::OpenedModel& opened, const config::Settings& settings);

// What --chat-template FILE holds, if it was given.
base::Result<std::optional<std::string>> chat_template_of(const config::Settings& settings);

// What `run` samples with if neither the user nor the model says anything: at temperature 1 small models
// ramble.
inline constexpr serving::SamplingChoices kChatSampling{
    .temperature = 0.7, .top_k = {}, .top_p = 0.9, .min_p = {}};

// How a model is run under that id, by the settings. `cancelled` may be null.
base::Result<serving::HostOptions> host_options(const std::string& id, const config::Settings& settings,
                                                const std::atomic<bool>* cancelled);

// Resolves, plans, loads, with a progress bar. `cancelled` may be null.
base::Result<std::shared_ptr<serving::HostedModel>> host(const std::string& model,
                                                         const config::Settings& settings,
                                                         const std::atomic<bool>* cancelled,
                                                         const serving::SamplingChoices& if_silent = {});

}  // namespace apps
