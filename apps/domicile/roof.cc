// domicile roof: what this machine can reach at best.
#include <cmath>
#include <memory>

#include "apps/domicile/commands.h"
#include "apps/domicile/model_flags.h"
#include "apps/domicile/output.h"
#include "base/strings.h"
#include "compute/cpu/roof.h"

namespace apps {

using base::cat;
using base::Json;

namespace {

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

Json as_json(const compute::cpu::Roof& roof) {
  Json json;
  json.set("read_bytes_per_second", roof.read_bytes_per_second);
  json.set("read_buffer_bytes", Json(roof.read_buffer_bytes));
  json.set("int8_ops_per_second", or_null(roof.int8_ops_per_second));
  json.set("bf16_flops_per_second", or_null(roof.bf16_flops_per_second));
  json.set("fp32_flops_per_second", or_null(roof.fp32_flops_per_second));
  Json tiles = Json::Object{};
  for (const auto& tile : roof.int8_tiles) tiles.set(cat(tile.group), tile.ops_per_second);
  json.set("int8_tile_ops_per_second_by_group", std::move(tiles));
  json.set("threads", roof.n_threads);
  return json;
}

std::string giga(const std::optional<double>& value, std::string_view unit) {
  return value ? cat(std::llround(*value / 1e9), " ", unit) : "not on this CPU";
}

std::string as_text(const compute::cpu::Roof& roof) {
  std::string text =
      cat("threads        ", roof.n_threads, "\nreading        ", giga(roof.read_bytes_per_second, "GB/s"),
          " from ", base::format_bytes(roof.read_buffer_bytes), "\nint8           ",
          giga(roof.int8_ops_per_second, "Gop/s"), "\nbf16           ",
          giga(roof.bf16_flops_per_second, "Gflop/s"), "\nfloat32        ",
          giga(roof.fp32_flops_per_second, "Gflop/s"), "\n");
  for (const auto& tile : roof.int8_tiles)
    text += cat("int8 tile      ", giga(tile.ops_per_second, "Gop/s"), " with a scale every ", tile.group,
                " weights\n");
  return text;
}

}  // namespace

Command roof_command() {
  auto json = std::make_shared<bool>(false);
  return {
      .name = "roof",
      .summary = "Measure this machine: reading from memory, int8, bf16 and float32 arithmetic",
      .examples = "  domicile roof --json",
      .settings = {"threads"},
      .declare = [json](FlagSet& set) { set.flag("--json", *json, "print JSON"); },
      .run = [json](const config::Settings& settings) -> base::Result<int> {
        const compute::BackendOptions backend = backend_options(settings);
        const auto roof =
            TRY(compute::cpu::measure_roof({.n_threads = backend.n_threads, .places = backend.places}));
        if (*json)
          TRY(print_json(as_json(roof)));
        else
          TRY(print(as_text(roof)));
        return kExitOk;
      },
  };
}

}  // namespace apps
