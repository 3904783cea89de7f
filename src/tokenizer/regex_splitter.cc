#include "tokenizer/regex_splitter.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <optional>

#include "base/strings.h"
#include "base/utf8.h"
#include "tokenizer/provenance.h"
#include "tokenizer/unicode.h"

namespace tokenizer {
namespace {

constexpr size_t kMaxPatternBytes = 64 << 10;

// A group repeated over a long text keeps a few dozen bytes for each round, in JIT-compiled code on a stack
// of its own, in the interpreter on the heap. The small stack that PCRE2 has by itself is tried first.
constexpr size_t kJitStackBytes = size_t{64} << 20;
constexpr uint32_t kInterpreterHeapKib = 256 << 10;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using CodePtr = std::unique_ptr<pcre2_code, Freer<pcre2_code_free>>;
using CompileContextPtr = std::unique_ptr<pcre2_compile_context, Freer<pcre2_compile_context_free>>;
using MatchDataPtr = std::unique_ptr<pcre2_match_data, Freer<pcre2_match_data_free>>;
using MatchContextPtr = std::unique_ptr<pcre2_match_context, Freer<pcre2_match_context_free>>;
using JitStackPtr = std::unique_ptr<pcre2_jit_stack, Freer<pcre2_jit_stack_free>>;

// How much backtracking one match may do: a pattern such as (a+)+$ would otherwise never end. Ordinary
// patterns need less than one step for each character.
uint32_t match_limit(size_t text_size) {
  return static_cast<uint32_t>(std::min<size_t>(10'000 + 32 * text_size, 1'000'000'000));
}

// Finds the matches in one text, one after the other.
class Matches {
 public:
  Matches(const pcre2_code* code, std::string_view text)
      : code_(code),
        text_(text),
        data_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)) {
    if (context_ == nullptr) return;
    pcre2_set_match_limit(context_.get(), match_limit(text.size()));
    pcre2_set_heap_limit(context_.get(), kInterpreterHeapKib);
  }

  // Nothing at the end of the matches, and when the engine gives up (see match_limit). As in the reference, a
  // match may be empty, but not where another one has just ended.
  std::optional<ByteRange> next() {
    while (start_ <= text_.size()) {
      const std::optional<ByteRange> match = search();
      if (!match) break;
      if (match->begin == match->end && last_end_ == match->end) {
        start_ += start_ < text_.size() ? static_cast<size_t>(code_point_at(text_, start_).size) : 1;
        continue;
      }
      start_ = match->end;
      last_end_ = match->end;
      return match;
    }
    start_ = text_.size() + 1;
    return std::nullopt;
  }

 private:
  std::optional<ByteRange> search() {
    if (data_ == nullptr || context_ == nullptr) return std::nullopt;
    int result = match(0);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT && use_larger_stack()) result = match(0);
    if (result < 0) return std::nullopt;
    const size_t* range = pcre2_get_ovector_pointer(data_.get());
    return ByteRange{range[0], range[1]};
  }

  int match(uint32_t options) {
    return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), start_,
                       options | PCRE2_NO_UTF_CHECK, data_.get(), context_.get());
  }

  bool use_larger_stack() {
    if (stack_ != nullptr) return false;
    stack_.reset(pcre2_jit_stack_create(kJitStackBytes / 64, kJitStackBytes, nullptr));
    if (stack_ != nullptr) pcre2_jit_stack_assign(context_.get(), nullptr, stack_.get());
    return stack_ != nullptr;
  }

  const pcre2_code* code_;
  std::string_view text_;
  JitStackPtr stack_;
  MatchDataPtr data_;
  MatchContextPtr context_;
  size_t start_ = 0;
  std::optional<size_t> last_end_;
};

class RegexSplitter : public Splitter {
 public:
  RegexSplitter(SplitRule rule, CodePtr code) : rule_(std::move(rule)), code_(std::move(code)) {}

  void split(std::string_view text, PieceSink sink) const override {
    const bool keep_matches = rule_.behavior == SplitBehavior::isolated || rule_.invert;
    const bool keep_others = rule_.behavior == SplitBehavior::isolated || !rule_.invert;
    const auto hand_out = [&](size_t begin, size_t end, bool keep) {
      if (keep && begin < end) sink(text.substr(begin, end - begin));
    };
    Matches matches(code_.get(), text);
    size_t done = 0;
    while (const std::optional<ByteRange> match = matches.next()) {
      hand_out(done, match->begin, keep_others);
      hand_out(match->begin, match->end, keep_matches);
      done = match->end;
    }
    hand_out(done, text.size(), keep_others);
  }

  std::string description() const override {
    const std::string_view what = rule_.behavior == SplitBehavior::isolated ? "split at"
                                  : rule_.invert                            ? "only what matches"
                                                                            : "only what lies between";
    return base::cat(what, " /", base::printable(rule_.pattern, 400), "/");
  }

 private:
  SplitRule rule_;
  CodePtr code_;
};

base::Result<CodePtr> compile(const std::string& pattern) {
  CompileContextPtr context(pcre2_compile_context_create(nullptr));
  int error = 0;
  size_t offset = 0;
  // Ruby's ^ and $ always mean the borders of lines.
  constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  if (context != nullptr) pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  CodePtr code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), kOptions, &error,
                             &offset, context.get()));
  if (code == nullptr) {
    char message[200] = {};
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof message);
    return base::fail(base::Code::corrupt, message);
  }
  // Where the system forbids generated code, PCRE2 interprets instead.
  (void)pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return code;
}

}  // namespace

base::Result<std::unique_ptr<Splitter>> make_regex_splitter(SplitRule rule) {
  if (rule.pattern.size() > kMaxPatternBytes)
    return base::fail(base::Code::unsupported,
                      base::cat("a split pattern has ", rule.pattern.size(), " bytes; at most ",
                                kMaxPatternBytes, " are supported"));
  base::Result<CodePtr> code = compile(TRY(translate_pattern(rule.pattern)));
  if (!code)
    return base::fail(std::move(code.error()),
                      base::cat("the pattern '", base::printable(rule.pattern, 80), "'"));
  return std::make_unique<RegexSplitter>(std::move(rule), std::move(*code));
}

}  // namespace tokenizer
