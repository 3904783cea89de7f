#include "chat/heap.h"

#include <algorithm>
#include <cstring>

#include "base/strings.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {
// Texts shorter than this are copied when they are added to; longer ones get room to grow.
constexpr size_t kGrowFrom = 256;
}  // namespace

Status Heap::exhausted() const {
  if (steps_left_ < 0)
    return fail(Code::exhausted, base::cat("the template takes more than ", limits_.max_steps,
                                           " steps (limit on the work of one rendering)"));
  return fail(Code::exhausted,
              base::cat("the template needs more than ", base::format_bytes(limits_.max_memory_bytes),
                        " of memory (limit for one rendering)"));
}

Status Heap::reserve(size_t n, size_t size_bytes) {
  const size_t left =
      limits_.max_memory_bytes > arena_.used_bytes() ? limits_.max_memory_bytes - arena_.used_bytes() : 0;
  if (size_bytes != 0 && n > left / size_bytes)
    return fail(Code::exhausted,
                base::cat("the template needs more than ", base::format_bytes(limits_.max_memory_bytes),
                          " of memory (limit for one rendering)"));
  return step_bytes(n * size_bytes);
}

TextBuilder Heap::builder() const {
  const size_t used = arena_.used_bytes();
  const size_t left = limits_.max_memory_bytes > used ? limits_.max_memory_bytes - used : 0;
  return TextBuilder(std::min(left, kMaxTextBytes));
}

const Text* Heap::borrow(std::string_view bytes, bool trusted) {
  Text* text = make<Text>();
  text->data = bytes.data();
  text->size = static_cast<uint32_t>(bytes.size());
  text->trusted = trusted;
  text->ascii = is_ascii(bytes);
  return text;
}

Text* Heap::piece(const Text& whole, size_t begin, size_t end) {
  Text* text = make<Text>();
  text->data = whole.data + begin;
  text->size = static_cast<uint32_t>(end - begin);
  text->trusted = whole.trusted;
  text->ascii = whole.ascii || is_ascii(text->view());
  text->markup = whole.markup;
  if (begin == 0) text->buffer = whole.buffer;
  if (whole.n_runs == 0 || begin == end) return text;
  std::vector<Run> runs;
  for_each_run(whole, begin, end,
               [&](size_t, size_t to, bool trusted) { runs.push_back(make_run(to - begin, trusted)); });
  text->trusted = runs.front().trusted != 0;
  if (runs.size() == 1) return text;
  text->runs = arena_.copy(runs).data();
  text->n_runs = static_cast<uint32_t>(runs.size());
  return text;
}

const Text* Heap::copy(std::string_view bytes, bool trusted) {
  return borrow({arena_.copy(std::span<const char>(bytes)).data(), bytes.size()}, trusted);
}

const Text* Heap::empty_text() {
  return make<Text>();
}

Result<const Text*> Heap::finish(const TextBuilder& builder) {
  if (builder.overflowed()) return std::unexpected(reserve(limits_.max_memory_bytes, 2).error());
  TRY(reserve(builder.size()));
  Text* text = make<Text>();
  text->data = arena_.copy(std::span<const char>(builder.bytes())).data();
  text->size = static_cast<uint32_t>(builder.size());
  text->ascii = is_ascii(builder.bytes());
  const std::span<const Run> runs = builder.runs();
  if (!runs.empty()) text->trusted = runs.front().trusted != 0;
  if (runs.size() > 1) {
    text->runs = arena_.copy(runs).data();
    text->n_runs = static_cast<uint32_t>(runs.size());
  }
  return text;
}

void Heap::append_runs(Text& result, const Text& left, const Text& right) {
  result.trusted = left.size > 0 ? left.trusted : right.trusted;
  if (left.n_runs == 0 && right.n_runs == 0 &&
      (left.trusted == right.trusted || left.size == 0 || right.size == 0))
    return;
  std::vector<Run> runs;
  runs.reserve(left.n_runs + right.n_runs + 2);
  const auto add = [&](size_t end, bool trusted) {
    if (!runs.empty() && runs.back().trusted == static_cast<uint32_t>(trusted)) runs.pop_back();
    runs.push_back(make_run(end, trusted));
  };
  for_each_run(left, 0, left.size, [&](size_t, size_t to, bool trusted) { add(to, trusted); });
  for_each_run(right, 0, right.size, [&](size_t, size_t to, bool trusted) { add(left.size + to, trusted); });
  if (runs.size() == 1) return;
  result.trusted = runs.front().trusted != 0;
  result.runs = arena_.copy(runs).data();
  result.n_runs = static_cast<uint32_t>(runs.size());
}

Result<const Text*> Heap::concatenate(const Text& left, const Text& right) {
  const size_t size = size_t{left.size} + right.size;
  if (size > kMaxTextBytes) return std::unexpected(reserve(limits_.max_memory_bytes, 2).error());
  Text* result = make<Text>();
  GrowthBuffer* buffer = left.buffer;
  const bool grows = buffer != nullptr && left.data == buffer->data && left.size == buffer->used &&
                     right.size <= buffer->capacity - buffer->used;
  if (grows) {
    TRY(step_bytes(right.size));
  } else {
    const size_t capacity = size < kGrowFrom ? size : size * 2;
    TRY(reserve(capacity));
    char* data = arena_.array<char>(capacity).data();
    if (left.size > 0) std::memcpy(data, left.data, left.size);
    buffer = capacity > size ? make<GrowthBuffer>(data, size_t{left.size}, capacity) : nullptr;
    result->data = data;
  }
  char* end = grows ? buffer->data + buffer->used : const_cast<char*>(result->data) + left.size;
  if (right.size > 0) std::memcpy(end, right.data, right.size);
  if (buffer != nullptr) {
    buffer->used = size;
    result->data = buffer->data;
  }
  result->buffer = buffer;
  result->size = static_cast<uint32_t>(size);
  result->ascii = left.ascii && right.ascii;
  append_runs(*result, left, right);
  return result;
}

const Text* Heap::with_markup(const Text& text, bool markup) {
  if (text.markup == markup) return &text;
  Text* result = make<Text>(text);
  result->markup = markup;
  return result;
}

}  // namespace chat
