#include "chat/compare.h"

#include "base/strings.h"
#include "chat/dict.h"
#include "chat/iterate.h"
#include "chat/numbers.h"
#include "chat/text_search.h"

namespace chat {

using base::Code;
using base::fail;
using base::Result;

namespace {

// Lists of lists of lists: how deep a comparison may go.
constexpr int kMaxDepth = 200;

std::string_view symbol_of(Order order) {
  constexpr std::string_view kSymbols[] = {"<", "<=", ">", ">="};
  return kSymbols[static_cast<size_t>(order)];
}

bool holds(Order order, int comparison) {
  switch (order) {
    case Order::less:
      return comparison < 0;
    case Order::less_or_equal:
      return comparison <= 0;
    case Order::greater:
      return comparison > 0;
    case Order::greater_or_equal:
      return comparison >= 0;
  }
  return false;
}

int compare_texts(const Text& left, const Text& right) {
  return left.view().compare(right.view());  // the order of UTF-8 bytes is that of code points
}

class Comparison {
 public:
  explicit Comparison(Heap& heap) : heap_(heap) {}

  Result<bool> equal(const Value& left, const Value& right) {
    TRY(heap_.step());
    if (left.is_number() && right.is_number()) return compare_numbers(left, right) == 0;
    if (left.kind != right.kind) return false;
    switch (left.kind) {
      case Kind::undefined:
      case Kind::none:
        return true;
      case Kind::text:
      case Kind::bytes:
        TRY(heap_.step_bytes(left.text->size));
        return left.text->view() == right.text->view();
      case Kind::list:
      case Kind::tuple:
        return equal_items(left.list->items, right.list->items);
      case Kind::dict:
        return equal_dicts(*left.dict, *right.dict);
      case Kind::range:
        return equal_ranges(*left.range, *right.range);
      default:
        return is_same(left, right);
    }
  }

  Result<bool> in_order(Order order, const Value& left, const Value& right) {
    TRY(heap_.step());
    if (left.is_number() && right.is_number()) {
      const int comparison = compare_numbers(left, right);
      return comparison != 2 && holds(order, comparison);
    }
    if (left.is_text() && right.is_text()) {
      TRY(heap_.step_bytes(left.text->size));
      return holds(order, compare_texts(*left.text, *right.text));
    }
    if (left.kind == right.kind && left.is_sequence())
      return items_in_order(order, left.list->items, right.list->items);
    return fail(Code::unsupported, base::cat("'", symbol_of(order), "' not supported between instances of '",
                                             type_name(left), "' and '", type_name(right), "'"));
  }

 private:
  base::Status enter() {
    if (++depth_ > kMaxDepth)
      return fail(Code::exhausted,
                  base::cat("values nested deeper than ", kMaxDepth, " cannot be compared (limit)"));
    return {};
  }

  Result<bool> equal_items(std::span<const Value> left, std::span<const Value> right) {
    if (left.size() != right.size()) return false;
    if (left.data() == right.data()) return true;
    TRY(enter());
    for (size_t i = 0; i < left.size(); ++i)
      if (!TRY(equal(left[i], right[i]))) return false;
    --depth_;
    return true;
  }

  Result<bool> equal_dicts(const Dict& left, const Dict& right) {
    if (left.size != right.size) return false;
    TRY(enter());
    for (const DictEntry& entry : left.items()) {
      const Value* other = find_item(heap_, right, entry.key);
      if (other == nullptr || !TRY(equal(entry.value, *other))) return false;
    }
    --depth_;
    return true;
  }

  static bool equal_ranges(const Range& left, const Range& right) {
    if (left.size != right.size || left.size == 0) return left.size == right.size;
    return left.start == right.start && (left.size == 1 || left.step == right.step);
  }

  Result<bool> items_in_order(Order order, std::span<const Value> left, std::span<const Value> right) {
    TRY(enter());
    for (size_t i = 0; i < left.size() && i < right.size(); ++i)
      if (!TRY(equal(left[i], right[i]))) return in_order(order, left[i], right[i]);
    --depth_;
    return holds(order, left.size() < right.size() ? -1 : left.size() > right.size() ? 1 : 0);
  }

  Heap& heap_;
  int depth_ = 0;
};

}  // namespace

Result<bool> equal(Heap& heap, const Value& left, const Value& right) {
  return Comparison(heap).equal(left, right);
}

Result<bool> in_order(Heap& heap, Order order, const Value& left, const Value& right) {
  return Comparison(heap).in_order(order, left, right);
}

Result<bool> contains(Heap& heap, const Value& container, const Value& item) {
  if (container.is_text()) {
    if (!item.is_text())
      return fail(Code::unsupported,
                  base::cat("'in <string>' requires string as left operand, not ", type_name(item)));
    TRY(heap.step_bytes(container.text->size));
    return find_first(container.text->view(), item.text->view()) != kNotFound;
  }
  if (container.is(Kind::dict)) {
    if (!is_hashable(item))
      return fail(Code::unsupported, base::cat("unhashable type: '", type_name(item), "'"));
    return find_item(heap, *container.dict, item) != nullptr;
  }
  if (container.is(Kind::name_space))
    return fail(Code::unsupported, "argument of type 'Namespace' is not iterable");
  Walker walker = TRY(walk(heap, container));
  while (true) {
    const Value next = TRY(walker.next());
    if (!next.is_given()) return false;
    if (TRY(equal(heap, next, item))) return true;
  }
}

bool is_same(const Value& left, const Value& right) {
  if (left.kind != right.kind) return false;
  if (left.is_text())
    return left.text == right.text ||
           (left.text->data == right.text->data && left.text->size == right.text->size);
  if (left.is_number()) return compare_numbers(left, right) == 0;
  return left.is_none() || left.is_undefined() || left.list == right.list;
}

}  // namespace chat
