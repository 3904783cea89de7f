#include "chat/context.h"

#include "base/strings.h"
#include "base/utf8.h"
#include "chat/dict.h"
#include "chat/numbers.h"

namespace chat {

using base::Code;
using base::fail;
using base::Json;
using base::Result;

namespace {

// As deep as values may nest anywhere; base::Json::parse stops at 64.
constexpr int kMaxDepth = 200;

class Conversion {
 public:
  Conversion(Heap& heap, bool trusted) : heap_(heap), trusted_(trusted) {}

  Result<Value> convert(const Json& json) {
    TRY(heap_.step());
    if (json.is_null()) return Value::none();
    if (json.is_bool()) return Value::of(json.as_bool());
    if (json.is_integer()) return Value::of(json.as_integer());
    if (json.is_big_integer()) return big(json.as_big_integer().digits);
    if (json.is_double()) return Value::of(json.as_double());
    if (json.is_string()) return text(json.as_string());
    if (++depth_ > kMaxDepth)
      return fail(Code::exhausted, base::cat("the messages nest deeper than ", kMaxDepth, " levels (limit)"));
    const Value result = json.is_array() ? TRY(array(json.as_array())) : TRY(object(json.as_object()));
    --depth_;
    return result;
  }

 private:
  Result<Value> big(const std::string& digits) {
    if (digits.size() > 4300)
      return fail(Code::exhausted, "a number of the messages has more than 4300 digits (limit)");
    return from_big(heap_, BigInteger::parse(digits));
  }

  Result<Value> text(const std::string& bytes) {
    if (bytes.size() > kMaxTextBytes)
      return fail(Code::exhausted, "a string of the messages is longer than 2 GiB (limit)");
    if (base::is_valid_utf8(bytes)) return Value::of(heap_.borrow(bytes, trusted_));
    return Value::of(heap_.copy(base::to_valid_utf8(bytes), trusted_));
  }

  Result<Value> array(const Json::Array& array) {
    std::span<Value> items = heap_.arena().array<Value>(array.size());
    for (size_t i = 0; i < items.size(); ++i) items[i] = TRY(convert(array[i]));
    List* list = heap_.make<List>(std::span<const Value>(items));
    list->from_caller = !trusted_;
    return Value::of(list);
  }

  Result<Value> object(const Json::Object& object) {
    Dict* dict = make_dict(heap_, object.size());
    for (const Json::Member& member : object) {
      const Value key = TRY(text(member.key));
      TRY(set_item(heap_, *dict, key, TRY(convert(member.value))));
    }
    dict->from_caller = !trusted_;
    return Value::of(static_cast<const Dict*>(dict));
  }

  Heap& heap_;
  bool trusted_;
  int depth_ = 0;
};

}  // namespace

Result<Value> to_value(Heap& heap, const Json& json, bool trusted) {
  return Conversion(heap, trusted).convert(json);
}

size_t weight_bytes(const Json& json) {
  constexpr size_t kPerValue = 16;
  if (json.is_string()) return kPerValue + json.as_string().size();
  size_t total = kPerValue;
  if (json.is_array())
    for (const Json& item : json.as_array()) total += weight_bytes(item);
  if (json.is_object())
    for (const Json::Member& member : json.as_object())
      total += member.key.size() + weight_bytes(member.value);
  return total;
}

}  // namespace chat
