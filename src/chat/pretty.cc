#include "chat/pretty.h"

#include "base/strings.h"
#include "chat/dict.h"
#include "chat/iterate.h"
#include "chat/python_text.h"
#include "chat/sort.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr size_t kWidth = 80;

class PrettyWriter {
 public:
  PrettyWriter(Heap& heap, TextBuilder& out) : heap_(heap), out_(out) {}

  // `column` is where the value begins, `tail` how many brackets and commas follow it on its last line.
  Status write(const Value& value, size_t column, size_t tail) {
    if (++depth_ > heap_.limits().max_depth)
      return fail(Code::exhausted,
                  base::cat("pprint: values nested deeper than ", heap_.limits().max_depth, " (limit)"));
    const Text* line = TRY(on_one_line(value));
    const bool fits = column + n_characters(*line) + tail <= kWidth;
    if (fits || (!value.is_sequence() && !value.is(Kind::dict)))
      out_.append(*line);
    else if (value.is(Kind::dict))
      TRY(dict(*value.dict, column, tail));
    else
      TRY(sequence(value, column, tail));
    --depth_;
    return {};
  }

 private:
  Result<const Text*> on_one_line(const Value& value) {
    TextBuilder line = heap_.builder();
    TRY(write_repr(heap_, TRY(sorted(value)), line));
    return heap_.finish(line);
  }

  // pprint shows mappings in the order of their keys.
  Result<Value> sorted(const Value& value) {
    if (!value.is(Kind::dict)) return value;
    Dict* result = make_dict(heap_, value.dict->size);
    for (size_t index : TRY(order_of(*value.dict)))
      TRY(set_item(heap_, *result, value.dict->entries[index].key,
                   TRY(sorted(value.dict->entries[index].value))));
    result->from_caller = value.dict->from_caller;
    return Value::of(static_cast<const Dict*>(result));
  }

  Result<std::vector<size_t>> order_of(const Dict& dict) {
    std::vector<Value> keys;
    for (const DictEntry& entry : dict.items()) keys.push_back(entry.key);
    return sorted_order(heap_, keys, /*reverse=*/false);
  }

  void next_line(size_t column, bool trusted) {
    out_.append(base::cat(",\n", std::string(column, ' ')), trusted);
  }

  Status dict(const Dict& dict, size_t column, size_t tail) {
    const bool trusted = !dict.from_caller;
    out_.append("{", trusted);
    const std::vector<size_t> order = TRY(order_of(dict));
    for (size_t i = 0; i < order.size(); ++i) {
      if (i > 0) next_line(column + 1, trusted);
      const Text* key = TRY(on_one_line(dict.entries[order[i]].key));
      out_.append(*key);
      out_.append(": ", trusted);
      TRY(write(dict.entries[order[i]].value, column + n_characters(*key) + 3,
                i + 1 == order.size() ? tail + 1 : 1));
    }
    out_.append("}", trusted);
    return {};
  }

  Status sequence(const Value& value, size_t column, size_t tail) {
    const bool trusted = !value.list->from_caller, tuple = value.is(Kind::tuple);
    const std::span<const Value> items = value.list->items;
    const bool comma = tuple && items.size() == 1;
    out_.append(tuple ? "(" : "[", trusted);
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) next_line(column + 1, trusted);
      TRY(write(items[i], column + 1, i + 1 == items.size() ? tail + 1 + comma : 1));
    }
    if (comma) out_.append(",", trusted);
    out_.append(tuple ? ")" : "]", trusted);
    return {};
  }

  Heap& heap_;
  TextBuilder& out_;
  int depth_ = 0;
};

}  // namespace

Status write_pretty(Heap& heap, const Value& value, TextBuilder& out) {
  return PrettyWriter(heap, out).write(value, 0, 0);
}

}  // namespace chat
