#pragma once
// Holds a tokenizer against a folder of recorded vectors: encode.jsonl, decode.jsonl, detok.jsonl,
// strict.jsonl, each line a JSON object (golden/tokenizers/README.md names the fields). A file that is absent
// is passed over.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/strings.h"
#include "tokenizer/tokenizer.h"

namespace tests {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// Texts hold U+2028 and the like: only '\n' ends a line.
inline std::vector<base::Json> read_json_lines(const std::filesystem::path& path) {
  std::vector<base::Json> lines;
  const std::string text = read_text(path);
  for (const std::string_view line : base::split(text, '\n')) {
    if (line.empty()) continue;
    auto json = base::Json::parse(line);
    EXPECT_TRUE(json) << path << ": " << (json ? "" : json.error().message);
    if (json) lines.push_back(std::move(*json));
  }
  return lines;
}

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

inline std::vector<tokenizer::TokenId> ids_of(const base::Json& line) {
  std::vector<tokenizer::TokenId> ids;
  for (const base::Json& id : line.find("ids")->as_array())
    ids.push_back(static_cast<tokenizer::TokenId>(id.as_integer()));
  return ids;
}

// Each returns whether the line is as recorded.
inline bool encodes_as_recorded(const tokenizer::Tokenizer& tokenizer, const base::Json& line) {
  const base::Json* hex = line.find("bytes_hex");
  const std::string text = hex != nullptr ? from_hex(hex->as_string()) : line.find("text")->as_string();
  const bool add_special = line.find("add_special")->as_bool();
  return tokenizer.encode(text, {.find_added_tokens = true, .add_special = add_special}) == ids_of(line);
}

inline bool decodes_as_recorded(const tokenizer::Tokenizer& tokenizer, const base::Json& line) {
  return tokenizer.decode(ids_of(line), line.find("skip_special")->as_bool()) ==
         line.find("text")->as_string();
}

inline bool streams_as_recorded(const tokenizer::Tokenizer& tokenizer, const base::Json& line) {
  const auto detokenizer = tokenizer.make_detokenizer(/*skip_special=*/false);
  base::Json::Array pieces;
  for (const tokenizer::TokenId id : ids_of(line)) pieces.push_back(detokenizer->push(id));
  return pieces == line.find("pieces")->as_array() &&
         detokenizer->finish() == line.find("final")->as_string();
}

inline bool is_strict_as_recorded(const tokenizer::Tokenizer& tokenizer, const base::Json& line) {
  std::vector<tokenizer::Segment> segments;
  for (const base::Json& segment : line.find("segments")->as_array())
    segments.push_back({segment.find("text")->as_string(), segment.find("trusted")->as_bool()});
  return tokenizer.encode_strict(segments) == ids_of(line);
}

// Checks every line of every file in `folder` and returns how many there were.
inline size_t check_vectors(const tokenizer::Tokenizer& tokenizer, const std::filesystem::path& folder) {
  using Check = bool (*)(const tokenizer::Tokenizer&, const base::Json&);
  const std::pair<const char*, Check> checks[] = {{"encode.jsonl", encodes_as_recorded},
                                                  {"decode.jsonl", decodes_as_recorded},
                                                  {"detok.jsonl", streams_as_recorded},
                                                  {"strict.jsonl", is_strict_as_recorded}};
  size_t n_lines = 0;
  for (const auto& [file, check] : checks) {
    for (const base::Json& line : read_json_lines(folder / file)) {
      ++n_lines;
      EXPECT_TRUE(check(tokenizer, line)) << folder / file << ": " << line.write();
    }
  }
  return n_lines;
}

}  // namespace tests
