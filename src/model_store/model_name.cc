#include "model_store/model_name.h"

namespace model_store {
namespace {

constexpr size_t kMaxNameBytes = 128;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) {
  return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-' || c == ':';
}

std::string_view without_extension(std::string_view file_name) {
  for (const std::string_view extension : {".gguf", ".safetensors", ".pack"})
    if (file_name.size() > extension.size() && file_name.ends_with(extension))
      return file_name.substr(0, file_name.size() - extension.size());
  return file_name;
}

}  // namespace

bool is_model_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes || !is_letter_or_digit(text.front())) return false;
  for (const char c : text)
    if (!is_name_character(c)) return false;
  return true;
}

std::string_view without_latest(std::string_view name) {
  constexpr std::string_view kLatest = ":latest";
  return name.ends_with(kLatest) ? name.substr(0, name.size() - kLatest.size()) : name;
}

bool looks_like_path(std::string_view text) {
  return text.find('/') != std::string_view::npos || text == "." || text == ".." ||
         text != without_extension(text);
}

std::string name_of_path(const std::filesystem::path& path) {
  std::filesystem::path normal = std::filesystem::absolute(path).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();  // "folder/"
  std::string name(without_extension(normal.filename().native()).substr(0, kMaxNameBytes));
  for (char& c : name)
    if (!is_name_character(c)) c = '-';
  if (name.empty() || !is_letter_or_digit(name.front())) name = "model" + name.substr(0, kMaxNameBytes - 5);
  return name;
}

}  // namespace model_store
