#include "apps/domicile/bench_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/strings.h"

namespace apps {

using base::cat;
using base::Json;

namespace {

struct Spread {
  double median, least, most;
};

// REQUIRES: values is not empty.
Spread spread_of(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t n = values.size();
  return {(values[(n - 1) / 2] + values[n / 2]) / 2, values.front(), values.back()};
}

std::string fixed(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  const double unit = std::pow(10.0, digits);
  const auto scaled = std::llround(value * unit);
  const auto whole = static_cast<int64_t>(unit);
  std::string text = cat(scaled / whole);
  if (digits == 0) return text;
  const std::string fraction = cat(scaled % whole);
  return cat(text, ".", std::string(static_cast<size_t>(digits) - fraction.size(), '0'), fraction);
}

// "181.2 (179.9..183.0)", or "181.2" if there was one round.
std::string spread_text(const std::vector<double>& values, int digits) {
  const Spread s = spread_of(values);
  if (values.size() == 1) return fixed(s.median, digits);
  return cat(fixed(s.median, digits), " (", fixed(s.least, digits), "..", fixed(s.most, digits), ")");
}

std::string percent(double part, double whole) {
  const double share = 100 * part / whole;
  return std::isfinite(share) ? cat(fixed(share, 0), " %") : "-";
}

Json spread_json(const std::vector<double>& values) {
  const Spread s = spread_of(values);
  Json json;
  json.set("median", s.median);
  json.set("min", s.least);
  json.set("max", s.most);
  return json;
}

std::string count_text(int64_t n) {
  const auto x = static_cast<double>(n);
  if (n >= 1'000'000'000) return cat(fixed(x / 1e9, 2), " B");
  return n >= 1'000'000 ? cat(fixed(x / 1e6, 0), " M") : cat(n);
}

template <class Item>
std::vector<double> rates(const std::vector<Item>& items, double (*rate_of)(const Item&)) {
  std::vector<double> values;
  values.reserve(items.size());
  for (const Item& each : items) values.push_back(rate_of(each));
  return values;
}

// The rates of a row, round by round; empty where nothing was measured.
struct RowRates {
  std::vector<double> prefill, decode, peer_prefill, peer_decode, prefill_ratio, decode_ratio;
};

std::vector<double> ratios(const std::vector<double>& ours, const std::vector<double>& peers) {
  std::vector<double> values;
  values.reserve(peers.size());
  for (size_t i = 0; i < peers.size(); ++i) values.push_back(ours[i] / peers[i]);
  return values;
}

RowRates rates_of(const BenchRow& row) {
  using Ours = engine::BenchResult;
  const bool decodes = row.bench_case.generate_tokens > 0;
  RowRates r;
  r.prefill = rates<Ours>(row.rounds, [](const Ours& each) { return each.prefill_tokens_per_second(); });
  r.peer_prefill =
      rates<PeerRates>(row.peer_rounds, [](const PeerRates& each) { return each.prefill_tokens_per_second; });
  r.prefill_ratio = ratios(r.prefill, r.peer_prefill);
  if (!decodes) return r;
  r.decode = rates<Ours>(row.rounds, [](const Ours& each) { return each.decode_tokens_per_second(); });
  r.peer_decode =
      rates<PeerRates>(row.peer_rounds, [](const PeerRates& each) { return each.decode_tokens_per_second; });
  r.decode_ratio = ratios(r.decode, r.peer_decode);
  return r;
}

// One line of measured values behind the cells that say what was measured. `limits` is null for ratios.
std::vector<std::string> value_cells(const std::vector<double>& prefill, const std::vector<double>& decode,
                                     const BenchLimits* limits) {
  const int digits = limits == nullptr ? 2 : 1;
  std::vector<std::string> cells{spread_text(prefill, digits)};
  const double speed = spread_of(prefill).median;
  cells.push_back(limits == nullptr ? "" : percent(speed, limits->prefill));
  cells.push_back(limits == nullptr ? "" : percent(speed, limits->prefill_tile));
  cells.push_back(decode.empty() ? "-" : spread_text(decode, digits));
  cells.push_back(decode.empty() || limits == nullptr ? ""
                                                      : percent(spread_of(decode).median, limits->decode));
  return cells;
}

using Table = std::vector<std::vector<std::string>>;

void add_rows(Table& table, const BenchSubject& s, const BenchRow& row) {
  const RowRates r = rates_of(row);
  const auto add = [&](const std::string& program, const std::string& kernels, const std::string& kv,
                       std::vector<std::string> values) {
    std::vector<std::string> cells;
    if (s.peer) cells.push_back(program);
    for (const std::string& cell :
         {s.model, count_text(s.n_parameters), base::format_bytes(s.tensor_bytes), s.type, cat(s.n_threads),
          kernels, kv, cat(row.bench_case.depth_tokens), cat(row.bench_case.batch)})
      cells.push_back(cell);
    cells.insert(cells.end(), values.begin(), values.end());
    table.push_back(std::move(cells));
  };
  add("domicile", s.kernels, s.kv_type, value_cells(r.prefill, r.decode, &row.limits));
  if (r.peer_prefill.empty()) return;
  add(*s.peer, "", "", value_cells(r.peer_prefill, r.peer_decode, &row.limits));
  add("ratio", "", "", value_cells(r.prefill_ratio, r.decode_ratio, nullptr));
}

Table header(const BenchReport& report) {
  const engine::BenchCase& c = report.rows.front().bench_case;
  std::vector<std::string> cells{"model",   "parameters", "size",  "type", "threads",
                                 "kernels", "KV",         "depth", "batch"};
  if (report.subject.peer) cells.insert(cells.begin(), "program");
  for (const std::string& cell :
       {cat("prefill ", c.prompt_tokens), std::string("of limit"), std::string("of tile"),
        cat("decode ", c.generate_tokens), std::string("of limit")})
    cells.push_back(cell);
  return {cells};
}

std::string giga(const std::optional<double>& rate) {
  return rate ? fixed(*rate / 1e9, 1) : "-";
}

// "Intel Xeon, 2 threads: reads 31.2 GB/s ...": what the limits stand on.
std::string machine_text(const BenchReport& report) {
  const compute::cpu::Roof& roof = report.roof;
  const std::string cpu = report.subject.cpu.empty() ? "this machine" : report.subject.cpu;
  std::string text =
      cat(cpu, ", ", roof.n_threads, roof.n_threads == 1 ? " thread" : " threads", ": reads ",
          giga(roof.read_bytes_per_second), " GB/s (", base::format_bytes(roof.read_buffer_bytes), "), int8 ",
          giga(roof.int8_ops_per_second), " Gop/s");
  for (const compute::cpu::TileRate& tile : roof.int8_tiles)
    if (tile.group <= 32)
      text += cat(", ", giga(tile.ops_per_second), " with a scale every ", tile.group, " weights");
  text += cat(", float32 ", giga(roof.fp32_flops_per_second), " Gflop/s\n");
  if (report.throttled_periods > 0)
    text += cat("Stopped in ", report.throttled_periods, " periods because the CPU quota was used up.\n");
  return text;
}

}  // namespace

std::string type_name(const model_files::ModelFile& file) {
  // general.file_type of GGUF.
  static constexpr std::array<std::pair<int64_t, std::string_view>, 19> kMixtures = {{
      {0, "F32"},     {1, "F16"},     {2, "Q4_0"},    {3, "Q4_1"},    {7, "Q8_0"},
      {8, "Q5_0"},    {9, "Q5_1"},    {10, "Q2_K"},   {11, "Q3_K_S"}, {12, "Q3_K_M"},
      {13, "Q3_K_L"}, {14, "Q4_K_S"}, {15, "Q4_K_M"}, {16, "Q5_K_S"}, {17, "Q5_K_M"},
      {18, "Q6_K"},   {25, "IQ4_NL"}, {30, "IQ4_XS"}, {38, "MXFP4"},
  }};
  if (const Json* number = file.metadata().find("general.file_type");
      number != nullptr && number->is_integer())
    for (const auto& [id, name] : kMixtures)
      if (id == number->as_integer()) return std::string(name);
  std::map<std::string_view, int64_t> parameters;
  for (const model_files::NamedTensor& each : file.tensors())
    parameters[tensor::name(each.view.dtype)] += tensor::element_count(each.view.shape);
  const auto most = std::ranges::max_element(parameters, {}, [](const auto& each) { return each.second; });
  return most == parameters.end() ? "-" : std::string(most->first);
}

std::string markdown_table(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& left) {
  std::vector<size_t> widths(left.size(), 3);
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t i = 0; i < left.size(); ++i) {
      const std::string blanks(widths[i] - rows[r][i].size(), ' ');
      text += left[i] ? cat("| ", rows[r][i], blanks, " ") : cat("| ", blanks, rows[r][i], " ");
    }
    text += "|\n";
    if (r > 0) continue;
    for (size_t i = 0; i < left.size(); ++i)
      text += cat("|", std::string(widths[i] + 1, '-'), left[i] ? "-" : ":");
    text += "|\n";
  }
  return text;
}

std::string to_table(const std::vector<BenchReport>& reports) {
  Table table = header(reports.front());
  for (const BenchReport& report : reports)
    for (const BenchRow& row : report.rows) add_rows(table, report.subject, row);
  std::vector<bool> left;
  for (const std::string& cell : table.front())
    left.push_back(cell == "program" || cell == "model" || cell == "type" || cell == "kernels" ||
                   cell == "KV");
  std::string text = markdown_table(table, left);
  text += cat("\nTokens per second over the batch, ", reports.front().subject.numerics, " numerics");
  const size_t n_rounds = reports.front().rows.front().rounds.size();
  if (n_rounds > 1) text += cat("; median of ", n_rounds, " rounds (lowest..highest)");
  text += ".\n";
  for (const BenchReport& report : reports) text += machine_text(report);
  return text;
}

Json to_json(const BenchReport& report, const BenchRow& row) {
  const BenchSubject& s = report.subject;
  const RowRates r = rates_of(row);
  const auto median = [](const std::vector<double>& values) {
    return values.empty() ? Json() : Json(spread_of(values).median);
  };
  const auto list = [](const std::vector<double>& values) {
    return Json(Json::Array(values.begin(), values.end()));
  };
  Json json;
  json.set("model", s.model);
  json.set("prefill_tokens_per_second", median(r.prefill));
  json.set("prefill_limit", row.limits.prefill);
  json.set("prefill_tile_limit", row.limits.prefill_tile);
  json.set("decode_tokens_per_second", median(r.decode));
  json.set("decode_limit", row.limits.decode);
  json.set("prompt", row.bench_case.prompt_tokens);
  json.set("generate", row.bench_case.generate_tokens);
  json.set("batch", row.bench_case.batch);
  json.set("depth", row.bench_case.depth_tokens);
  json.set("threads", s.n_threads);
  json.set("kernels", s.kernels);
  json.set("numerics", s.numerics);
  json.set("kv", s.kv_type);
  json.set("type", s.type);
  json.set("parameters", s.n_parameters);
  json.set("tensor_bytes", Json(s.tensor_bytes));
  json.set("weight_bytes", Json(s.weight_bytes));
  json.set("cpu", s.cpu);
  json.set("prefill_rounds", list(r.prefill));
  json.set("decode_rounds", list(r.decode));
  if (report.throttled_periods > 0) json.set("throttled_periods", Json(report.throttled_periods));
  json.set("terms", row.limits.terms);
  if (!s.peer) return json;
  Json peer;
  peer.set("name", *s.peer);
  peer.set("prefill_tokens_per_second", median(r.peer_prefill));
  peer.set("decode_tokens_per_second", median(r.peer_decode));
  peer.set("prefill_rounds", list(r.peer_prefill));
  peer.set("decode_rounds", list(r.peer_decode));
  peer.set("prefill_ratio", r.prefill_ratio.empty() ? Json() : spread_json(r.prefill_ratio));
  peer.set("decode_ratio", r.decode_ratio.empty() ? Json() : spread_json(r.decode_ratio));
  json.set("peer", std::move(peer));
  return json;
}

}  // namespace apps
