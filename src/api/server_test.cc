#include "api/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "api/page/routes.h"
#include "base/json.h"
#include "tests/support/byte_tokenizer.h"
#include "tests/support/http_client.h"
#include "tests/support/scripted_engine.h"

namespace api {
namespace {

using base::Json;
using std::chrono::milliseconds;
using tests::ByteTokenizer;
using tests::HttpAnswer;
using tests::HttpClient;
using tests::ScriptedEngine;

constexpr std::string_view kTemplate =
    "{% for message in messages %}{% if message.content == 'complain' %}{{ raise_exception('roles must "
    "alternate') }}"
    "{% endif %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor "
    "%}<|im_start|>assistant\n"
    "{% if enable_thinking %}<think>\n{% endif %}";

// A server with one model, "speaker", that says what `script` holds.
struct House {
  explicit House(std::string text, ServerOptions options = {}, int64_t context = 4096,
                 size_t max_queued = 1000) {
    script.tokens = tests::tokens_of(tokenizer, text);
    engine.emplace([this](const engine::Request&) { return script; }, context, max_queued);
    auto parsed = chat::Template::parse(kTemplate);
    EXPECT_TRUE(parsed);
    chat_template.emplace(std::move(*parsed));
    options.port = 0;
    auto started = Server::start(options, models);
    EXPECT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  ~House() { server.reset(); }

  House& ready() {
    auto model = std::make_shared<serving::ServedModel>();
    model->id = "speaker";
    model->created = 1700000000;
    model->tokenizer = &tokenizer;
    if (with_template) model->chat_template = &*chat_template;
    model->engine = &*engine;
    model->stop_ids = {ByteTokenizer::kEnd};
    model->n_ids = tokenizer.size();
    EXPECT_TRUE(models.put(model));
    models.set_ready();
    return *this;
  }
  HttpClient client() const { return HttpClient(server->port()); }
  HttpAnswer chat(const std::string& more = "", const std::string& text = "hi") {
    return client().ask("POST", "/v1/chat/completions", chat_body(more, text));
  }
  static std::string chat_body(const std::string& more = "", const std::string& text = "hi") {
    return R"({"model":"speaker","messages":[{"role":"user","content":)" + base::json_quote(text) + "}]" +
           (more.empty() ? "" : "," + more) + "}";
  }
  HttpAnswer completion(const std::string& more) {
    return client().ask("POST", "/v1/completions", R"({"model":"speaker",)" + more + "}");
  }

  ByteTokenizer tokenizer;
  ScriptedEngine::Script script;
  bool with_template = true;
  std::optional<ScriptedEngine> engine;
  std::optional<chat::Template> chat_template;
  serving::ModelDirectory models;
  std::unique_ptr<Server> server;
};

Json json_of(const HttpAnswer& answer) {
  auto parsed = Json::parse(answer.body);
  EXPECT_TRUE(parsed) << answer.body;
  return parsed ? *parsed : Json();
}

// {"error": ...}, with all four members there.
Json error_of(const HttpAnswer& answer) {
  const Json body = json_of(answer);
  const Json* error = body.find("error");
  EXPECT_TRUE(error) << answer.body;
  if (!error) return Json(Json::Object{});
  for (const char* name : {"message", "type", "param", "code"}) EXPECT_TRUE(error->find(name)) << name;
  EXPECT_FALSE(answer.header("x-request-id").empty());
  return *error;
}

std::string message_of(const HttpAnswer& answer) {
  return json_of(answer).find("choices")->as_array()[0].find("message")->find("content")->as_string();
}

// The text of a stream put together, and a look at each piece.
std::string streamed_text(const HttpAnswer& answer, const char* field = "content") {
  std::string out;
  for (const std::string& data : tests::events_of(answer.body)) {
    if (data == "[DONE]") continue;
    const Json chunk = *Json::parse(data);
    for (const Json& choice : chunk.find("choices")->as_array()) {
      const Json* delta = choice.find("delta");
      const Json* piece = delta ? delta->find(field) : choice.find("text");
      if (piece && piece->is_string()) out += piece->as_string();
    }
  }
  return out;
}

TEST(ApiServer, IsHealthyOnceAModelIsThere) {
  House house("x");
  for (const char* path : {"/health", "/ready", "/v1/health/ready"})
    EXPECT_EQ(house.client().ask("GET", path).status, 503) << path;
  EXPECT_EQ(house.client().ask("GET", "/v1/health/live").status, 200);
  const HttpAnswer early = house.chat();
  EXPECT_EQ(early.status, 503);
  EXPECT_FALSE(early.header("retry-after").empty());
  EXPECT_EQ(house.client().ask("GET", "/v1/models").status, 503);
  house.ready();
  for (const std::string_view path : kOpenPaths)
    EXPECT_EQ(house.client().ask("GET", std::string(path)).status, 200) << path;
}

TEST(ApiServer, WhileItEndsItIsAliveNotReadyAndTakesNothingNew) {
  House house("x");
  house.script.endless = true;
  house.script.gap = std::chrono::microseconds(1000);
  house.ready();
  HttpClient running = house.client();
  running.send(HttpClient::request("POST", "/v1/chat/completions", House::chat_body(R"("stream":true)")));
  EXPECT_EQ(running.receive_head().status, 200);
  std::thread ending([&] { house.server->shutdown(milliseconds(3000)); });
  int status = 200;
  for (int i = 0; i < 200 && status == 200; ++i) {
    status = house.client().ask("GET", "/ready").status;
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(status, 503);
  EXPECT_EQ(house.client().ask("GET", "/v1/health/ready").status, 503);
  EXPECT_EQ(house.client().ask("GET", "/v1/health/live").status, 200);
  const HttpAnswer refused = house.chat();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(error_of(refused).find("code")->as_string(), "shutting_down");
  running.leave();
  ending.join();
}

TEST(ApiServer, ListsItsModels) {
  House house("x");
  house.ready();
  const Json list = json_of(house.client().ask("GET", "/v1/models"));
  const Json& card = list.find("data")->as_array().at(0);
  EXPECT_EQ(card.find("id")->as_string(), "speaker");
  EXPECT_EQ(card.find("max_model_len")->as_integer(), 4096);
  EXPECT_EQ(json_of(house.client().ask("GET", "/v1/models/speaker")), card);
  EXPECT_EQ(error_of(house.client().ask("GET", "/v1/models/other")).find("code")->as_string(),
            "model_not_found");
  // Anthropic's clients ask at the same place, for other members.
  EXPECT_EQ(card.find("type")->as_string(), "model");
  EXPECT_EQ(card.find("created_at")->as_string(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(list.find("first_id")->as_string(), "speaker");
  const HttpAnswer missing =
      house.client().ask("GET", "/v1/models/other", "", "anthropic-version: 2023-06-01\r\n");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(json_of(missing).find("error")->find("type")->as_string(), "not_found_error");
}

TEST(ApiServer, AnswersAChatWhole) {
  House house("Hello 안녕<|im_end|>");
  const HttpAnswer answer = house.ready().chat();
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(message_of(answer), "Hello 안녕");
  const Json reply = json_of(answer);
  EXPECT_EQ(reply.find("object")->as_string(), "chat.completion");
  EXPECT_EQ(reply.find("usage")->find("completion_tokens")->as_integer(), 13);
  EXPECT_EQ(house.engine->last_request().prompt[0], ByteTokenizer::kStart);
}

TEST(ApiServer, StreamsTheSameTextAndNeverHalfACharacter) {
  const std::string text = "한국어 日本語 bahasa Melayu 👩‍👩‍👧 fin";
  House house(text + "<|im_end|>");
  house.ready();
  const HttpAnswer answer = house.chat(R"("stream":true)");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.header("content-type").starts_with("text/event-stream"));
  EXPECT_TRUE(answer.body.starts_with(":"));  // a comment at once
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(streamed_text(answer), text);
  EXPECT_EQ(answer.body.find("\xEF\xBF\xBD"), std::string::npos);
  EXPECT_EQ(message_of(house.chat()), text);
}

TEST(ApiServer, StopStringsAreObeyedWhereverTheyAreCutStreamedAndWhole) {
  House house("one 멈춤<stop> two<|im_end|>");
  house.ready();
  for (const char* stop : {"멈춤<stop>", "춤<", "<stop>", "op> t", " two"}) {
    const std::string more = R"("stop":)" + base::json_quote(stop);
    const std::string whole = message_of(house.chat(more));
    const std::string full = "one 멈춤<stop> two";
    EXPECT_EQ(whole, full.substr(0, full.find(stop)));
    EXPECT_EQ(streamed_text(house.chat(more + R"(,"stream":true)")), whole);
    EXPECT_EQ(streamed_text(house.completion(R"("prompt":"x","max_tokens":100,"stream":true,)" + more)),
              whole);
  }
}

TEST(ApiServer, ThoughtsGoToReasoningContent) {
  House house("thinking</think>answer<|im_end|>");
  house.ready();
  const std::string more = R"("chat_template_kwargs":{"enable_thinking":true})";
  const Json reply = json_of(house.chat(more));
  const Json& message = *reply.find("choices")->as_array()[0].find("message");
  EXPECT_EQ(message.find("reasoning_content")->as_string(), "thinking");
  EXPECT_EQ(message.find("content")->as_string(), "answer");
  const HttpAnswer streamed = house.chat(more + R"(,"stream":true)");
  EXPECT_EQ(streamed_text(streamed, "reasoning_content"), "thinking");
  EXPECT_EQ(streamed_text(streamed), "answer");
}

TEST(ApiServer, CompletionsTakeTextIdsAndLists) {
  House house("abc");
  house.ready();
  const Json one = json_of(house.completion(R"("prompt":"x<|im_start|>")"));
  EXPECT_EQ(one.find("choices")->as_array()[0].find("text")->as_string(), "abc");
  EXPECT_EQ(house.engine->last_request().prompt,
            (std::vector<int32_t>{ByteTokenizer::kBos, 'x', ByteTokenizer::kStart}));
  EXPECT_EQ(house.completion(R"("prompt":[1,2])").status, 200);
  EXPECT_EQ(house.engine->last_request().prompt, (std::vector<int32_t>{1, 2}));
  const Json many = json_of(house.completion(R"("prompt":["x","y"],"seed":5)"));
  EXPECT_EQ(many.find("choices")->as_array().size(), 2u);
  EXPECT_EQ(many.find("choices")->as_array()[1].find("index")->as_integer(), 1);
  EXPECT_EQ(house.engine->last_request().sampling.seed, 6u);
  const HttpAnswer wrong = house.completion(R"("prompt":[1,99999])");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(error_of(wrong).find("param")->as_string(), "prompt");
}

TEST(ApiServer, ErrorsHaveOpenAisShapeAndStatus) {
  House house("x", {}, /*context=*/64);
  house.ready();
  HttpClient client = house.client();
  const auto ask = [&](const std::string& body) { return client.ask("POST", "/v1/chat/completions", body); };
  EXPECT_EQ(ask("{nonsense").status, 400);
  const HttpAnswer unknown = ask(R"({"model":"other","messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(error_of(unknown).find("code")->as_string(), "model_not_found");
  const HttpAnswer wrong = ask(House::chat_body(R"("temperature":"hot")"));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(error_of(wrong).find("param")->as_string(), "temperature");
  const HttpAnswer tools = ask(House::chat_body(R"("tools":[{"type":"function"}])"));
  EXPECT_EQ(tools.status, 400);
  EXPECT_EQ(error_of(tools).find("param")->as_string(), "tools");
  const HttpAnswer long_one = ask(House::chat_body("", std::string(100, 'x')));
  EXPECT_EQ(long_one.status, 400);
  EXPECT_EQ(error_of(long_one).find("code")->as_string(), "context_length_exceeded");
  EXPECT_NE(error_of(long_one).find("message")->as_string().find("64"), std::string::npos);
  const HttpAnswer complaint = ask(House::chat_body("", "complain"));
  EXPECT_EQ(complaint.status, 400);
  EXPECT_EQ(error_of(complaint).find("message")->as_string(), "roles must alternate");
  EXPECT_EQ(error_of(client.ask("GET", "/nowhere")).find("code")->as_string(), "not_found");
  EXPECT_EQ(client.ask("GET", "/v1/completions").status, 405);
  EXPECT_EQ(ask(House::chat_body()).status, 200);  // all over one connection
}

TEST(ApiServer, ChatOnAModelWithoutTemplateNamesTheWayOut) {
  House house("x");
  house.with_template = false;
  const HttpAnswer answer = house.ready().chat();
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(error_of(answer).find("message")->as_string().find("--chat-template"), std::string::npos);
  EXPECT_EQ(house.completion(R"("prompt":"x")").status, 200);
}

TEST(ApiServer, AFullQueueIsA503ThatSaysWhenToComeBack) {
  House house("x", {}, 4096, /*max_queued=*/0);
  const HttpAnswer answer = house.ready().chat();
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.header("retry-after").empty());
  EXPECT_TRUE(error_of(answer).find("param")->is_null());
}

TEST(ApiServer, FieldsWithoutEffectAreListed) {
  House house("x");
  house.ready();
  EXPECT_EQ(house.chat(R"("user":"u","foo":1,"chat_template_kwargs":{"bar":1})").header("x-ignored-fields"),
            "user, foo, chat_template_kwargs.bar");
  EXPECT_EQ(house.chat(R"("a\r\nset-cookie: b":1,"stream":true)").header("x-ignored-fields"),
            "a??set-cookie: b");
  EXPECT_EQ(house.chat().header("x-ignored-fields"), "");
}

TEST(ApiServer, LogprobsComeWithTheirBytes) {
  House house("é<|im_end|>");
  const Json reply = json_of(house.ready().chat(R"("logprobs":true,"top_logprobs":2)"));
  const Json& content = *reply.find("choices")->as_array()[0].find("logprobs")->find("content");
  ASSERT_EQ(content.as_array().size(), 2u);
  EXPECT_EQ(content.as_array()[0].find("bytes")->write(), "[195]");
}

TEST(ApiServer, EveryRouteButHealthAndThePageNeedsTheKey) {
  ServerOptions options;
  options.keys = {"sk-secret"};
  House house("x", std::move(options));
  house.ready();
  for (const http::Route& route : house.server->router().routes()) {
    std::string path = route.pattern;
    if (const size_t brace = path.find('{'); brace != std::string::npos) path = path.substr(0, brace) + "x";
    const HttpAnswer answer = house.client().ask(route.method, path);
    if (std::ranges::find(kOpenPaths, path) != kOpenPaths.end() || page::is_static(path)) {
      EXPECT_EQ(answer.status, 200);
      continue;
    }
    EXPECT_EQ(answer.status, 401) << path;
    EXPECT_NE(answer.body.find("a valid API key is needed"), std::string::npos) << path;
    EXPECT_EQ(house.client().ask(route.method, path, "", "Authorization: Bearer wrong\r\n").status, 401);
    EXPECT_NE(house.client().ask(route.method, path, "", "Authorization: Bearer sk-secret\r\n").status, 401);
    EXPECT_NE(house.client().ask(route.method, path, "", "X-API-Key: sk-secret\r\n").status, 401);
  }
  EXPECT_EQ(error_of(house.client().ask("GET", "/nowhere")).find("code")->as_string(), "invalid_api_key");
}

TEST(ApiServer, CallersWithDifferentKeysShareNoPrompt) {
  ServerOptions options;
  options.keys = {"sk-one", "sk-two"};
  House house("x", std::move(options));
  house.ready();
  std::set<std::string> salts;
  for (const char* key : {"sk-one", "sk-two", "sk-one"})
    for (const char* salt : {"", R"(,"cache_salt":"s")"}) {
      const std::string body = R"({"model":"speaker","prompt":"a")" + std::string(salt) + "}";
      house.client().ask("POST", "/v1/completions", body,
                         "Authorization: Bearer " + std::string(key) + "\r\n");
      salts.insert(house.engine->last_request().cache_salt);
    }
  EXPECT_EQ(salts.size(), 4u);
}

TEST(ApiServer, WithoutAKeyPagesOfOtherSitesGetNothing) {
  House house("x");
  house.ready();
  EXPECT_EQ(house.client().ask("GET", "/v1/models", "", "Origin: https://evil.example\r\n").status, 403);
  const HttpAnswer local = house.client().ask("GET", "/v1/models", "", "Origin: http://localhost:3000\r\n");
  EXPECT_EQ(local.status, 200);
  EXPECT_EQ(local.header("access-control-allow-origin"), "http://localhost:3000");
}

TEST(ApiServer, ABrowserMayAskBeforeItSendsAKey) {
  ServerOptions options;
  options.keys = {"sk-secret"};
  House house("x", std::move(options));
  const HttpAnswer answer = house.client().ask(
      "OPTIONS", "/v1/models", "",
      "Origin: http://localhost:3000\r\nAccess-Control-Request-Headers: authorization\r\n");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("access-control-allow-headers"), "authorization");
}

TEST(ApiServer, ShowsABrowserThePageAndOthersWhatOllamasClientsLookFor) {
  ServerOptions options;
  options.keys = {"secret"};
  House house("x", options);
  const HttpAnswer page = house.ready().client().ask("GET", "/", "", "Accept: text/html,*/*\r\n");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.header("content-security-policy").find("default-src 'none'"), std::string::npos);
  // Every file that it names is there, without a key.
  size_t n_files = 0;
  for (size_t at = 0; (at = page.body.find("\"/page/", at)) != std::string::npos; ++n_files) {
    const std::string path = page.body.substr(at + 1, page.body.find('"', at + 1) - at - 1);
    EXPECT_EQ(house.client().ask("GET", path).status, 200) << path;
    at += path.size();
  }
  EXPECT_GE(n_files, 3u);
  EXPECT_EQ(house.client().ask("GET", "/").body, "Ollama is running");
  EXPECT_EQ(house.client().ask("GET", "/page/other.js").status, 401);
  EXPECT_EQ(house.client().ask("GET", "/v1/domicile/status").status, 401);
}

TEST(ApiServer, TellsWhatRuns) {
  House house("x");
  const Json status = json_of(house.ready().client().ask("GET", "/v1/domicile/status"));
  const Json& model = status.find("models")->as_array().at(0);
  EXPECT_EQ(model.find("id")->as_string(), "speaker");
  EXPECT_EQ(model.find("running")->as_integer(), 0);
  EXPECT_TRUE(model.find("decode_limit_tokens_per_second")->is_null());
}

TEST(ApiServer, RefusesToListenToTheWorldWithoutAKey) {
  ServerOptions options;
  options.host = "0.0.0.0";
  options.port = 0;
  serving::ModelDirectory models;
  const auto server = Server::start(options, models);
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("--api-key"), std::string::npos);
  options.keys = {"k"};
  EXPECT_TRUE(Server::start(options, models));
}

TEST(ApiServer, AnErrorInTheMiddleOfAStreamIsAnEvent) {
  House house("abc");
  house.script.error = base::Error{base::Code::internal, "logit is NaN at /home/me/model.gguf"};
  const HttpAnswer streamed = house.ready().chat(R"("stream":true)");
  EXPECT_EQ(streamed.status, 200);
  const auto events = tests::events_of(streamed.body);
  EXPECT_TRUE(Json::parse(events.at(events.size() - 2))->find("error"));
  const HttpAnswer whole = house.chat();
  EXPECT_EQ(whole.status, 500);
  EXPECT_EQ((streamed.body + whole.body).find("/home"), std::string::npos);
}

TEST(ApiServer, HealthAnswersWhileAPromptIsComputed) {
  House house("x<|im_end|>");
  house.script.prefill = milliseconds(500);
  house.ready();
  HttpClient busy = house.client();
  busy.send(HttpClient::request("POST", "/v1/chat/completions", House::chat_body(R"("stream":true)")));
  EXPECT_EQ(busy.receive_head().status, 200);  // headers at once
  EXPECT_TRUE(busy.receive_chunk().starts_with(":"));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(house.client().ask("GET", "/health").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(50));
}

// Streamed, whole, in prefill: whoever leaves stops what he asked for.
TEST(ApiServer, AClientThatLeavesIsCancelled) {
  for (const char* more : {R"("stream":true)", R"("stream":false)"}) {
    House house("x");
    house.script.endless = true;
    house.script.gap = std::chrono::microseconds(1000);
    house.script.prefill = milliseconds(30);
    house.ready();
    HttpClient client = house.client();
    client.send(HttpClient::request("POST", "/v1/chat/completions", House::chat_body(more)));
    while (house.engine->n_submitted() == 0) std::this_thread::yield();
    client.leave();
    EXPECT_TRUE(house.engine->becomes_idle_within(milliseconds(1000))) << more;
    EXPECT_EQ(house.engine->n_cancelled(), 1);
  }
}

TEST(ApiServer, TwoHundredClientsLeaveAtRandomAndNothingStays) {
  House house("some text ");
  house.script.endless = true;
  house.script.gap = std::chrono::microseconds(2000);
  house.ready();
  std::mt19937 random(7);
  std::vector<HttpClient> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(house.client());
    const char* more = random() % 2 ? R"("stream":true)" : R"("stream":false)";
    const std::string request = HttpClient::request("POST", "/v1/chat/completions", House::chat_body(more));
    clients.back().send(random() % 4 ? request : request.substr(0, random() % request.size()));
    if (random() % 3 == 0) clients[random() % clients.size()].leave();
  }
  std::shuffle(clients.begin(), clients.end(), random);
  for (HttpClient& client : clients) client.leave();
  std::this_thread::sleep_for(milliseconds(100));  // let the last of them be read
  EXPECT_TRUE(house.engine->becomes_idle_within(milliseconds(1000)));
  EXPECT_GT(house.engine->n_submitted(), 50u);
  EXPECT_EQ(house.client().ask("GET", "/health").status, 200);
}

TEST(ApiServer, ManyAnswersAtOnceArriveWhole) {
  const std::string text = "the quick brown fox jumps over the lazy dog. ";
  House house(text + text + "<|im_end|>");
  house.ready();
  std::atomic<int> right{0};
  std::vector<std::thread> users;
  for (int i = 0; i < 16; ++i)
    users.emplace_back([&, i] {
      const HttpAnswer answer = house.chat(i % 2 ? R"("stream":true)" : "");
      right += (i % 2 ? streamed_text(answer) : message_of(answer)) == text + text;
    });
  for (std::thread& user : users) user.join();
  EXPECT_EQ(right, 16);
}

TEST(ApiServer, ShutdownLetsRunningAnswersEnd) {
  House house("a long answer<|im_end|>");
  house.script.gap = std::chrono::microseconds(5000);
  house.ready();
  HttpClient client = house.client();
  client.send(HttpClient::request("POST", "/v1/chat/completions", House::chat_body(R"("stream":true)")));
  EXPECT_EQ(client.receive_head().status, 200);
  std::thread stopping([&] { house.server->shutdown(milliseconds(5000)); });
  std::string body, piece;
  while (!(piece = client.receive_chunk()).empty()) body += piece;
  stopping.join();
  EXPECT_EQ(streamed_text({200, "", body}), "a long answer");
  EXPECT_TRUE(body.ends_with("data: [DONE]\n\n"));
}

TEST(ApiServer, ShutdownCutsOffWhatTakesTooLong) {
  House house("x");
  house.script.endless = true;
  house.script.gap = std::chrono::microseconds(1000);
  house.ready();
  HttpClient client = house.client();
  client.send(HttpClient::request("POST", "/v1/chat/completions", House::chat_body(R"("stream":true)")));
  client.receive_head();
  house.server->shutdown(milliseconds(50));
  EXPECT_TRUE(house.engine->becomes_idle_within(milliseconds(1000)));
}

}  // namespace
}  // namespace api
