// Reference renderings, made with Jinja2 3.1.6 as transformers sets it up: the repository's own few
// (tests/data/templates), and the large sets of released templates where they are at hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>
#include <sstream>

#include "base/strings.h"
#include "chat/template.h"
#include "tests/golden.h"

namespace chat {
namespace {

namespace fs = std::filesystem;
using base::Json;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DOMICILE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DOMICILE_SANITIZED 1
#endif
#endif
#ifdef DOMICILE_SANITIZED
constexpr double kAllowedSeconds = 20;
#else
constexpr double kAllowedSeconds = 2;
#endif

constexpr CivilTime kNow = {2025, 3, 14, 9, 26, 53};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<Json> read_lines(const fs::path& path) {
  std::vector<Json> records;
  const std::string content = read_file(path);
  for (std::string_view line : base::split(content, '\n')) {
    if (line.empty()) continue;
    auto record = Json::parse(line);
    EXPECT_TRUE(record.has_value()) << path << ": " << (record ? "" : record.error().message);
    if (record) records.push_back(std::move(*record));
  }
  return records;
}

std::string text_at(const Json& record, std::string_view key) {
  const Json* value = record.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

Json at(const Json& record, std::string_view key) {
  const Json* value = record.find(key);
  return value == nullptr ? Json() : *value;
}

// A case of its own template: messages, tools and documents of `context` are the caller's, all else the
// template's. What `context` does not name is undefined.
RenderInput input_of_context(const Json& context) {
  RenderInput input;
  input.variables = Json(Json::Object{});
  input.now = kNow;
  input.null_is_undefined = true;
  for (const Json::Member& member : context.as_object()) {
    if (member.key == "messages")
      input.messages = member.value;
    else if (member.key == "tools")
      input.tools = member.value;
    else if (member.key == "documents")
      input.documents = member.value;
    else
      input.variables.set(member.key, member.value);
  }
  return input;
}

struct Tally {
  int passed = 0;
  std::vector<std::string> failed;
  void count(bool ok, const std::string& what) {
    if (ok)
      ++passed;
    else
      failed.push_back(what);
  }
};

std::string shown(const base::Result<Rendered>& result) {
  return result ? base::json_quote(result->text) : base::cat("error: ", result.error().message);
}

// Whether a stored case comes out as stored: prompt, or error (its words exactly if the template raised it).
bool matches(const base::Result<Rendered>& result, const Json& record) {
  if (record.find("error") == nullptr) return result && result->text == text_at(record, "prompt");
  if (result) return false;
  return text_at(record, "error_type") != "TemplateError" ||
         (raised_by_template(result.error()) && result.error().message == text_at(record, "error"));
}

void run_template(const fs::path& folder, const std::string& name, Tally& tally) {
  auto parsed = Template::parse(read_file(folder / (name + ".jinja")));
  for (const Json& record : read_lines(folder / (name + ".cases.jsonl"))) {
    const std::string id = base::cat(name, ": ", text_at(record, "name"));
    if (!parsed) {
      tally.count(false, base::cat(id, ": ", parsed.error().message));
      continue;
    }
    RenderInput input;
    input.messages = at(record, "messages");
    input.tools = at(record, "tools");
    input.documents = at(record, "documents");
    input.variables = at(record, "kwargs");
    input.now = kNow;
    const auto result = parsed->render(input);
    tally.count(matches(result, record),
                base::cat(id, "\n    got      ", shown(result), "\n    expected ",
                          base::json_quote(text_at(record, "prompt")), text_at(record, "error")));
  }
}

void expect_all_passed(const Tally& tally, size_t shown = 10) {
  EXPECT_TRUE(tally.failed.empty()) << tally.failed.size() << " of "
                                    << tally.passed + static_cast<int>(tally.failed.size())
                                    << " cases differ";
  for (size_t i = 0; i < std::min(tally.failed.size(), shown); ++i) ADD_FAILURE() << tally.failed[i];
}

std::vector<std::string> template_names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".jinja") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

TEST(GoldenTemplates, EveryCaseOfEveryTemplateIsEqual) {
  const auto folder = GOLDEN_OR_SKIP("templates");
  Tally tally;
  for (const std::string& name : template_names(folder)) run_template(folder, name, tally);
  EXPECT_GE(tally.passed, 2381);
  expect_all_passed(tally);
}

std::string shown(const std::vector<ByteRange>& ranges) {
  std::string text;
  for (const ByteRange& range : ranges) text += base::cat("[", range.begin, ",", range.end, ")");
  return text;
}

// A stored case with its own template: its output and, where stored, whose bytes they are; or an error.
void run_own_template(const Json& record, Tally& tally) {
  const std::string source = text_at(record, "template");
  auto parsed = Template::parse(source);
  const auto result = parsed ? parsed->render(input_of_context(at(record, "context")))
                             : base::Result<Rendered>(std::unexpected(parsed.error()));
  if (record.find("error") != nullptr)
    return tally.count(!result, base::cat(base::json_quote(source), " gave ", shown(result), ", no error"));
  bool ok = result && result->text == text_at(record, "output");
  std::string origin;
  if (const Json* trusted = record.find("trusted"); trusted != nullptr && ok) {
    std::vector<ByteRange> expected;
    for (const Json& range : trusted->as_array())
      expected.push_back({static_cast<size_t>(range.as_array()[0].as_integer()),
                          static_cast<size_t>(range.as_array()[1].as_integer())});
    ok = result->trusted == expected;
    origin = base::cat("\n    trusted  ", shown(result->trusted), "\n    expected ", shown(expected));
  }
  tally.count(ok, base::cat(base::json_quote(source), "\n    got      ", shown(result), "\n    expected ",
                            base::json_quote(text_at(record, "output")), origin));
}

void run_own_templates(const fs::path& file, size_t at_least) {
  Tally tally;
  for (const Json& record : read_lines(file)) run_own_template(record, tally);
  EXPECT_GE(static_cast<size_t>(tally.passed), at_least);
  expect_all_passed(tally, 100);
}

const fs::path kFixtures = fs::path(DOMICILE_SOURCE_DIR) / "tests" / "data" / "templates";

TEST(TemplateCases, TheLanguageAndTheOriginOfEachByte) {
  run_own_templates(kFixtures / "language.jsonl", 60);
}

TEST(TemplateCases, AnAssistantWithToolsAndThoughts) {
  Tally tally;
  run_template(kFixtures, "assistant", tally);
  EXPECT_GE(tally.passed, 9);
  expect_all_passed(tally);
}

TEST(GoldenTemplates, EveryCaseOfTheLanguageIsEqual) {
  run_own_templates(GOLDEN_OR_SKIP("templates") / "jinja_unit.jsonl", 1283);
}

TEST(GoldenTemplates, EveryByteHasItsOrigin) {
  run_own_templates(GOLDEN_OR_SKIP("templates") / "provenance.jsonl", 105);
}

TEST(GoldenTemplates, HostileTemplatesEndSoonAndAsTheManifestSays) {
  const auto folder = GOLDEN_OR_SKIP("hostile");
  RenderInput input;
  input.messages = *Json::parse(R"([{"role": "user", "content": "Hi <there> {{ 7*7 }}"},
      {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "안녕"}])");
  input.variables =
      *Json::parse(R"({"bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": true})");
  input.now = kNow;
  int n_cases = 0;
  for (const Json& record : read_lines(folder / "manifest.jsonl")) {
    if (text_at(record, "kind") != "template") continue;
    ++n_cases;
    const auto begin = std::chrono::steady_clock::now();
    auto parsed = Template::parse(read_file(folder / text_at(record, "file")));
    const auto result =
        parsed ? parsed->render(input) : base::Result<Rendered>(std::unexpected(parsed.error()));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(seconds.count(), kAllowedSeconds) << text_at(record, "file");
    const std::string expect = text_at(record, "expect");
    if (expect == "reject") {
      EXPECT_FALSE(result) << text_at(record, "file") << " gave " << shown(result).substr(0, 200);
    }
    if (expect == "accept") {
      ASSERT_TRUE(result) << text_at(record, "file") << ": " << result.error().message;
      EXPECT_EQ(result->text, text_at(record, "output")) << text_at(record, "file");
    }
  }
  EXPECT_GT(n_cases, 50);
}

}  // namespace
}  // namespace chat
