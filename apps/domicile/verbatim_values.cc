#include "apps/domicile/verbatim_values.h"

#include <algorithm>

#include "base/strings.h"

namespace apps {

namespace {

constexpr std::string_view kMarkBegin = "\x01verbatim:", kMarkEnd = "\x02";

std::string mark(size_t index) {
  return base::cat(kMarkBegin, index, kMarkEnd);
}

bool contains(std::span<const std::string> flags, std::string_view flag) {
  return std::ranges::find(flags, flag) != flags.end();
}

// How much of "--text=X" or "-pX" is the flag, with its '='; 0 if it is neither.
size_t joined_flag_size(std::string_view argument, std::span<const std::string> flags) {
  const size_t equals = argument.find('=');
  if (argument.starts_with("--"))
    return equals != std::string_view::npos && contains(flags, argument.substr(0, equals)) ? equals + 1 : 0;
  return argument.size() > 2 && contains(flags, argument.substr(0, 2)) ? 2 : 0;
}

}  // namespace

std::string VerbatimValues::mark_for(std::string_view value) {
  values_.emplace_back(value);
  return mark(values_.size() - 1);
}

std::vector<std::string> VerbatimValues::set_aside(std::span<const std::string> arguments,
                                                   std::span<const std::string> flags) {
  std::vector<std::string> out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--") {
      out.insert(out.end(), arguments.begin() + static_cast<ptrdiff_t>(i), arguments.end());
      break;
    }
    const size_t joined = joined_flag_size(argument, flags);
    if (contains(flags, argument) && i + 1 < arguments.size()) {
      out.emplace_back(argument);
      out.push_back(mark_for(arguments[++i]));
    } else if (joined > 0) {
      out.emplace_back(argument.substr(0, argument[joined - 1] == '=' ? joined - 1 : joined));
      out.push_back(mark_for(argument.substr(joined)));
    } else {
      out.emplace_back(argument);
    }
  }
  return out;
}

std::string VerbatimValues::value_of(const std::string& argument) const {
  for (size_t i = 0; i < values_.size(); ++i)
    if (argument == mark(i)) return values_[i];
  return argument;
}

std::string VerbatimValues::readable(std::string message) const {
  for (size_t i = 0; i < values_.size(); ++i) {
    const std::string each = mark(i);
    for (size_t at = message.find(each); at != std::string::npos; at = message.find(each, at)) {
      message.replace(at, each.size(), values_[i]);
      at += values_[i].size();
    }
  }
  return message;
}

}  // namespace apps
