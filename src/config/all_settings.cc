// The table of settings; a new one is a new row here and nothing else.
#include <array>

#include "base/strings.h"
#include "config/settings.h"

namespace config {
namespace {

constexpr Setting kSettings[] = {
    {.name = "config",
     .type = Type::path,
     .placeholder = "FILE",
     .help = "read settings from this TOML file instead of ~/.config/domicile/config.toml"},
    {.name = "data-dir",
     .type = Type::path,
     .default_text = "~/.local/share/domicile",
     .placeholder = "DIR",
     .help = "where pulled models lie"},

    {.name = "threads",
     .type = Type::integer,
     .placeholder = "N",
     .help = "threads that compute; by default one for each core that this process may use",
     .least = 1,
     .most = 1024},
    {.name = "numerics",
     .type = Type::choice,
     .default_text = "fast",
     .choices = "exact|fast",
     .help = "arithmetic: float32 throughout, or integer kernels on quantised weights",
     .per_model = true},
    {.name = "kv",
     .type = Type::choice,
     .choices = "f32|bf16|int8|q4",
     .help = "number type of the key/value cache; by default f32 with exact and bf16 with fast numerics",
     .per_model = true},
    {.name = "kernels",
     .type = Type::choice,
     .default_text = "auto",
     .choices = "auto|scalar|avx2|avx_vnni|avx512|amx",
     .help = "instruction set to compute with; every one gives the same bits"},
    {.name = "chunk",
     .type = Type::integer,
     .default_text = "512",
     .placeholder = "N",
     .help = "prompt tokens computed in one step",
     .least = 1,
     .most = 65536,
     .per_model = true},
    {.name = "context",
     .type = Type::integer,
     .placeholder = "N",
     .help =
         "tokens that a conversation may hold; by default what the model was made for, if it fits in memory",
     .least = 1,
     .most = 1 << 30,
     .per_model = true},

    {.name = "memory",
     .type = Type::bytes,
     .placeholder = "SIZE",
     .help = "memory to plan with, such as 6GiB; by default what is free. A larger model runs from its file"},

    {.name = "max-sequences",
     .type = Type::integer,
     .default_text = "32",
     .placeholder = "N",
     .help = "answers of serve that are made at the same time; further ones queue",
     .least = 1,
     .most = 4096,
     .per_model = true},
    {.name = "kv-memory",
     .type = Type::bytes,
     .placeholder = "SIZE",
     .help = "memory for the key/value cache; by default the smaller of a quarter of what is free and "
             "max-sequences contexts",
     .per_model = true},
    {.name = "keep-alive",
     .type = Type::duration,
     .default_text = "5m",
     .placeholder = "TIME",
     .help =
         "how long serve keeps a model that was loaded on demand after its last use; -1 keeps it for ever",
     .per_model = true},

    {.name = "speculation",
     .type = Type::choice,
     .default_text = "auto",
     .choices = "auto|off",
     .help =
         "guess further tokens where the text repeats itself and check them in one step; answers stay the "
         "same",
     .per_model = true},
    {.name = "draft-tokens",
     .type = Type::integer,
     .default_text = "16",
     .placeholder = "N",
     .help = "tokens that speculation may guess ahead in one step",
     .least = 1,
     .most = 32,
     .per_model = true},
    {.name = "draft-model",
     .type = Type::path,
     .placeholder = "MODEL",
     .help = "a smaller model with the same vocabulary that guesses where the text does not repeat itself",
     .per_model = true},

    {.name = "chat-template",
     .type = Type::path,
     .placeholder = "FILE",
     .help = "a Jinja chat template to use instead of the model's own",
     .per_model = true},
    {.name = "temperature",
     .type = Type::number,
     .placeholder = "T",
     .help = "randomness of answers, 0 takes the likeliest token; by default the model's own, else 0.7 in "
             "run and 1 in serve",
     .least = 0,
     .most = 100,
     .per_model = true},
    {.name = "top-k",
     .type = Type::integer,
     .placeholder = "N",
     .help = "choose among the N likeliest tokens, 0 among all; by default the model's own",
     .least = 0,
     .most = 1 << 30,
     .per_model = true},
    {.name = "top-p",
     .type = Type::number,
     .placeholder = "P",
     .help = "choose among the likeliest tokens that have this probability together; by default the model's "
             "own, else 0.9 in run",
     .least = 0,
     .most = 1,
     .per_model = true},
    {.name = "min-p",
     .type = Type::number,
     .placeholder = "P",
     .help = "leave out tokens less likely than this fraction of the likeliest; by default the model's own",
     .least = 0,
     .most = 1,
     .per_model = true},
    {.name = "seed",
     .type = Type::integer,
     .placeholder = "N",
     .help = "makes the choice of tokens repeatable; by default a new one for each answer",
     .least = 0,
     .most = 0x1p53},
    {.name = "max-tokens",
     .type = Type::integer,
     .placeholder = "N",
     .help = "longest answer; by default until the context is full",
     .least = 1,
     .most = 1 << 30},

    {.name = "host",
     .default_text = "127.0.0.1",
     .placeholder = "ADDRESS",
     .help = "address that serve listens on; anything but loopback needs an API key"},
    {.name = "port",
     .type = Type::integer,
     .default_text = "11434",
     .placeholder = "N",
     .help = "port that serve listens on; 0 picks a free one",
     .least = 0,
     .most = 65535},
    {.name = "api-key",
     .placeholder = "KEY",
     .help = "key that clients of serve must present; other users of the machine can read it from a command "
             "line, so "
             "better set the variable or the file",
     .secret = true},
    {.name = "api-key-file",
     .type = Type::path,
     .placeholder = "FILE",
     .help = "keys that clients of serve may present, one a line; lines that begin with # are comments"},
    {.name = "max-queue",
     .type = Type::integer,
     .default_text = "512",
     .placeholder = "N",
     .help = "requests that may wait for each model of serve; further ones get 503",
     .least = 0,
     .most = 1 << 20,
     .per_model = true},
    {.name = "max-body",
     .type = Type::bytes,
     .default_text = "32M",
     .placeholder = "SIZE",
     .help = "longest body of a request to serve"},
    {.name = "drain-timeout",
     .type = Type::duration,
     .default_text = "30s",
     .placeholder = "TIME",
     .help = "how long serve lets running answers go on when it is told to end"},
    {.name = "tls-cert",
     .type = Type::path,
     .placeholder = "FILE",
     .help =
         "certificate in PEM form, then those that lead to the root: serve speaks TLS 1.3 instead of plain "
         "HTTP"},
    {.name = "tls-key",
     .type = Type::path,
     .placeholder = "FILE",
     .help = "key of the certificate, in PEM form"},
    {.name = "log-level",
     .type = Type::choice,
     .default_text = "warning",
     .choices = "debug|info|warning|error",
     .help = "least serious log line that is written to stderr"},
    {.name = "log-format",
     .type = Type::choice,
     .default_text = "text",
     .choices = "text|json",
     .help = "shape of log lines: for people, or one JSON object each"},
};

std::string markdown_default(const Setting& setting) {
  return setting.default_text.empty() ? "" : base::cat("`", setting.default_text, "`");
}

std::string markdown_help(const Setting& setting) {
  if (setting.choices.empty()) return std::string(setting.help);
  std::string choices;
  for (const std::string_view choice : base::split(setting.choices, '|'))
    choices += base::cat(choices.empty() ? "`" : ", `", choice, "`");
  return base::cat(setting.help, " (", choices, ")");
}

}  // namespace

std::span<const Setting> all_settings() {
  return kSettings;
}

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : kSettings)
    if (setting.name == name) return &setting;
  return nullptr;
}

std::string variable_name(const Setting& setting) {
  std::string name = "DOMICILE_";
  for (const char c : setting.name)
    name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::string settings_markdown() {
  std::string rows = "| setting | variable | default | what it does |\n|---|---|---|---|\n";
  for (const Setting& setting : kSettings)
    rows += base::cat("| `--", setting.name, "` | `", variable_name(setting), "` | ",
                      markdown_default(setting), " | ", markdown_help(setting), " |\n");
  return rows;
}

}  // namespace config
