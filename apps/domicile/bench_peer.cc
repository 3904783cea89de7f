#include "apps/domicile/bench_peer.h"

#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "platform/process.h"

namespace apps {

using base::cat;
using base::Code;
using base::fail;
using base::Json;
using base::Result;

namespace {

std::vector<std::string> words_of(const std::string& command) {
  std::error_code ignored;
  if (std::filesystem::exists(command, ignored)) return {command};
  std::vector<std::string> words;
  for (const std::string_view word : base::split(command, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

// What the program itself says went wrong: the first line that speaks of an error, or else its last words.
std::string complaint_in(const std::string& text) {
  std::string_view chosen;
  for (const std::string_view line : base::split(text, '\n')) {
    if (line.empty()) continue;
    chosen = line;
    if (line.find("error") != std::string_view::npos) break;
  }
  return base::printable(chosen, 200);
}

base::Error failure(const std::string& name, const platform::ProgramOutcome& outcome) {
  std::string message = outcome.signal != 0
                            ? cat("the peer '", name, "' was ended by signal ", outcome.signal, " (",
                                  ::strsignal(outcome.signal), ")")
                            : cat("the peer '", name, "' failed with status ", outcome.exit_status);
  const std::string complaint = complaint_in(outcome.errors.empty() ? outcome.output : outcome.errors);
  if (!complaint.empty()) message += cat(": ", complaint);
  return {Code::unavailable, std::move(message)};
}

int64_t integer_of(const Json& row, const char* key) {
  const Json* value = row.find(key);
  return value != nullptr && value->is_integer() ? value->as_integer() : 0;
}

// The rate of the row that measured this many prompt and generated tokens.
const Json* rate_of(const Json& rows, int64_t n_prompt, int64_t n_gen) {
  if (!rows.is_array()) return nullptr;
  for (const Json& row : rows.as_array())
    if (integer_of(row, "n_prompt") == n_prompt && integer_of(row, "n_gen") == n_gen)
      if (const Json* rate = row.find("avg_ts"); rate != nullptr && rate->is_number()) return rate;
  return nullptr;
}

Result<PeerRates> rates_in(const std::string& name, const std::string& output, const engine::BenchCase& c) {
  const auto rows = Json::parse(output);
  const Json* prefill = rows ? rate_of(*rows, c.prompt_tokens, 0) : nullptr;
  const Json* decode = rows && c.generate_tokens > 0 ? rate_of(*rows, 0, c.generate_tokens) : nullptr;
  if (prefill == nullptr || (c.generate_tokens > 0 && decode == nullptr))
    return fail(
        Code::unsupported,
        cat("the peer '", name, "' did not print llama-bench's JSON with n_prompt, n_gen and avg_ts for ",
            c.prompt_tokens, " prompt and ", c.generate_tokens, " generated tokens"));
  return PeerRates{.prefill_tokens_per_second = prefill->as_double(),
                   .decode_tokens_per_second = decode == nullptr ? 0 : decode->as_double()};
}

}  // namespace

Result<BenchPeer> BenchPeer::find(const std::string& command, platform::Environment environment) {
  std::vector<std::string> words = words_of(command);
  if (words.empty()) return fail(Code::invalid_argument, "--compare is empty, must name a program");
  const auto program = platform::find_program(words[0], environment);
  std::error_code ignored;
  if (!program || !std::filesystem::exists(*program, ignored))
    return fail(Code::not_found, cat("--compare: there is no program '", words[0], "'"));
  if (!std::filesystem::is_regular_file(*program, ignored) || ::access(program->c_str(), X_OK) != 0)
    return fail(Code::invalid_argument, cat("--compare: '", words[0], "' is no executable file"));
  words[0] = *program;
  std::string name = std::filesystem::path(words[0]).filename().string();
  return BenchPeer(std::move(name), std::move(words), std::move(environment));
}

Result<PeerRates> BenchPeer::run(const std::string& model_path, const engine::BenchCase& c, int n_threads,
                                 const std::function<bool()>& go_on) const {
  std::vector<std::string> arguments = command_;
  for (const std::string& each :
       {std::string("-m"), model_path, std::string("-p"), cat(c.prompt_tokens), std::string("-n"),
        cat(c.generate_tokens), std::string("-t"), cat(n_threads), std::string("-r"), std::string("1"),
        std::string("-o"), std::string("json")})
    arguments.push_back(each);
  // Older programs of the family do not know this flag.
  if (c.depth_tokens > 0) {
    arguments.emplace_back("-d");
    arguments.push_back(cat(c.depth_tokens));
  }
  const auto outcome = TRY(platform::run_program({.arguments = std::move(arguments),
                                                  .environment = environment_,
                                                  .go_on = go_on,
                                                  .separate_errors = true}));
  if (outcome.exit_status != 0) return std::unexpected(failure(name_, outcome));
  return rates_in(name_, outcome.output, c);
}

}  // namespace apps
