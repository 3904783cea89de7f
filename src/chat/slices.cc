#include <algorithm>

#include "base/strings.h"
#include "chat/interpreter.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

// Indices of a slice of a sequence of `size`: start, start + step, ... (count of them).
struct Slice {
  int64_t start, step, count;
};

Result<Slice> resolve(const Value& begin, const Value& end, const Value& step, int64_t size) {
  const Value* given[] = {&begin, &end, &step};
  for (const Value* value : given)
    if (value->is_given() && !value->is_none() && !value->is_small())
      return fail(Code::unsupported,
                  base::cat("slice indices must be integers or none, not ", type_name(*value)));
  const auto is_set = [](const Value& v) { return v.is_given() && !v.is_none(); };
  const int64_t stride = is_set(step) ? step.small() : 1;
  if (stride == 0) return fail(Code::unsupported, "the step of a slice cannot be zero");
  const int64_t lowest = stride < 0 ? -1 : 0, highest = stride < 0 ? size - 1 : size;
  const auto clamp = [&](int64_t i) {
    return std::clamp(i < 0 ? (i < -size ? -1 - size : i) + size : i, lowest, highest);
  };
  const int64_t first = is_set(begin) ? clamp(begin.small()) : stride < 0 ? highest : lowest;
  const int64_t last = is_set(end) ? clamp(end.small()) : stride < 0 ? lowest : highest;
  const int64_t distance = stride < 0 ? first - last : last - first;
  if (distance <= 0) return Slice{0, stride, 0};
  const uint64_t width = stride < 0 ? 0 - static_cast<uint64_t>(stride) : static_cast<uint64_t>(stride);
  return Slice{first, stride, static_cast<int64_t>((static_cast<uint64_t>(distance) - 1) / width + 1)};
}

Result<Value> slice_text(Heap& heap, const Text& text, const Slice& slice) {
  if (slice.count == 0) return Value::of(heap.piece(text, 0, 0));
  const auto index = [&](int64_t i) { return static_cast<size_t>(slice.start + i * slice.step); };
  if (slice.step == 1) {
    const size_t begin = offset_of_character(text, index(0));
    const Text* rest = heap.piece(text, begin, text.size);
    const size_t size = offset_of_character(*rest, static_cast<size_t>(slice.count));
    return Value::of(heap.piece(*rest, 0, size));
  }
  std::vector<uint32_t> offsets;  // where each character begins
  if (!text.ascii)
    for_each_character(text.view(),
                       [&](size_t at, size_t, char32_t) { offsets.push_back(static_cast<uint32_t>(at)); });
  TextBuilder out = heap.builder();
  for (int64_t i = 0; i < slice.count; ++i) {
    const size_t begin = text.ascii ? index(i) : offsets[index(i)];
    out.append_part(text, begin, begin + size_of_character(text.view(), begin));
  }
  return Value::of(heap.with_markup(*TRY(heap.finish(out)), text.markup));
}

Value slice_range(Heap& heap, const Range& range, const Slice& slice) {
  Value value = Value::of_kind(Kind::range);
  const int64_t start = slice.count > 0 ? range.start + slice.start * range.step : range.start;
  const int64_t step = slice.count > 1 ? range.step * slice.step : 1;
  const auto stop =
      static_cast<uint64_t>(start) + static_cast<uint64_t>(slice.count) * static_cast<uint64_t>(step);
  value.range = heap.make<Range>(start, static_cast<int64_t>(stop), step, slice.count);
  return value;
}

}  // namespace

Result<Value> slice_of(Heap& heap, const Value& value, const Value& begin, const Value& end,
                       const Value& step) {
  if (value.is_text()) {
    const Text& text = *value.text;
    TRY(heap.step_bytes(text.size));
    return slice_text(heap, text, TRY(resolve(begin, end, step, static_cast<int64_t>(n_characters(text)))));
  }
  if (value.is(Kind::range))
    return slice_range(heap, *value.range, TRY(resolve(begin, end, step, value.range->size)));
  if (value.is_undefined()) return undefined_error(value);
  if (!value.is_sequence())
    return fail(Code::unsupported, base::cat("'", type_name(value), "' object cannot be sliced"));
  const std::span<const Value> items = value.list->items;
  const Slice slice = TRY(resolve(begin, end, step, static_cast<int64_t>(items.size())));
  List* result = heap.make<List>();
  result->from_caller = value.list->from_caller;
  if (slice.step == 1) {
    result->items = items.subspan(static_cast<size_t>(slice.start), static_cast<size_t>(slice.count));
    return Value::of(result, value.kind);
  }
  TRY(heap.reserve(static_cast<size_t>(slice.count), sizeof(Value)));
  std::span<Value> picked = heap.arena().array<Value>(static_cast<size_t>(slice.count));
  for (int64_t i = 0; i < slice.count; ++i)
    picked[static_cast<size_t>(i)] = items[static_cast<size_t>(slice.start + i * slice.step)];
  result->items = picked;
  return Value::of(result, value.kind);
}

}  // namespace chat
