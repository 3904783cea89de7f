// write_tiny_model PATH [ARCHITECTURE [TYPE]]: a tiny model for tests that drive the program from outside.
// PATH ends in .gguf: a GGUF; otherwise a folder. TYPE: F32 (the default), BF16, Q8_0, Q4_0.
#include <cstdio>
#include <string>

#include "tests/support/tiny_model.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: write_tiny_model PATH [ARCHITECTURE [TYPE]]\n");
    return 2;
  }
  const std::string path = argv[1], type = argc > 3 ? argv[3] : "F32";
  tests::TinyModelOptions options;
  if (type == "BF16") options.dtype = tensor::DType::BF16;
  if (type == "Q8_0") options = tests::TinyModelOptions::of_type(tensor::DType::Q8_0);
  if (type == "Q4_0") options = tests::TinyModelOptions::of_type(tensor::DType::Q4_0);
  if (argc > 2) options.architecture = argv[2];
  const base::Status done = path.ends_with(".gguf") ? tests::write_tiny_gguf(path, options)
                                                    : tests::write_tiny_folder(path, options);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return 1;
}
