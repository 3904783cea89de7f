// write_tiny_model PATH [ARCHITECTURE [TYPE [NAME=VALUE ...]]]: a tiny model for tests that drive the program
// from outside. PATH ends in .gguf: a GGUF; otherwise a folder. TYPE: F32 (the default), BF16, Q8_0, Q4_0.
// NAME: context (tokens), layers, template (0: none).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/support/tiny_model.h"

namespace {

// False: no such option.
bool take_option(std::string_view option, tests::TinyModelOptions& options) {
  const size_t equals = std::min(option.find('='), option.size());
  const std::string_view name = option.substr(0, equals);
  const int64_t value = std::atoll(std::string(option.substr(std::min(equals + 1, option.size()))).c_str());
  if (name == "context")
    options.context_length = value;
  else if (name == "layers")
    options.n_layers = value;
  else if (name == "template")
    options.chat_template = value != 0;
  else
    return false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: write_tiny_model PATH [ARCHITECTURE [TYPE [NAME=VALUE ...]]]\n");
    return 2;
  }
  const std::string path = argv[1], type = argc > 3 ? argv[3] : "F32";
  tests::TinyModelOptions options;
  if (type == "BF16") options.dtype = tensor::DType::BF16;
  if (type == "Q8_0") options = tests::TinyModelOptions::of_type(tensor::DType::Q8_0);
  if (type == "Q4_0") options = tests::TinyModelOptions::of_type(tensor::DType::Q4_0);
  if (argc > 2) options.architecture = argv[2];
  for (int i = 4; i < argc; ++i)
    if (!take_option(argv[i], options)) {
      std::fprintf(stderr, "'%s' is no option\n", argv[i]);
      return 2;
    }
  const base::Status done = path.ends_with(".gguf") ? tests::write_tiny_gguf(path, options)
                                                    : tests::write_tiny_folder(path, options);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return 1;
}
