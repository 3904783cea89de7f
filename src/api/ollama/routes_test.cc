// Ollama's dialect over loopback.
#include "api/ollama/routes.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/speaking_server.h"

namespace api::ollama {
namespace {

using base::Json;
using tests::HttpAnswer;
using tests::json_of;
using tests::SpeakingServer;

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    out.push_back(json_of(text.substr(at, end - at)));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return out;
}

std::string chat_body(const std::string& more = "", const std::string& model = "speaker") {
  return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" +
         (more.empty() ? "" : "," + more) + "}";
}

std::string error_of(const HttpAnswer& answer) {
  const Json body = json_of(answer.body);
  EXPECT_TRUE(body.find("error")) << answer.body;
  return body.find("error") ? body.find("error")->as_string() : "";
}

// A library of one model, "stored", that pulls "known" in two steps.
class FakeLibrary : public serving::ModelLibrary {
 public:
  base::Result<std::vector<serving::LibraryEntry>> list() const override {
    return std::vector<serving::LibraryEntry>{{"stored", {.architecture = "qwen2", .weight_type = "Q8_0"}}};
  }
  bool can_pull(std::string_view id) const override { return id == "known" || id == "broken"; }
  base::Result<serving::LibraryEntry> pull(std::string_view id,
                                           const OnProgress& on_progress) const override {
    using Stage = serving::PullProgress::Stage;
    on_progress({Stage::downloading, 5, 10});
    on_progress({Stage::downloading, 10, 10});
    if (id == "broken")
      return base::fail(base::Code::io_error,
                        "cannot write '/home/op/models/x': no room at /home/op, and/or no right");
    on_progress({Stage::unpacking, 10, 10});
    return serving::LibraryEntry{std::string(id), {}};
  }
  base::Status remove(std::string_view id) const override {
    if (id != "stored") return base::fail(base::Code::not_found, "no such model");
    return {};
  }
};

api::ServerOptions with_library() {
  return {.library = std::make_shared<FakeLibrary>()};
}

TEST(OllamaRoutes, AChatIsTheSameWholeAndStreamed) {
  SpeakingServer house("thinking</think>Hello 안녕<|im_end|>");
  const Json whole =
      json_of(house.ask("POST", "/api/chat", chat_body(R"("stream":false,"think":true)")).body);
  EXPECT_EQ(whole.find("message")->write(),
            R"({"role":"assistant","content":"Hello 안녕","thinking":"thinking"})");
  EXPECT_EQ(whole.find("done_reason")->as_string(), "stop");
  const HttpAnswer answer = house.ask("POST", "/api/chat", chat_body(R"("think":true)", "speaker:latest"));
  EXPECT_EQ(answer.header("content-type"), "application/x-ndjson");
  const auto lines = lines_of(answer.body);
  std::string text, thoughts;
  for (const Json& line : lines) {
    EXPECT_EQ(line.find("model")->as_string(), "speaker:latest");
    EXPECT_EQ(line.find("done")->as_bool(), &line == &lines.back());
    const Json* message = line.find("message");
    text += message->find("content")->as_string();
    if (message->find("thinking")) thoughts += message->find("thinking")->as_string();
  }
  EXPECT_EQ(text, "Hello 안녕");
  EXPECT_EQ(thoughts, "thinking");
  for (const char* name : {"total_duration", "load_duration", "prompt_eval_duration", "eval_duration"})
    EXPECT_TRUE(lines.back().find(name)->is_integer()) << name;
  EXPECT_EQ(lines.back().find("prompt_eval_count")->as_integer(),
            static_cast<int64_t>(house.engine->last_request().prompt.size()));
}

TEST(OllamaRoutes, GenerateUsesTheTemplateUnlessRawAndItsContextGoesOn) {
  SpeakingServer house("abc<|im_end|>");
  const Json first = json_of(
      house.ask("POST", "/api/generate", R"({"model":"speaker","prompt":"hi","system":"S","stream":false})")
          .body);
  EXPECT_EQ(first.find("response")->as_string(), "abc");
  const std::string prompt =
      "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n";
  EXPECT_EQ(house.last_prompt(), prompt);
  house.ask(
      "POST", "/api/generate",
      R"({"model":"speaker","prompt":"on","stream":false,"context":)" + first.find("context")->write() + "}");
  EXPECT_EQ(house.last_prompt(),
            prompt + "abc<|im_end|><|im_start|>user\non<|im_end|>\n<|im_start|>assistant\n");
  const Json raw = json_of(
      house.ask("POST", "/api/generate", R"({"model":"speaker","prompt":"hi","raw":true,"stream":false})")
          .body);
  EXPECT_EQ(house.last_prompt(), "<s>hi");
  EXPECT_FALSE(raw.find("context"));
}

TEST(OllamaRoutes, ItsDefaultsFillWhatTheModelLeavesOpen) {
  SpeakingServer house("abc<|im_end|>");
  house.ask("POST", "/api/chat", chat_body(R"("stream":false,"options":{"top_k":7})"));
  const auto sampling = house.engine->last_request().sampling;
  EXPECT_FLOAT_EQ(sampling.temperature, 0.8f);
  EXPECT_EQ(sampling.top_k, 7);
  EXPECT_FLOAT_EQ(sampling.top_p, 0.9f);
}

TEST(OllamaRoutes, WithoutAPromptTheModelIsOnlyLoaded) {
  SpeakingServer house("abc");
  const Json loaded = json_of(house.ask("POST", "/api/generate", R"({"model":"speaker"})").body);
  EXPECT_EQ(loaded.find("done_reason")->as_string(), "load");
  const Json unloaded =
      json_of(house.ask("POST", "/api/chat", R"({"model":"speaker","messages":[],"keep_alive":0})").body);
  EXPECT_EQ(unloaded.find("done_reason")->as_string(), "unload");
  EXPECT_EQ(house.engine->n_submitted(), 0u);
}

TEST(OllamaRoutes, ALongConversationLosesItsOldestTurnsAndSaysSo) {
  SpeakingServer house("abc<|im_end|>", {}, /*context=*/150);
  const std::string messages = R"([{"role":"system","content":"S"},{"role":"user","content":")" +
                               std::string(100, 'x') +
                               R"("},{"role":"assistant","content":"A"},{"role":"user","content":"hi"}])";
  const std::string body = R"({"model":"speaker","stream":false,"messages":)" + messages;
  const HttpAnswer cut = house.ask("POST", "/api/chat", body + "}");
  ASSERT_EQ(cut.status, 200) << cut.body;
  EXPECT_EQ(cut.header("x-truncated-messages"), "2");
  EXPECT_EQ(house.last_prompt(),
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
  const HttpAnswer refused = house.ask("POST", "/api/chat", body + R"(,"truncate":false})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(error_of(refused).find("150"), std::string::npos);
  EXPECT_EQ(house.ask("POST", "/api/chat", body + R"(,"options":{"num_ctx":20}})").status, 400);
}

TEST(OllamaRoutes, NumCtxBoundsPromptAndAnswerTogether) {
  SpeakingServer house("abc");
  house.script.endless = true;
  const Json answer =
      json_of(house.ask("POST", "/api/chat", chat_body(R"("stream":false,"options":{"num_ctx":60})")).body);
  EXPECT_EQ(answer.find("done_reason")->as_string(), "length");
  EXPECT_EQ(answer.find("prompt_eval_count")->as_integer() + answer.find("eval_count")->as_integer(), 60);
}

TEST(OllamaRoutes, AnErrorInTheMiddleIsALine) {
  SpeakingServer house("half");
  house.script.error = base::Error{base::Code::internal, "the disk is gone"};
  const HttpAnswer answer = house.ask("POST", "/api/chat", chat_body());
  EXPECT_EQ(answer.status, 200);
  const auto lines = lines_of(answer.body);
  EXPECT_EQ(lines.back().find("error")->as_string(), "something went wrong inside the server");
}

TEST(OllamaRoutes, TellsWhatThereIs) {
  SpeakingServer house("x", with_library());
  EXPECT_EQ(house.ask("GET", "/").body, "Ollama is running");
  EXPECT_TRUE(json_of(house.ask("GET", "/api/version").body).find("version")->is_string());
  const Json tags = json_of(house.ask("GET", "/api/tags").body);
  const Json::Array& models = tags.find("models")->as_array();
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0].find("name")->as_string(), "speaker:latest");
  EXPECT_EQ(models[0].find("details")->find("parameter_size")->as_string(), "134.52M");
  EXPECT_EQ(models[0].find("digest")->as_string().size(), 64u);
  EXPECT_EQ(models[1].find("name")->as_string(), "stored:latest");
  const Json ps = json_of(house.ask("GET", "/api/ps").body);
  ASSERT_EQ(ps.find("models")->as_array().size(), 1u);
  EXPECT_EQ(ps.find("models")->as_array()[0].find("context_length")->as_integer(), 4096);
  const Json shown = json_of(house.ask("POST", "/api/show", R"({"model":"speaker"})").body);
  EXPECT_EQ(shown.find("template")->as_string(), SpeakingServer::kTemplate);
  EXPECT_EQ(shown.find("model_info")->find("llama.context_length")->as_integer(), 2048);
  EXPECT_EQ(shown.find("capabilities")->write(), R"(["completion","thinking"])");
}

TEST(OllamaRoutes, ErrorsAreATextWhoeverFindsThem) {
  SpeakingServer house("x");
  EXPECT_EQ(house.ask("POST", "/api/chat", chat_body("", "other")).status, 404);
  EXPECT_NE(error_of(house.ask("POST", "/api/show", R"({"model":"other"})")).find("'other' not found"),
            std::string::npos);
  EXPECT_EQ(house.ask("GET", "/api/chat").status, 405);
  EXPECT_NE(error_of(house.ask("GET", "/api/nowhere")), "");
  EXPECT_NE(error_of(house.ask("POST", "/api/chat", "{")), "");
  EXPECT_EQ(error_of(house.ask("POST", "/api/embed", R"({"model":"speaker","input":"x"})")),
            "model 'speaker' has no embeddings");
  EXPECT_EQ(house.ask("POST", "/api/push", R"({"model":"speaker"})").status, 400);
  EXPECT_EQ(house.ask("HEAD", "/api/blobs/sha256:0").status, 404);
}

TEST(OllamaRoutes, AnAliasHasSettingsOfItsOwnInEveryDialect) {
  SpeakingServer house("one two<|im_end|>");
  const HttpAnswer made = house.ask(
      "POST", "/api/create",
      R"({"model":"terse","from":"speaker:latest","system":"be terse","parameters":{"temperature":0.1,"stop":"two"}})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(lines_of(made.body).back().find("status")->as_string(), "success");
  const Json answer = json_of(house
                                  .ask("POST", "/v1/chat/completions",
                                       R"({"model":"terse","messages":[{"role":"user","content":"hi"}]})")
                                  .body);
  EXPECT_EQ(answer.find("choices")->as_array()[0].find("message")->find("content")->as_string(), "one ");
  EXPECT_TRUE(house.last_prompt().starts_with("<|im_start|>system\nbe terse<|im_end|>"));
  EXPECT_FLOAT_EQ(house.engine->last_request().sampling.temperature, 0.1f);
  const Json shown = json_of(house.ask("POST", "/api/show", R"({"model":"terse"})").body);
  EXPECT_EQ(shown.find("system")->as_string(), "be terse");
  EXPECT_EQ(shown.find("details")->find("parent_model")->as_string(), "speaker");
  EXPECT_EQ(house.ask("POST", "/api/copy", R"({"source":"terse","destination":"terser"})").status, 200);
  EXPECT_EQ(house.ask("DELETE", "/api/delete", R"({"model":"terser:latest"})").status, 200);
  EXPECT_EQ(house.ask("POST", "/api/show", R"({"model":"terser"})").status, 404);
}

TEST(OllamaRoutes, AnAliasMayHaveASeedAndAContextOfItsOwnHere) {
  SpeakingServer house("abc");
  house.script.endless = true;
  ASSERT_EQ(house
                .ask("POST", "/api/create",
                     R"({"model":"small","from":"speaker","parameters":{"num_ctx":60,"seed":7}})")
                .status,
            200);
  const Json answer = json_of(house.ask("POST", "/api/chat", chat_body(R"("stream":false)", "small")).body);
  EXPECT_EQ(answer.find("prompt_eval_count")->as_integer() + answer.find("eval_count")->as_integer(), 60);
  EXPECT_EQ(house.engine->last_request().sampling.seed, 7u);
  house.ask("POST", "/api/chat", chat_body(R"("stream":false,"options":{"seed":8,"num_ctx":70})", "small"));
  EXPECT_EQ(house.engine->last_request().sampling.seed, 8u);
}

TEST(OllamaRoutes, AModelIsNeitherReplacedByAnAliasNorDeletedUnlessItLiesInTheStore) {
  SpeakingServer house("x", with_library());
  EXPECT_EQ(house.ask("POST", "/api/create", R"({"model":"speaker","from":"speaker"})").status, 409);
  EXPECT_EQ(house.ask("POST", "/api/create", R"({"model":"a","from":"other"})").status, 404);
  EXPECT_EQ(house.ask("DELETE", "/api/delete", R"({"model":"speaker"})").status, 409);
  EXPECT_EQ(house.ask("DELETE", "/api/delete", R"({"model":"stored"})").status, 200);
  EXPECT_EQ(house.ask("DELETE", "/api/delete", R"({"model":"../stored"})").status, 404);
  EXPECT_EQ(house.ask("POST", "/api/chat", chat_body()).status, 200);
}

TEST(OllamaRoutes, PullTellsItsProgressAndOffersTheModel) {
  SpeakingServer house("x", with_library());
  const auto lines = lines_of(house.ask("POST", "/api/pull", R"({"model":"known"})").body);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines.back().find("status")->as_string(), "success");
  EXPECT_EQ(lines[lines.size() - 2].find("completed")->as_integer(), 10);
  EXPECT_TRUE(house.models.describe("known"));
  EXPECT_EQ(lines_of(house.ask("POST", "/api/pull", R"({"model":"broken"})").body)
                .back()
                .find("error")
                ->as_string(),
            "cannot write '(a path)': no room at (a path), and/or no right");
  EXPECT_EQ(house.ask("POST", "/api/pull", R"({"model":"known","stream":false})").body,
            R"({"status":"success"})");
  for (const char* name : {"/etc/passwd", "http://x.example/a", "stored"})
    EXPECT_EQ(house.ask("POST", "/api/pull", R"({"model":")" + std::string(name) + R"("})").status, 404)
        << name;
}

}  // namespace
}  // namespace api::ollama
