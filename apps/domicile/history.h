#pragma once
// The inputs of earlier conversations, kept in a file of the user's own (mode 0600), the oldest first.
#include <string>
#include <vector>

namespace apps {

class History {
 public:
  // A file that is missing or cannot be read is an empty history; one that has grown long is cut.
  explicit History(std::string path);
  // Not if it repeats the last one. A very long text is remembered, but not written to the file. Programs
  // that run at once add to the same file.
  void add(const std::string& text);
  const std::vector<std::string>& entries() const { return entries_; }

 private:
  // Losing the history is no reason to stop: errors are passed over.
  void write(int open_flags, const std::string& lines) const;

  std::string path_;
  std::vector<std::string> entries_;
};

}  // namespace apps
