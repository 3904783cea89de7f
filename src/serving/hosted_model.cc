#include "serving/hosted_model.h"

#include <algorithm>
#include <ctime>

#include "base/strings.h"
#include "engine/draft_model.h"
#include "engine/memory_plan.h"
#include "loading/same_vocabulary.h"
#include "model_store/inspect.h"
#include "platform/memory_facts.h"

namespace serving {

using base::Result;

namespace {

// Activations of a step and the logits of its sequences; what the program itself takes.
uint64_t work_bytes(const models::Config& c, const HostOptions& options) {
  constexpr uint64_t kProgramBytes = uint64_t{96} << 20;
  const auto rows = static_cast<uint64_t>(options.chunk_tokens + options.max_sequences);
  const auto floats_per_row =
      static_cast<uint64_t>(2 * c.width + 2 * (c.n_heads + c.n_kv_heads) * c.head_dim + 2 * c.ffn_width);
  const int64_t logit_rows = options.max_sequences + (options.draft_tokens > 0 ? engine::kMostDraftRows : 0);
  const auto logits = static_cast<uint64_t>(logit_rows) * static_cast<uint64_t>(c.vocab_size);
  return kProgramBytes + 4 * (rows * floats_per_row + logits);
}

compute::KvShape kv_shape(const models::Config& c, compute::KvType type) {
  return {.n_layers = static_cast<int>(c.n_layers),
          .n_kv_heads = static_cast<int>(c.n_kv_heads),
          .head_dim = static_cast<int>(c.head_dim),
          .type = type};
}

// Each page of the model has one of the draft model beside it, so whatever fits there fits here.
engine::MemoryNeeds needs_of(const loading::OpenedModel& opened, const loading::OpenedModel* draft,
                             const HostOptions& options) {
  const uint64_t usable_bytes = platform::memory_facts().usable_bytes;
  engine::MemoryNeeds needs{
      .usable_bytes = std::min(usable_bytes, options.memory_bytes.value_or(usable_bytes)),
      .model_context = opened.config.context_length,
      .requested_context = options.context_tokens.value_or(0),
      .max_sequences = options.max_sequences,
      .weights_are_packed = !opened.file->packed_layout().empty(),
      .requested_kv_bytes = options.kv_bytes};
  for (const loading::OpenedModel* each : {&opened, draft}) {
    if (each == nullptr) continue;
    needs.weight_bytes += each->file->tensor_bytes();
    needs.work_bytes += work_bytes(each->config, options);
    needs.page_bytes += kv_shape(each->config, options.kv_type).page_bytes();
  }
  return needs;
}

Result<std::unique_ptr<loading::OpenedModel>> open_draft(const loading::OpenedModel& model,
                                                         const HostOptions& options) {
  if (!options.draft_path || options.draft_tokens == 0) return nullptr;
  auto draft = std::make_unique<loading::OpenedModel>(TRY(loading::open_model(*options.draft_path)));
  TRY(loading::check_same_vocabulary(model, *draft));
  return draft;
}

ModelFacts facts_of(const model_store::Record& record, const models::Config& config) {
  return {.container = record.container,
          .architecture = config.architecture,
          .weight_type = record.type,
          .size_bytes = record.size_bytes,
          .n_parameters = config.n_parameters,
          .context_length = config.context_length};
}

}  // namespace

Result<std::shared_ptr<HostedModel>> HostedModel::load(const std::string& path, const HostOptions& options) {
  std::shared_ptr<HostedModel> host(new HostedModel);
  loading::OpenedModel opened = TRY(loading::open_model(path));
  if (options.chat_template) {
    auto replaced = loading::replace_template(opened.text, *options.chat_template);
    if (!replaced) return base::fail(replaced.error(), "the given chat template");
  }
  std::unique_ptr<loading::OpenedModel> draft = TRY(open_draft(opened, options));
  const engine::MemoryNeeds needs = needs_of(opened, draft.get(), options);
  const engine::MemoryPlan memory = TRY(engine::plan_memory(needs));
  host->note_ = memory.note;
  host->held_bytes_ =
      (memory.weights_stay_in_file ? 0 : needs.weight_bytes) + needs.work_bytes + memory.kv_bytes;
  host->backend_ = TRY(compute::make_cpu_backend(options.backend));
  host->loaded_ = TRY(host->load_weights(std::move(opened), memory, options));
  if (draft != nullptr) host->draft_ = TRY(host->load_weights(std::move(*draft), memory, options));
  host->engine_ = TRY(host->start_engine(memory, options));
  host->fill_served(options);
  host->served_.facts = facts_of(TRY(model_store::inspect_model(path)), host->loaded_->model->config());
  return host;
}

Result<uint64_t> HostedModel::least_bytes(const std::string& path, const HostOptions& options) {
  const loading::OpenedModel opened = TRY(loading::open_model(path));
  const std::unique_ptr<loading::OpenedModel> draft = TRY(open_draft(opened, options));
  return engine::least_bytes(needs_of(opened, draft.get(), options));
}

Result<std::unique_ptr<loading::LoadedModel>> HostedModel::load_weights(loading::OpenedModel opened,
                                                                        const engine::MemoryPlan& memory,
                                                                        const HostOptions& options) {
  return std::make_unique<loading::LoadedModel>(TRY(loading::load_weights(
      std::move(opened),
      {.backend = *backend_,
       .residence = memory.weights_stay_in_file ? models::Residence::file : models::Residence::memory,
       .progress = options.progress,
       .cancelled = options.cancelled})));
}

Result<std::unique_ptr<engine::Engine>> HostedModel::start_engine(const engine::MemoryPlan& memory,
                                                                  const HostOptions& options) {
  engine::EngineOptions with{.context_tokens = memory.context_tokens,
                             .n_pages = memory.n_pages,
                             .max_sequences = options.max_sequences,
                             .max_queued = options.max_queued,
                             .chunk_tokens = options.chunk_tokens,
                             .kv_type = options.kv_type,
                             .n_valid_ids = loaded_->n_valid_ids,
                             .draft_tokens = options.draft_tokens};
  if (draft_ != nullptr)
    with.drafter = TRY(engine::DraftModel::make(*draft_->model, {.kv_type = options.kv_type,
                                                                 .n_pages = memory.n_pages,
                                                                 .chunk_tokens = options.chunk_tokens,
                                                                 .max_sequences = options.max_sequences,
                                                                 .n_valid_ids = loaded_->n_valid_ids}));
  return engine::Engine::start(*loaded_->model, with);
}

void HostedModel::fill_served(const HostOptions& options) {
  const loading::TextSide& text = loaded_->text;
  served_.id = options.id;
  served_.created = static_cast<int64_t>(std::time(nullptr));
  served_.tokenizer = text.tokenizer.get();
  served_.tokenizer_problem = text.tokenizer_problem;
  served_.chat_template = text.chat_template ? &*text.chat_template : nullptr;
  served_.template_problem = text.template_problem;
  served_.template_source = text.template_source;
  served_.template_variables = text.template_variables;
  served_.metadata = &loaded_->file->metadata();
  served_.engine = engine_.get();
  if (text.tokenizer) served_.answers = std::make_shared<AnswerMemory>(*text.tokenizer);
  const loading::GenerationDefaults& defaults = loaded_->defaults;
  const bool is_silent = !defaults.temperature && !defaults.top_k && !defaults.top_p && !defaults.min_p;
  served_.defaults = is_silent ? options.if_silent
                               : SamplingChoices{.temperature = defaults.temperature,
                                                 .top_k = defaults.top_k,
                                                 .top_p = defaults.top_p,
                                                 .min_p = defaults.min_p};
  served_.defaults.repetition_penalty = defaults.repetition_penalty;
  served_.stop_ids = loaded_->stop_ids;
  served_.n_ids = loaded_->n_valid_ids;
  // Each token reads all weights once.
  if (options.measure_read_rate)
    served_.measure_decode_limit = [measure = options.measure_read_rate,
                                    bytes =
                                        loaded_->model->decode_weight_bytes()]() -> std::optional<double> {
      const std::optional<double> rate = bytes > 0 ? measure(bytes) : std::nullopt;
      return rate ? std::optional(*rate / static_cast<double>(bytes)) : std::nullopt;
    };
  if (text.tokenizer)
    served_.encode_plain = [&text](std::string_view plain) { return text.encode_plain(plain); };
}

}  // namespace serving
