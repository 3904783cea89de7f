#include "model_files/describe.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_files/gguf/metadata.h"

namespace model_files {
namespace {

using base::cat;
using base::Json;

constexpr uint64_t kMaxShownElements = 16;
constexpr size_t kMaxShownBytes = 100;

// ---- the description

Json describe_tensors(const ModelFile& file) {
  struct Sum {
    size_t count = 0;
    uint64_t bytes = 0;
  };
  std::array<Sum, tensor::kDTypeCount> sums{};
  for (const NamedTensor& tensor : file.tensors()) {
    Sum& sum = sums[static_cast<int>(tensor.view.dtype)];
    ++sum.count;
    sum.bytes += tensor.view.bytes.size();
  }
  Json types(Json::Array{});
  for (int i = 0; i < tensor::kDTypeCount; ++i) {
    if (sums[i].count == 0) continue;
    Json type;
    type.set("type", tensor::name(static_cast<tensor::DType>(i)));
    type.set("count", sums[i].count);
    type.set("bytes", size_t{sums[i].bytes});
    types.push_back(std::move(type));
  }
  Json tensors;
  tensors.set("count", file.tensors().size());
  tensors.set("bytes", size_t{file.tensor_bytes()});
  tensors.set("types", std::move(types));
  return tensors;
}

// A float of 32 bits with no more digits than it has: 1e-05, not 9.999999747378752e-06.
Json describe_element(const gguf::Entry& entry, uint64_t index) {
  Json value = gguf::element(entry, index);
  if (entry.type != gguf::ValueType::f32) return value;
  const auto shortest = base::parse_double(base::format_float(static_cast<float>(value.as_double())));
  return shortest ? Json(*shortest) : value;
}

Json describe_value(const gguf::Entry& entry) {
  if (!entry.is_array) return describe_element(entry, 0);
  if (entry.count > kMaxShownElements) return gguf::type_in_words(entry);
  Json values(Json::Array{});
  for (uint64_t i = 0; i < entry.count; ++i) values.push_back(describe_element(entry, i));
  return values;
}

// Lists of more than a few values are told by their length, at any depth.
Json shortened(const Json& value) {
  if (value.is_array()) {
    if (value.as_array().size() > kMaxShownElements) return cat("an array of ", value.as_array().size());
    Json values(Json::Array{});
    for (const Json& element : value.as_array()) values.push_back(shortened(element));
    return values;
  }
  if (!value.is_object()) return value;
  Json::Object members;
  for (const Json::Member& member : value.as_object())
    members.push_back({member.key, shortened(member.value)});
  return members;
}

Json describe_metadata(const ModelFile& file) {
  if (file.gguf() == nullptr) return shortened(file.metadata());
  Json::Object metadata;
  for (const gguf::Entry& entry : file.gguf()->entries())
    metadata.push_back({std::string(entry.key), describe_value(entry)});
  return metadata;
}

Json describe_gguf_tokenizer(const gguf::Metadata& metadata) {
  Json tokenizer;
  if (metadata.find("tokenizer.ggml.model") == nullptr && metadata.find("tokenizer.ggml.tokens") == nullptr)
    return tokenizer;
  tokenizer.set("model", metadata.text_or_empty("tokenizer.ggml.model"));
  tokenizer.set("pre", metadata.text_or_empty("tokenizer.ggml.pre"));
  for (const char* list : {"tokens", "merges"}) {
    const gguf::Entry* entry = metadata.find(cat("tokenizer.ggml.", list));
    tokenizer.set(list, entry != nullptr && entry->is_array ? Json(size_t{entry->count}) : Json());
  }
  for (const char* token : {"bos", "eos", "eot", "unknown", "padding"}) {
    const gguf::Entry* entry = metadata.find(cat("tokenizer.ggml.", token, "_token_id"));
    if (entry != nullptr && !entry->is_array) tokenizer.set(cat(token, "_token_id"), gguf::element(*entry));
  }
  return tokenizer;
}

// Which of the files that make a tokenizer are there; what is in tokenizer.json only the tokenizer can tell.
Json describe_folder_tokenizer(const ModelFile& file) {
  Json files(Json::Array{});
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"})
    if (file.has_sibling(name)) files.push_back(name);
  if (files.as_array().empty()) return nullptr;
  Json tokenizer;
  tokenizer.set("files", std::move(files));
  return tokenizer;
}

Json describe_tokenizer(const ModelFile& file) {
  if (file.gguf() != nullptr) return describe_gguf_tokenizer(*file.gguf());
  return describe_folder_tokenizer(file);
}

bool has_chat_template(const ModelFile& file) {
  if (file.gguf() != nullptr) return file.gguf()->find("tokenizer.chat_template") != nullptr;
  if (file.has_sibling("chat_template.jinja")) return true;
  const auto text = file.read_sibling("tokenizer_config.json");
  if (!text) return false;
  const auto config = base::Json::parse(*text);
  return config && config->find("chat_template") != nullptr;
}

std::string text_or_empty(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::string architecture(const ModelFile& file) {
  if (file.gguf() != nullptr) return std::string(file.gguf()->text_or_empty("general.architecture"));
  return text_or_empty(file.metadata(), "model_type");
}

std::string display_name(const ModelFile& file) {
  if (file.gguf() != nullptr) return std::string(file.gguf()->text_or_empty("general.name"));
  return {};
}

Json or_null(std::string text) {
  return text.empty() ? Json() : Json(std::move(text));
}

// ---- its text form

std::string grouped(uint64_t n) {
  std::string digits = cat(n);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(i, 1, ',');
  return digits;
}

std::string count_of(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  if (value == nullptr || !value->is_integer()) return "no";
  return grouped(static_cast<uint64_t>(value->as_integer()));
}

std::string shown(const Json& value) {
  return base::printable(value.is_string() ? value.as_string() : value.write(), kMaxShownBytes);
}

void line(std::string& out, std::string_view label, std::string_view text) {
  constexpr size_t kLabelWidth = 14;
  out +=
      cat("  ", label, std::string(kLabelWidth - std::min(kLabelWidth, label.size()) + 1, ' '), text, "\n");
}

std::string bytes_of(const Json& object, std::string_view key) {
  return base::format_bytes(static_cast<uint64_t>(object.find(key)->as_integer()));
}

std::string container_text(const Json& d) {
  std::string text = text_or_empty(d, "container");
  const std::string layout = text_or_empty(d, "packed_layout");
  if (!layout.empty()) text = cat("packed as ", base::printable(layout), " from ", text, ", format");
  if (const Json* version = d.find("version"); version != nullptr && version->is_integer())
    text += cat(" ", version->as_integer());
  const int64_t n_files = d.find("files")->as_integer();
  return text + cat(", ", n_files, n_files == 1 ? " file, " : " files, ", bytes_of(d, "file_bytes"));
}

std::string tensors_text(const Json& tensors) {
  std::string text = cat(count_of(tensors, "count"), ", ", bytes_of(tensors, "bytes"));
  const char* separator = ": ";
  for (const Json& type : tensors.find("types")->as_array()) {
    text += cat(separator, count_of(type, "count"), " ", text_or_empty(type, "type"), " (",
                bytes_of(type, "bytes"), ")");
    separator = ", ";
  }
  return text;
}

std::string tokenizer_text(const Json& tokenizer) {
  if (const Json* files = tokenizer.find("files")) {
    std::string text;
    for (const Json& file : files->as_array()) text += cat(text.empty() ? "" : ", ", file.as_string());
    return text;
  }
  if (!tokenizer.is_object()) return "none";
  std::string text = base::printable(text_or_empty(tokenizer, "model"));
  if (const std::string pre = text_or_empty(tokenizer, "pre"); !pre.empty())
    text += cat(", pre-tokenizer ", base::printable(pre));
  return text +
         cat(", ", count_of(tokenizer, "tokens"), " tokens, ", count_of(tokenizer, "merges"), " merges");
}

void append_metadata(std::string& out, const Json& metadata) {
  if (!metadata.is_object() || metadata.as_object().empty()) return;
  out += "  metadata\n";
  size_t width = 0;
  for (const Json::Member& member : metadata.as_object()) width = std::max(width, member.key.size());
  width = std::min<size_t>(width, 48);
  for (const Json::Member& member : metadata.as_object()) {
    const std::string key = base::printable(member.key);
    out += cat("    ", key, std::string(width - std::min(width, key.size()) + 2, ' '), shown(member.value),
               "\n");
  }
}

}  // namespace

Json describe(const ModelFile& file) {
  Json d;
  d.set("path", base::to_valid_utf8(file.path()));
  d.set("container", container_name(file.container()));
  d.set("packed_layout", or_null(std::string(file.packed_layout())));
  d.set("version", file.version() == 0 ? Json() : Json(int64_t{file.version()}));
  d.set("files", file.n_files());
  d.set("file_bytes", size_t{file.file_bytes()});
  d.set("name", or_null(display_name(file)));
  d.set("architecture", or_null(architecture(file)));
  d.set("parameters", size_t{file.n_parameters()});
  d.set("tensors", describe_tensors(file));
  d.set("tokenizer", describe_tokenizer(file));
  d.set("chat_template", has_chat_template(file));
  d.set("metadata", describe_metadata(file));
  Json remarks(Json::Array{});
  for (const std::string& remark : file.remarks()) remarks.push_back(remark);
  d.set("remarks", std::move(remarks));
  return d;
}

std::string to_text(const Json& d) {
  const Json* name = d.find("name");
  std::string out =
      cat(base::printable(name->is_string() ? name->as_string() : text_or_empty(d, "path")), "\n");
  line(out, "container", container_text(d));
  line(out, "architecture",
       d.find("architecture")->is_string() ? shown(*d.find("architecture")) : "not stated");
  line(out, "parameters", count_of(d, "parameters"));
  line(out, "tensors", tensors_text(*d.find("tensors")));
  line(out, "tokenizer", tokenizer_text(*d.find("tokenizer")));
  line(out, "chat template", d.find("chat_template")->as_bool() ? "yes" : "no");
  for (const Json& remark : d.find("remarks")->as_array()) line(out, "remark", remark.as_string());
  append_metadata(out, *d.find("metadata"));
  return out;
}

}  // namespace model_files
