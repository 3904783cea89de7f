#include "model_files/packed/packed_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/strings.h"
#include "model_files/describe.h"
#include "model_files/gguf/writer.h"
#include "model_files/packed/writer.h"
#include "platform/files.h"
#include "tests/support/tiny_model.h"
#include "tests/temp_dir.h"

namespace model_files::packed {
namespace {

constexpr std::string_view kLayout = "test-layout";

std::unique_ptr<ModelFile> open(const std::filesystem::path& path) {
  auto file = ModelFile::open(path);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(file).value();
}

// All tensors of `source` as rows.
void pack(const ModelFile& source, const std::filesystem::path& path) {
  auto writer = Writer::create(path, source, kLayout);
  ASSERT_TRUE(writer) << writer.error().message;
  for (const NamedTensor& tensor : source.tensors())
    ASSERT_TRUE(writer->add(tensor, tensor::Layout::rows, tensor.view.bytes));
  ASSERT_TRUE(writer->finish());
}

struct PackedGguf {
  tests::TempDir dir;
  std::filesystem::path path = dir.path() / "model.pack";
  std::unique_ptr<ModelFile> source;

  PackedGguf() {
    EXPECT_TRUE(tests::write_tiny_gguf(dir.path() / "model.gguf"));
    source = open(dir.path() / "model.gguf");
    pack(*source, path);
  }
  std::string bytes() const { return *platform::read_file(path, size_t{64} << 20); }
  // What opening these bytes says.
  std::string error_of(std::string_view changed) const {
    const std::string name = dir.write("changed.pack", std::string(changed)).string();
    const auto file = ModelFile::open(name);
    if (!file) return file.error().message.substr(name.size() + 2);
    return "opens";
  }
};

void expect_same_tensors(const ModelFile& a, const ModelFile& b) {
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (size_t i = 0; i < a.tensors().size(); ++i) {
    const NamedTensor &x = a.tensors()[i], &y = b.tensors()[i];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.view.dtype, y.view.dtype);
    EXPECT_EQ(x.view.shape, y.view.shape);
    EXPECT_TRUE(std::ranges::equal(x.view.bytes, y.view.bytes)) << x.name;
  }
}

TEST(PackedFile, AnswersAsItsGgufDid) {
  const PackedGguf packed;
  const auto file = open(packed.path);
  EXPECT_EQ(file->packed_layout(), kLayout);
  EXPECT_EQ(file->container(), Container::gguf);
  EXPECT_EQ(file->metadata(), packed.source->metadata());
  EXPECT_EQ(*file->gguf()->strings("tokenizer.ggml.tokens"),
            *packed.source->gguf()->strings("tokenizer.ggml.tokens"));
  expect_same_tensors(*file, *packed.source);
  EXPECT_TRUE(packed.source->packed_layout().empty());
}

TEST(PackedFile, AnswersAsItsFolderDid) {
  const tests::TempDir dir;
  ASSERT_TRUE(tests::write_tiny_folder(dir.path() / "folder"));
  const auto source = open(dir.path() / "folder");
  pack(*source, dir.path() / "model.pack");
  const auto file = open(dir.path() / "model.pack");
  EXPECT_EQ(file->container(), Container::folder);
  EXPECT_EQ(file->metadata(), source->metadata());
  EXPECT_EQ(file->gguf(), nullptr);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "generation_config.json"})
    EXPECT_EQ(*file->read_sibling(name), *source->read_sibling(name)) << name;
  EXPECT_FALSE(file->has_sibling("model.safetensors"));
  EXPECT_EQ(file->read_sibling("no.json").error().code, base::Code::not_found);
  expect_same_tensors(*file, *source);
}

TEST(PackedFile, IsDescribedAsPacked) {
  const PackedGguf packed;
  const std::string text = to_text(describe(*open(packed.path)));
  EXPECT_NE(text.find("packed as test-layout from GGUF, format 1, 1 file"), std::string::npos) << text;
}

TEST(PackedFile, PlacesEveryTensorForKernels) {
  const PackedGguf packed;
  const auto file = open(packed.path);
  for (const NamedTensor& tensor : file->tensors())
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.view.bytes.data()) % 64, 0u) << tensor.name;
}

TEST(PackedFile, ForgetsThatItsSourceWasSplit) {
  gguf::MetadataBuilder builder;
  builder.set_string("general.architecture", "llama");
  builder.set_u32("split.count", 1);
  const tests::TempDir dir;
  auto writer = gguf::Writer::create(dir.path() / "a.gguf", builder, {});
  ASSERT_TRUE(writer && writer->finish());
  pack(*open(dir.path() / "a.gguf"), dir.path() / "a.pack");
  const auto file = open(dir.path() / "a.pack");
  EXPECT_EQ(file->gguf()->find("split.count"), nullptr);
  EXPECT_NE(file->gguf()->find("general.architecture"), nullptr);
}

TEST(PackedFile, IsNotPackedTwice) {
  const PackedGguf packed;
  const auto file = open(packed.path);
  const auto writer = Writer::create(packed.dir.path() / "again.pack", *file, kLayout);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().message, "is packed already");
  EXPECT_FALSE(std::filesystem::exists(packed.dir.path() / "again.pack"));
}

TEST(PackedFile, FindsAFlippedBitOfAWeight) {
  const PackedGguf packed;
  const auto keep_going = [](uint64_t, uint64_t) { return true; };
  const auto check = [&](std::string_view bytes) -> std::string {
    const std::filesystem::path path = packed.dir.write("checked.pack", std::string(bytes));
    const auto file = PackedFile::open(path, *platform::MappedFile::open(path));
    EXPECT_TRUE(file);
    const auto status = (*file)->check_weights(keep_going);
    return status ? "fine" : status.error().message;
  };
  std::string bytes = packed.bytes();
  EXPECT_EQ(check(bytes), "fine");
  bytes[kDataStart + 5] ^= 4;
  EXPECT_EQ(check(bytes),
            base::cat("tensor '", packed.source->tensors()[0].name, "' does not match its checksum"));
}

TEST(PackedFile, CheckingStopsWhenTold) {
  const PackedGguf packed;
  const auto file = PackedFile::open(packed.path, *platform::MappedFile::open(packed.path));
  const auto status = (*file)->check_weights([](uint64_t, uint64_t) { return false; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, base::Code::cancelled);
}

// ---- files that lie

TEST(HostilePackedFile, EveryTruncationIsRefused) {
  const PackedGguf packed;
  const std::string bytes = packed.bytes();
  for (const size_t size :
       {size_t{9}, size_t{16}, size_t{1000}, size_t{kDataStart}, bytes.size() - 64, bytes.size() - 1})
    EXPECT_NE(packed.error_of(std::string_view(bytes).substr(0, size)), "opens") << size;
  EXPECT_EQ(packed.error_of(std::string_view(bytes).substr(0, 1000)),
            "is cut short: it ends before its weights");
  EXPECT_EQ(packed.error_of(std::string_view(bytes).substr(0, bytes.size() - 1)),
            "is cut short, or something was appended: it does not end as a packed model");
  EXPECT_EQ(packed.error_of(bytes + "x"),
            "is cut short, or something was appended: it does not end as a packed model");
}

TEST(HostilePackedFile, AnotherVersionIsNamed) {
  const PackedGguf packed;
  std::string bytes = packed.bytes();
  bytes[8] = 7;
  EXPECT_EQ(packed.error_of(bytes),
            "is a packed model of format version 7, this program reads 1: pack the original again");
}

TEST(HostilePackedFile, EveryBitOfTheDirectoryIsChecked) {
  const PackedGguf packed;
  const std::string bytes = packed.bytes();
  const auto start = base::load_le<uint64_t>(base::as_bytes(bytes).data() + bytes.size() - kFooterBytes);
  for (size_t at = start; at < bytes.size(); at += 97) {
    std::string changed = bytes;
    changed[at] ^= 1;
    EXPECT_NE(packed.error_of(changed), "opens") << at;
  }
}

// A file whose checksum is right, whatever its directory says.
struct Forged {
  Directory directory{.layout_name = kLayout};

  PackedTensor& add(std::string_view name, uint64_t offset, uint64_t size_bytes) {
    directory.tensors.push_back({.name = name,
                                 .dtype = tensor::DType::F32,
                                 .shape = {static_cast<int64_t>(size_bytes / 4)},
                                 .offset = offset,
                                 .size_bytes = size_bytes});
    return directory.tensors.back();
  }
  std::string error(uint64_t n_data_bytes = 256) const {
    std::string file = preamble();
    file.resize(kDataStart + n_data_bytes);
    file += encode_ending(directory, file.size());
    const auto read = read_directory(base::as_bytes(file));
    return read ? "reads" : read.error().message;
  }
};

TEST(HostilePackedFile, TensorsLieApartAndWithinTheWeights) {
  Forged good;
  good.add("a", kDataStart, 64);
  good.add("b", kDataStart + 64, 192);
  EXPECT_EQ(good.error(), "reads");

  Forged overlapping;
  overlapping.add("a", kDataStart, 128);
  overlapping.add("b", kDataStart + 64, 64);
  EXPECT_EQ(overlapping.error(),
            "tensor 'b' starts at byte 2097216, before the end of what lies in front of it, 2097280");
  Forged in_front;
  in_front.add("a", 64, 64);
  EXPECT_EQ(in_front.error(),
            "tensor 'a' starts at byte 64, before the end of what lies in front of it, 2097152");
  Forged crooked;
  crooked.add("a", kDataStart + 4, 64);
  EXPECT_EQ(crooked.error(), "tensor 'a' starts at byte 2097156, no multiple of 64");
  Forged outside;
  outside.add("a", kDataStart, 512);
  EXPECT_EQ(outside.error(), "tensor 'a' ends past the weights");
  Forged far;
  far.add("a", uint64_t{1} << 63, 64);
  EXPECT_EQ(far.error(), "tensor 'a' ends past the weights");
}

TEST(HostilePackedFile, ShapesAreHeldAgainstSizes) {
  Forged longer;
  longer.add("a", kDataStart, 64).shape = {17};
  EXPECT_EQ(longer.error(), "tensor 'a' of shape [17] states 64 bytes");
  Forged none;
  none.add("a", kDataStart, 64).shape = {0};
  EXPECT_EQ(none.error(), "tensor 'a' has a dimension of 0, which no tensor has");
  Forged huge;
  huge.add("a", kDataStart, 64).shape = {int64_t{1} << 40, int64_t{1} << 40};
  EXPECT_EQ(huge.error(), "tensor 'a' has a dimension of 1099511627776, which no tensor has");
  Forged broken;
  broken.add("a", kDataStart, 64).dtype = tensor::DType::Q4_K;
  EXPECT_EQ(broken.error(), "tensor 'a' has rows of 16 elements, but Q4_K comes in blocks of 256");
}

TEST(HostilePackedFile, TwoTensorsOfOneNameAreRefused) {
  const PackedGguf packed;
  Forged twice;
  twice.add("a", kDataStart, 64);
  twice.add("a", kDataStart + 64, 64);
  std::string file = preamble();
  file.resize(kDataStart + 128);
  file += encode_ending(twice.directory, file.size());
  EXPECT_NE(packed.error_of(file).find("'a'"), std::string::npos);
}

}  // namespace
}  // namespace model_files::packed
