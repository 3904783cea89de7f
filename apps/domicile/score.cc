// domicile score: log-probability of each token of a text or token list; perplexity; logits.
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/inputs.h"
#include "apps/domicile/interrupt.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/exact_math.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "engine/scorer.h"
#include "loading/loaded_model.h"
#include "model_files/safetensors/writer.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;
using base::Status;

namespace {

struct ScoreFlags {
  std::string model;
  TextOrIds input;
  std::optional<std::string> logits;
  int64_t batch = 1;
  bool raw = false, json = false;
};

// Logits go through a hash and, if wanted, into a file; what stays is one number per token.
class Scores {
 public:
  Scores(std::span<const TokenId> ids, std::optional<model_files::safetensors::Writer> writer)
      : ids_(ids), writer_(std::move(writer)) {}

  Status add(int64_t position, std::span<const float> logits) {
    const base::Bytes bytes = std::as_bytes(logits);
    hash_.update(bytes);
    if (writer_) TRY(writer_->append(bytes));
    if (position + 1 < std::ssize(ids_))
      logprobs_.push_back(sampling::log_probability(logits, ids_[static_cast<size_t>(position + 1)]));
    return {};
  }
  Status finish() {
    hex_ = hash_.finish_hex();
    return writer_ ? writer_->finish() : Status{};
  }
  const std::vector<double>& logprobs() const { return logprobs_; }  // of tokens 1, 2, ...
  const std::string& logits_sha256() const { return hex_; }
  // exp(-mean); not a number for a single token.
  double perplexity() const {
    if (logprobs_.empty()) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (const double value : logprobs_) sum += value;
    return base::exact_exp(-sum / static_cast<double>(logprobs_.size()));
  }

 private:
  std::span<const TokenId> ids_;
  std::optional<model_files::safetensors::Writer> writer_;
  base::Sha256 hash_;
  std::string hex_;
  std::vector<double> logprobs_;
};

Result<std::vector<TokenId>> ids_to_score(const ScoreFlags& flags, const std::optional<std::string>& text,
                                          const loading::TextSide& side) {
  if (!text) return parse_ids(*flags.input.ids);
  if (!side.tokenizer)
    return fail(Code::unsupported, cat("model '", flags.model, "': ", side.tokenizer_problem));
  if (flags.raw) return side.tokenizer->encode(*text, {.find_added_tokens = true, .add_special = false});
  return side.encode_plain(*text);
}

Result<std::optional<model_files::safetensors::Writer>> writer_for(const ScoreFlags& flags, int64_t n_tokens,
                                                                   int64_t vocab_size) {
  if (!flags.logits) return std::nullopt;
  return TRY(model_files::safetensors::Writer::create(
      *flags.logits, {{.name = "logits", .dtype = tensor::DType::F32, .shape = {n_tokens, vocab_size}}}));
}

Json as_json(const ScoreFlags& flags, const compute::Backend& backend, std::span<const TokenId> ids,
             const Scores& scores, double seconds) {
  Json::Array json_ids, logprobs;
  for (const TokenId id : ids) json_ids.emplace_back(int64_t{id});
  logprobs.emplace_back();
  for (const double value : scores.logprobs()) logprobs.emplace_back(value);
  Json json;
  json.set("model", model_id(flags.model));
  json.set("numerics", compute::name(backend.numerics()));
  json.set("kernels", std::string(backend.kernels_name()));
  json.set("threads", backend.n_threads());
  json.set("ids", std::move(json_ids));
  json.set("logprobs", std::move(logprobs));
  json.set("perplexity", scores.perplexity());
  json.set("logits_sha256", scores.logits_sha256());
  json.set("seconds", seconds);
  return json;
}

std::string as_text(const loading::TextSide& side, std::span<const TokenId> ids, const Scores& scores) {
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) {
    text += i == 0 ? "-" : base::format_float(static_cast<float>(scores.logprobs()[i - 1]));
    text += cat("\t", ids[i]);
    if (side.tokenizer) text += cat("\t", base::json_quote(side.tokenizer->token_spelling(ids[i])));
    text += '\n';
  }
  return text + cat("perplexity ", base::format_double(scores.perplexity()), " over ",
                    scores.logprobs().size(), " tokens, logits sha256 ", scores.logits_sha256(), "\n");
}

Result<int> score(const ScoreFlags& flags, const config::Settings& settings) {
  if (flags.batch < 1 || flags.batch > 256)
    return fail(Code::invalid_argument, cat("--batch is ", flags.batch, ", must be 1..256"));
  // Before signals are watched: Ctrl-C ends the wait for stdin.
  const std::optional<std::string> text = TRY(flags.input.read());
  const Interrupt interrupt = TRY(Interrupt::watch());
  const std::string path = TRY(resolve_model(flags.model, settings, &interrupt.flag()));
  loading::OpenedModel opened = TRY(loading::open_model(path));
  const std::vector<TokenId> ids = TRY(ids_to_score(flags, text, opened.text));
  if (ids.empty()) return fail(Code::invalid_argument, "there are no tokens to score");

  const std::unique_ptr<compute::Backend> backend = TRY(backend_of(settings));
  const models::Residence residence = residence_of(opened, settings);
  ProgressBar bar("loading");
  const loading::LoadedModel loaded = TRY(loading::load_weights(
      std::move(opened), {.backend = *backend,
                          .residence = residence,
                          .progress = [&](uint64_t done, uint64_t total) { bar.update(done, total); },
                          .cancelled = &interrupt.flag()}));
  Scores scores(ids, TRY(writer_for(flags, std::ssize(ids), loaded.model->config().vocab_size)));
  const engine::ScoreOptions options{.chunk_tokens = *settings.integer("chunk"),
                                     .batch = static_cast<int>(flags.batch),
                                     .kv_type = kv_type_of(settings)};
  const auto start = std::chrono::steady_clock::now();
  TRY(engine::score(*loaded.model, ids, options,
                    [&](int64_t position, std::span<const float> logits) -> Status {
                      if (interrupt.is_set()) return fail(Code::cancelled, "scoring was interrupted");
                      return scores.add(position, logits);
                    }));
  TRY(scores.finish());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (flags.json)
    TRY(print_json(as_json(flags, *backend, ids, scores, seconds)));
  else
    TRY(print(as_text(loaded.text, ids, scores)));
  return kExitOk;
}

}  // namespace

Command score_command() {
  auto flags = std::make_shared<ScoreFlags>();
  return {
      .name = "score",
      .summary = "Log-probability of each token of a text or token list; perplexity",
      .examples =
          "  domicile score smollm2 --text 'The capital of France is Paris.'\n"
          "  domicile score smollm2 --file book.txt --json\n"
          "  domicile score ./model --ids 1,2,3 --numerics exact --logits out.safetensors --json",
      .settings = {std::begin(kComputeSettings), std::end(kComputeSettings)},
      .declare =
          [flags](FlagSet& set) {
            set.positional("MODEL", flags->model, "name, .gguf or folder");
            set.verbatim("--text", flags->input.text, "TEXT", "the text, byte for byte");
            set.verbatim("--file", flags->input.file, "FILE", "a file with the text (- is stdin)");
            set.text("--ids", flags->input.ids, "1,2,3", "token ids, used as given");
            set.flag("--raw", flags->raw, "add nothing to the text (no BOS)");
            set.text("--logits", flags->logits, "FILE", "write the logits [T, V] as float32 tensor 'logits'");
            set.integer("--batch", flags->batch, "run the sequence among N-1 different ones");
            set.flag("--json", flags->json, "print JSON");
          },
      .run = [flags](const config::Settings& settings) { return score(*flags, settings); },
  };
}

}  // namespace apps
