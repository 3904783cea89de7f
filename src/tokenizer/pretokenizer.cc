#include "tokenizer/pretokenizer.h"

#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/known_patterns.h"
#include "tokenizer/regex_splitter.h"

namespace tokenizer {
namespace {

using base::Code;
using base::fail;

// Puts a space in front of a piece that has none.
class SpacePrefixer : public Splitter {
 public:
  void split(std::string_view text, PieceSink sink) const override {
    if (text.starts_with(' ')) return sink(text);
    sink(base::cat(' ', text));
  }
  std::string description() const override { return "a space in front"; }
};

using Steps = std::vector<std::unique_ptr<Splitter>>;

base::Result<bool> flag(const base::Json& object, std::string_view name, bool if_absent) {
  const base::Json* value = object.find(name);
  if (value == nullptr) return if_absent;
  if (!value->is_bool()) return fail(Code::corrupt, base::cat("'", name, "' is not a boolean"));
  return value->as_bool();
}

base::Result<std::string> text_member(const base::Json& object, std::string_view name) {
  const base::Json* value = object.find(name);
  if (value == nullptr || !value->is_string())
    return fail(Code::corrupt, base::cat("'", name, "' is not a string"));
  return value->as_string();
}

base::Status parse_byte_level(const base::Json& object, Steps& steps) {
  if (TRY(flag(object, "add_prefix_space", true))) steps.push_back(std::make_unique<SpacePrefixer>());
  if (TRY(flag(object, "use_regex", true))) steps.push_back(make_scanner(kGpt2Pattern));
  return {};
}

// A literal string as a pattern.
std::string quote_pattern(std::string_view literal) {
  std::string pattern;
  for (const char c : literal) {
    if (static_cast<unsigned char>(c) < 0x80 &&
        std::string_view("\\^$.[]|()?*+{}").find(c) != std::string_view::npos)
      pattern += '\\';
    pattern += c;
  }
  return pattern;
}

base::Result<std::string> parse_pattern(const base::Json& split) {
  const base::Json* pattern = split.find("pattern");
  if (pattern != nullptr && pattern->find("Regex") != nullptr) return text_member(*pattern, "Regex");
  if (pattern != nullptr && pattern->find("String") != nullptr)
    return quote_pattern(TRY(text_member(*pattern, "String")));
  return fail(Code::corrupt, "the pattern of a 'Split' is neither a Regex nor a String");
}

base::Result<SplitBehavior> parse_behavior(const base::Json& split) {
  const std::string behavior = TRY(text_member(split, "behavior"));
  if (behavior == "Isolated") return SplitBehavior::isolated;
  if (behavior == "Removed") return SplitBehavior::removed;
  return fail(Code::unsupported, base::cat("the split behavior '", base::printable(behavior, 60),
                                           "' is not supported (Isolated and Removed are)"));
}

base::Status parse_split(const base::Json& object, Steps& steps) {
  SplitRule rule{.pattern = TRY(parse_pattern(object)),
                 .behavior = TRY(parse_behavior(object)),
                 .invert = TRY(flag(object, "invert", false))};
  // The known patterns match all of any text: then isolated matches, and removing what is no match, are the
  // same.
  const bool keeps_matches = (rule.behavior == SplitBehavior::isolated) || rule.invert;
  std::unique_ptr<Splitter> scanner = keeps_matches ? make_scanner(rule.pattern) : nullptr;
  steps.push_back(scanner != nullptr ? std::move(scanner) : TRY(make_regex_splitter(std::move(rule))));
  return {};
}

// `is_last` says whether anything may follow the byte level.
base::Status parse_step(const base::Json& object, bool is_last, Steps& steps) {
  const std::string type = TRY(text_member(object, "type"));
  if (type == "Split") return parse_split(object, steps);
  if (type == "Digits") {
    steps.push_back(make_digits_splitter(TRY(flag(object, "individual_digits", false))));
    return {};
  }
  if (type == "ByteLevel") {
    if (!is_last)
      return fail(Code::unsupported, "the pre-tokenizer 'ByteLevel' is only supported as the last one");
    return parse_byte_level(object, steps);
  }
  if (type == "Sequence") {
    const base::Json* parts = object.find("pretokenizers");
    if (parts == nullptr || !parts->is_array())
      return fail(Code::corrupt, "the pre-tokenizer 'Sequence' has no list of pretokenizers");
    const base::Json::Array& list = parts->as_array();
    for (size_t i = 0; i < list.size(); ++i) TRY(parse_step(list[i], is_last && i + 1 == list.size(), steps));
    return {};
  }
  return fail(Code::unsupported, base::cat("the pre-tokenizer '", base::printable(type, 60),
                                           "' is not supported (ByteLevel, Split, Digits and Sequence are)"));
}

bool ends_in_byte_level(const base::Json& object) {
  const base::Json* type = object.find("type");
  if (type == nullptr || !type->is_string()) return false;
  if (type->as_string() == "ByteLevel") return true;
  const base::Json* parts = object.find("pretokenizers");
  return type->as_string() == "Sequence" && parts != nullptr && parts->is_array() &&
         !parts->as_array().empty() && ends_in_byte_level(parts->as_array().back());
}

}  // namespace

base::Result<PreTokenizer> PreTokenizer::parse(const base::Json* pre_tokenizer) {
  Steps steps;
  if (pre_tokenizer != nullptr && !pre_tokenizer->is_null())
    TRY(parse_step(*pre_tokenizer, /*is_last=*/true, steps));
  if (pre_tokenizer == nullptr || !ends_in_byte_level(*pre_tokenizer))
    return fail(Code::unsupported,
                "BPE is only supported over bytes, with 'ByteLevel' as the last pre-tokenizer");
  return PreTokenizer(std::move(steps));
}

void PreTokenizer::run_from(size_t step, std::string_view text, PieceSink sink) const {
  if (step == steps_.size()) {
    if (!text.empty()) sink(text);
    return;
  }
  if (step + 1 == steps_.size()) return steps_[step]->split(text, sink);
  const auto next = [&](std::string_view piece) { run_from(step + 1, piece, sink); };
  steps_[step]->split(text, next);
}

std::string PreTokenizer::description() const {
  std::string text;
  for (const auto& step : steps_) text += (text.empty() ? "" : ", then ") + step->description();
  return text.empty() ? "none" : text;
}

}  // namespace tokenizer
