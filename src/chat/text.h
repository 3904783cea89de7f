#pragma once
// A string of the template language: UTF-8 bytes, each of which is either trusted (written by the template,
// its constants or the engine) or the caller's.
//
// A Text never changes once others can see it; pieces of it share its bytes. Almost every text is of one
// origin, so the origin is one flag, and a list of runs only where both meet.
//
//     data      < | u s e r | >
//     trusted   1 1 0 0 0 0 1 1     runs: {2, trusted} {6, caller} {8, trusted}
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

// Bytes up to `end` (from the end of the run before) and whose they are.
struct Run {
  uint32_t end : 31;
  uint32_t trusted : 1;
};
inline Run make_run(size_t end, bool trusted) {
  Run run;
  run.end = static_cast<uint32_t>(end & 0x7fffffff);
  run.trusted = trusted ? 1 : 0;
  return run;
}
inline constexpr size_t kMaxTextBytes = (size_t{1} << 31) - 1;

// Room that a text was given behind its end, so that the next `text + more` need not copy it: a prompt that
// is built by adding to one variable stays linear. Only the text that ends at `used` may grow into the room.
struct GrowthBuffer {
  char* data;
  size_t used;
  size_t capacity;
};

struct Text {
  const char* data = "";
  uint32_t size = 0;
  uint32_t n_runs = 0;  // 0: all bytes are of origin `trusted`
  const Run* runs = nullptr;
  GrowthBuffer* buffer = nullptr;
  bool trusted = true;
  bool ascii = true;
  bool markup = false;  // marked safe for HTML, as Python's Markup

  std::string_view view() const { return {data, size}; }
  bool all_trusted() const { return size == 0 || (n_runs == 0 && trusted); }
};

// Collects text with its origin. Past its limit it keeps nothing more and says so.
class TextBuilder {
 public:
  explicit TextBuilder(size_t max_bytes) : max_bytes_(max_bytes) {}

  void append(std::string_view bytes, bool trusted);
  void append(const Text& text);
  // Bytes [begin, end) of `text`.
  void append_part(const Text& text, size_t begin, size_t end);

  size_t size() const { return bytes_.size(); }
  bool overflowed() const { return overflowed_; }
  size_t max_bytes() const { return max_bytes_; }
  const std::string& bytes() const { return bytes_; }
  std::string take_bytes() { return std::move(bytes_); }
  std::span<const Run> runs() const { return runs_; }

 private:
  std::string bytes_;
  std::vector<Run> runs_;
  size_t max_bytes_;
  bool overflowed_ = false;
};

// Whether byte `offset` is trusted. REQUIRES: offset < text.size.
bool trusted_at(const Text& text, size_t offset);

bool is_ascii(std::string_view bytes);

// The stretches of equal origin that cover bytes [begin, end) of `text`, in order: f(begin, end, trusted).
template <class Function>
void for_each_run(const Text& text, size_t begin, size_t end, Function f) {
  if (begin >= end) return;
  if (text.n_runs == 0) return f(begin, end, text.trusted);
  size_t low = 0, high = text.n_runs;  // the first run that ends after `begin`
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (text.runs[middle].end > begin)
      high = middle;
    else
      low = middle + 1;
  }
  for (size_t i = low; begin < end; ++i) {
    const size_t run_end = text.runs[i].end < end ? text.runs[i].end : end;
    f(begin, run_end, text.runs[i].trusted != 0);
    begin = run_end;
  }
}

}  // namespace chat
