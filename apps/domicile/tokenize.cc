// domicile tokenize: ids and pieces of a text, and back.
#include <charconv>
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/inputs.h"
#include "apps/domicile/model_paths.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "loading/text_side.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;
using tokenizer::Tokenizer;

namespace {

struct TokenizeFlags {
  std::string model;
  TextOrIds input;
  std::optional<std::string> added, jsonl;
  bool no_bos = false, decode = false, strict = false, skip_special = false, json = false;
};

Json json_ids(std::span<const TokenId> ids) {
  Json::Array array;
  for (const TokenId id : ids) array.emplace_back(int64_t{id});
  return array;
}

Json encoded(const Tokenizer& tokenizer, std::vector<TokenId> ids) {
  Json::Array tokens;
  for (const TokenId id : ids) tokens.emplace_back(tokenizer.token_spelling(id));
  Json result;
  result.set("ids", json_ids(ids));
  result.set("tokens", std::move(tokens));
  return result;
}

Json decoded(const Tokenizer& tokenizer, std::span<const TokenId> ids, bool skip_special) {
  Json::Array pieces;
  const auto detokenizer = tokenizer.make_detokenizer(/*skip_special=*/false);
  for (const TokenId id : ids) pieces.emplace_back(detokenizer->push(id));
  Json result;
  result.set("text", tokenizer.decode(ids, skip_special));
  result.set("pieces", std::move(pieces));
  result.set("final", detokenizer->finish());
  return result;
}

// ---- lines of --jsonl

Result<std::string> line_text(const Json& line) {
  if (const Json* text = line.find("text"); text != nullptr && text->is_string()) return text->as_string();
  const Json* hex = line.find("bytes_hex");
  if (hex == nullptr || !hex->is_string())
    return fail(Code::invalid_argument, "the line has neither text nor bytes_hex");
  std::string bytes;
  const std::string& digits = hex->as_string();
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned value = 0;  // unsigned, as a sign is no digit
    const auto [end, error] = std::from_chars(&digits[i], &digits[i] + 2, value, 16);
    if (error != std::errc() || end != &digits[i] + 2)
      return fail(Code::invalid_argument, "bytes_hex is not hexadecimal");
    bytes += static_cast<char>(value);
  }
  if (digits.size() % 2 != 0) return fail(Code::invalid_argument, "bytes_hex has an odd number of digits");
  return bytes;
}

Result<bool> line_flag(const Json& line, std::string_view key, bool otherwise) {
  const Json* value = line.find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) return fail(Code::invalid_argument, cat(key, " must be true or false"));
  return value->as_bool();
}

Result<std::vector<TokenId>> line_ids(const Json& line) {
  const Json* value = line.find("ids");
  if (value == nullptr || !value->is_array()) return fail(Code::invalid_argument, "the line has no ids");
  std::vector<TokenId> ids;
  for (const Json& each : value->as_array()) {
    if (!each.is_integer() || each.as_integer() < 0 || each.as_integer() > INT32_MAX)
      return fail(Code::invalid_argument, cat("ids holds ", each.write(), ", must be token ids"));
    ids.push_back(static_cast<TokenId>(each.as_integer()));
  }
  return ids;
}

Result<std::vector<TokenId>> line_strict_ids(const Tokenizer& tokenizer, const Json& line) {
  const Json* value = line.find("segments");
  if (value == nullptr || !value->is_array()) return fail(Code::invalid_argument, "the line has no segments");
  std::vector<tokenizer::Segment> segments;
  for (const Json& each : value->as_array()) {
    const Json* text = each.find("text");
    if (text == nullptr || !text->is_string()) return fail(Code::invalid_argument, "a segment has no text");
    segments.push_back({text->as_string(), TRY(line_flag(each, "trusted", false))});
  }
  return tokenizer.encode_strict(segments);
}

Result<Json> process_line(const Tokenizer& tokenizer, const TokenizeFlags& flags, std::string_view text) {
  const Json line = TRY(Json::parse(text));
  if (flags.decode) {
    const bool skip = TRY(line_flag(line, "skip_special", flags.skip_special));
    return decoded(tokenizer, TRY(line_ids(line)), skip);
  }
  if (flags.strict) return encoded(tokenizer, TRY(line_strict_ids(tokenizer, line)));
  const bool add_special = TRY(line_flag(line, "add_special", !flags.no_bos));
  const bool find_added = flags.added.value_or("all") == "all";
  return encoded(tokenizer, tokenizer.encode(TRY(line_text(line)), {find_added, add_special}));
}

Result<int> process_lines(const Tokenizer& tokenizer, const TokenizeFlags& flags) {
  TRY(print(TRY(answer_jsonl(*flags.jsonl,
                             [&](std::string_view line) { return process_line(tokenizer, flags, line); }))));
  return kExitOk;
}

// ---- the single form

std::string as_table(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  std::string text;
  for (const TokenId id : ids) text += cat(id, "\t", base::json_quote(tokenizer.token_spelling(id)), "\n");
  return text + cat(ids.size(), " tokens\n");
}

Result<int> tokenize(const TokenizeFlags& flags, const config::Settings& settings) {
  if (flags.added && *flags.added != "all" && *flags.added != "none")
    return fail(Code::invalid_argument, cat("--added is '", *flags.added, "', must be all or none"));
  const std::string path = TRY(resolve_model(flags.model, settings));
  const loading::TextSide side = TRY(loading::load_text_side(path));
  if (!side.tokenizer)
    return fail(Code::unsupported, cat("model '", flags.model, "': ", side.tokenizer_problem));
  const Tokenizer& tokenizer = *side.tokenizer;
  if (flags.jsonl) return process_lines(tokenizer, flags);

  const std::optional<std::string> text = TRY(flags.input.read());
  if (flags.decode) {
    if (text) return fail(Code::invalid_argument, "--decode takes --ids");
    const std::vector<TokenId> ids = TRY(parse_ids(*flags.input.ids));
    if (flags.json)
      TRY(print_json(decoded(tokenizer, ids, flags.skip_special)));
    else
      TRY(print(tokenizer.decode(ids, flags.skip_special) + "\n"));
    return kExitOk;
  }
  if (!text) return fail(Code::invalid_argument, "--ids goes with --decode");
  const bool find_added = flags.added.value_or("all") == "all";
  std::vector<TokenId> ids = tokenizer.encode(*text, {find_added, !flags.no_bos});
  if (flags.json)
    TRY(print_json(encoded(tokenizer, std::move(ids))));
  else
    TRY(print(as_table(tokenizer, ids)));
  return kExitOk;
}

}  // namespace

Command tokenize_command() {
  auto flags = std::make_shared<TokenizeFlags>();
  return {
      .name = "tokenize",
      .summary = "Ids and pieces of a text, and back",
      .examples =
          "  domicile tokenize smollm2 --text 'Selamat pagi'\n"
          "  domicile tokenize smollm2 --decode --ids 1,4093,198\n"
          "  domicile tokenize ./tokenizer.json --jsonl lines.jsonl --json",
      .settings = {},
      .declare =
          [flags](FlagSet& set) {
            set.positional("MODEL", flags->model, "name, .gguf, folder or tokenizer.json");
            set.verbatim("--text", flags->input.text, "TEXT", "the text, byte for byte");
            set.verbatim("--file", flags->input.file, "FILE", "a file with the text (- is stdin)");
            set.text("--ids", flags->input.ids, "1,2,3", "token ids to decode");
            set.text("--added", flags->added, "all|none",
                     "find added tokens in the text (all), or trust nothing (none)");
            set.flag("--no-bos", flags->no_bos, "leave the post-processor out (BOS, EOS)");
            set.flag("--decode", flags->decode, "ids to text");
            set.flag("--skip-special", flags->skip_special, "leave special tokens out of the decoded text");
            set.flag("--strict", flags->strict, "with --jsonl: lines hold segments, each trusted or not");
            set.text("--jsonl", flags->jsonl, "FILE", "one JSON object per line in, one out");
            set.flag("--json", flags->json, "print JSON");
          },
      .run = [flags](const config::Settings& settings) { return tokenize(*flags, settings); },
  };
}

}  // namespace apps
