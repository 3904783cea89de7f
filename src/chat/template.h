#pragma once
// A chat template: the Jinja program that turns messages into a prompt, with the origin of every byte kept.
//
// A template is untrusted: parsing and rendering are bounded in size, depth, steps, output and memory.
// A Template is immutable and may be rendered by any number of threads at once.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace chat {

// Half-open range of bytes.
struct ByteRange {
  size_t begin;
  size_t end;
  bool operator==(const ByteRange&) const = default;
};

struct Rendered {
  std::string text;
  std::vector<ByteRange> trusted;  // sorted, not touching; all other bytes are the caller's
};

// Local civil time as strftime_now sees it.
struct CivilTime {
  int year, month, day, hour, minute, second;
};

struct RenderInput {
  base::Json messages;   // strings inside are untrusted
  base::Json tools;      // null: none in the template
  base::Json documents;  // null: none in the template
  base::Json variables;  // object: every member is a variable of its own, and trusted
  CivilTime now;
  // Null messages, tools or documents are undefined in the template instead of none: for a context that names
  // only what it has.
  bool null_is_undefined = false;
  // Object: variables that came with a request. Their strings are untrusted; they win over `variables`.
  base::Json caller_variables;
};

// Ceilings. A small conversation gets less memory and output than these: 24 MiB and 8 MiB, and 32 bytes for
// each byte of the input.
struct RenderLimits {
  int64_t max_steps = 10'000'000;
  int max_depth = 200;
  size_t max_output_bytes = size_t{64} << 20;
  size_t max_memory_bytes = size_t{512} << 20;
};

class Program;  // the parsed template

// Whether a failed render() is the template's own complaint, by raise_exception: then the message is exactly
// its words, and meant for whoever sent the messages. No other failure of parse() or render() has this code.
inline bool raised_by_template(const base::Error& error) {
  return error.code == base::Code::invalid_argument;
}

class Template {
 public:
  // Fails with the line: Code::corrupt for what is no template, Code::exhausted for one nested too deep or
  // too long.
  static base::Result<Template> parse(std::string_view source);
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  // Fails with
  //   Code::invalid_argument  if the template called raise_exception; the message is exactly its words
  //   Code::exhausted         for a limit, which the message names
  //   Code::unsupported       for anything else that the template cannot do with these messages ("line 7: 'x'
  //   is undefined")
  base::Result<Rendered> render(const RenderInput& input, const RenderLimits& limits = {}) const;

  // True if the source ever looks at a variable of that name: "tools", "enable_thinking".
  bool mentions(std::string_view variable) const;

 private:
  explicit Template(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace chat
