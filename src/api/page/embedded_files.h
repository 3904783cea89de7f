#pragma once
// The files of web/page/, which the build puts into the program (cmake/embed_files.cmake).
#include <span>
#include <string_view>

namespace api::page {

struct EmbeddedFile {
  std::string_view name;  // "page.js"
  std::string_view bytes;
};
std::span<const EmbeddedFile> embedded_files();

}  // namespace api::page
