#include "chat/template.h"

#include <algorithm>

#include "base/strings.h"
#include "chat/context.h"
#include "chat/interpreter.h"
#include "chat/parser.h"

namespace chat {

using base::Code;
using base::Result;
using base::Status;

namespace {

// What a rendering may use even if its input is tiny, and how much more for each byte of input.
constexpr size_t kBaseMemory = size_t{24} << 20;
constexpr size_t kBaseOutput = size_t{8} << 20;
constexpr size_t kPerInputByte = 32;

RenderLimits limits_for(const RenderInput& input, RenderLimits limits) {
  const size_t weight = weight_bytes(input.messages) + weight_bytes(input.tools) +
                        weight_bytes(input.documents) + weight_bytes(input.variables) +
                        weight_bytes(input.caller_variables);
  limits.max_memory_bytes = std::min(limits.max_memory_bytes, kBaseMemory + kPerInputByte * weight);
  limits.max_output_bytes =
      std::min({limits.max_output_bytes, kBaseOutput + kPerInputByte * weight, kMaxTextBytes});
  return limits;
}

CivilTime sane(CivilTime time) {
  time.year = std::clamp(time.year, 1, 9999);
  time.month = std::clamp(time.month, 1, 12);
  time.day = std::clamp(time.day, 1, 31);
  time.hour = std::clamp(time.hour, 0, 23);
  time.minute = std::clamp(time.minute, 0, 59);
  time.second = std::clamp(time.second, 0, 60);
  return time;
}

Status define_members(Interpreter& interpreter, const base::Json& variables, bool trusted) {
  if (!variables.is_object()) return {};
  for (const base::Json::Member& variable : variables.as_object())
    interpreter.define(variable.key, TRY(to_value(interpreter.heap(), variable.value, trusted)));
  return {};
}

Status define_variables(Interpreter& interpreter, const RenderInput& input) {
  Heap& heap = interpreter.heap();
  const std::pair<std::string_view, const base::Json*> of_the_caller[] = {
      {"messages", &input.messages}, {"tools", &input.tools}, {"documents", &input.documents}};
  for (const auto& [name, json] : of_the_caller)
    if (!json->is_null() || !input.null_is_undefined)
      interpreter.define(name, TRY(to_value(heap, *json, /*trusted=*/false)));
  TRY(define_members(interpreter, input.variables, /*trusted=*/true));
  return define_members(interpreter, input.caller_variables, /*trusted=*/false);
}

// The stretches of trusted bytes.
std::vector<ByteRange> trusted_ranges(std::span<const Run> runs) {
  std::vector<ByteRange> ranges;
  size_t begin = 0;
  for (const Run& run : runs) {
    if (run.trusted) ranges.push_back({begin, run.end});
    begin = run.end;
  }
  return ranges;
}

}  // namespace

Template::Template(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view source) {
  return Template(TRY(parse_program(source)));
}

Result<Rendered> Template::render(const RenderInput& input, const RenderLimits& given) const {
  const RenderLimits limits = limits_for(input, given);
  Heap heap(limits);
  Interpreter interpreter(*program_, heap, sane(input.now));
  TextBuilder out(limits.max_output_bytes);
  TRY(define_variables(interpreter, input));
  if (Status status = interpreter.run(out); !status) {
    base::Error error = std::move(status).error();
    if (interpreter.raised()) return std::unexpected(std::move(error));
    return base::fail(std::move(error), base::cat("line ", interpreter.line()));
  }
  Rendered rendered;
  rendered.trusted = trusted_ranges(out.runs());
  rendered.text = out.take_bytes();
  return rendered;
}

bool Template::mentions(std::string_view variable) const {
  const Symbol* symbol = program_->symbols.find(variable);
  return symbol != nullptr && program_->read[*symbol];
}

}  // namespace chat
