#pragma once
// Values of flags that reach the program byte for byte, whatever they look like: "--what?", "[a,b]", "". They
// are taken out of the arguments before anything else reads them, and marks stand in their place. Pure.
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace apps {

class VerbatimValues {
 public:
  // Replaces what follows one of `flags` ("--text X", "--text=X", "-p X", "-pX"), up to a lone "--".
  std::vector<std::string> set_aside(std::span<const std::string> arguments,
                                     std::span<const std::string> flags);
  // The value that a mark stands for; another text is itself.
  std::string value_of(const std::string& argument) const;
  // A message with the values in the place of their marks.
  std::string readable(std::string message) const;

 private:
  std::string mark_for(std::string_view value);
  std::vector<std::string> values_;
};

}  // namespace apps
