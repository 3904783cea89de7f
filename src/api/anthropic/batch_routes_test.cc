// Message batches over loopback.
#include "api/anthropic/batch_routes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/strings.h"
#include "tests/support/speaking_server.h"

namespace api::anthropic {
namespace {

using base::Json;
using tests::json_of;
using tests::SpeakingServer;

constexpr const char* kBatches = "/v1/messages/batches";

std::string request(const std::string& id, const std::string& text = "hi",
                    const std::string& model = "speaker") {
  return R"({"custom_id":")" + id + R"(","params":{"model":")" + model +
         R"(","max_tokens":9,"messages":[{"role":"user","content":")" + text + R"("}]}})";
}

std::string made(const SpeakingServer& house, const std::string& requests, std::string_view headers = "") {
  const auto answer = house.ask("POST", kBatches, R"({"requests":[)" + requests + "]}", headers);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return base::cat(kBatches, "/", json_of(answer.body).find("id")->as_string());
}

Json when_ended(const SpeakingServer& house, const std::string& path, std::string_view headers = "") {
  for (int i = 0; i < 500; ++i) {
    const Json batch = json_of(house.ask("GET", path, "", headers).body);
    if (batch.find("processing_status")->as_string() == "ended") return batch;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << path << " does not end";
  return {};
}

TEST(Batches, EachRequestHasItsResult) {
  SpeakingServer house("yes<|im_end|>");
  std::string requests = request("a");
  for (int i = 0; i < 10; ++i) requests += "," + request(base::cat("more-", i));
  requests += "," + request("wrong", "hi", "no-such-model") + "," + request("complains", "complain");
  const std::string path = made(house, requests);
  const Json batch = when_ended(house, path);
  EXPECT_EQ(batch.find("request_counts")->write(),
            R"({"processing":0,"succeeded":11,"errored":2,"canceled":0,"expired":0})");
  const auto results = house.ask("GET", path + "/results");
  const Json first = json_of(results.body.substr(0, results.body.find('\n')));
  EXPECT_EQ(first.find("custom_id")->as_string(), "a");
  EXPECT_EQ(first.find("result")->find("message")->find("content")->write(),
            R"([{"type":"text","text":"yes"}])");
  EXPECT_NE(results.body.find(R"("custom_id":"wrong","result":{"type":"errored","error":{"type":"error")"),
            std::string::npos);
  EXPECT_EQ(json_of(house.ask("GET", kBatches).body).find("data")->as_array().size(), 1u);
  EXPECT_EQ(house.ask("DELETE", path).status, 200);
  EXPECT_EQ(house.ask("GET", path).status, 404);
}

TEST(Batches, CancelingEndsWhatRunsAndWhatWaits) {
  SpeakingServer house("on and on ");
  house.script.endless = true;
  house.script.gap = std::chrono::milliseconds(5);
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += base::cat(
        i ? "," : "", R"({"custom_id":"r)", i,
        R"(","params":{"model":"speaker","max_tokens":100000,"messages":[{"role":"user","content":"x"}]}})");
  const std::string path = made(house, requests);
  EXPECT_EQ(house.ask("GET", path + "/results").status, 400);
  EXPECT_EQ(house.ask("DELETE", path).status, 400);
  EXPECT_EQ(json_of(house.ask("POST", path + "/cancel").body).find("processing_status")->as_string(),
            "canceling");
  EXPECT_EQ(when_ended(house, path).find("request_counts")->find("canceled")->as_integer(), 20);
  EXPECT_TRUE(house.engine->becomes_idle_within(std::chrono::milliseconds(5000)));
}

TEST(Batches, AFullQueueIsWaitedFor) {
  SpeakingServer house("yes<|im_end|>", {}, 4096, /*max_queued=*/1);
  house.script.gap = std::chrono::milliseconds(5);
  const std::string path = made(house, request("a") + "," + request("b") + "," + request("c"));
  EXPECT_EQ(when_ended(house, path).find("request_counts")->find("succeeded")->as_integer(), 3);
}

TEST(Batches, AreSeenByTheirOwnerAlone) {
  SpeakingServer house("yes<|im_end|>", {.keys = {"one", "two"}});
  const std::string one = "x-api-key: one\r\n", two = "x-api-key: two\r\n";
  const std::string path = made(house, request("a"), one);
  when_ended(house, path, one);
  EXPECT_EQ(house.ask("GET", path, "", "authorization: Bearer one\r\n").status, 200);
  EXPECT_EQ(house.ask("GET", path, "", two).status, 404);
  EXPECT_EQ(house.ask("GET", path + "/results", "", two).status, 404);
  EXPECT_EQ(house.ask("DELETE", path, "", two).status, 404);
  EXPECT_EQ(json_of(house.ask("GET", kBatches, "", two).body).find("data")->as_array().size(), 0u);
}

TEST(Batches, RequestsAreCheckedByTheirPlace) {
  SpeakingServer house("x");
  const auto refused = [&](const std::string& requests) {
    const auto answer = house.ask("POST", kBatches, R"({"requests":[)" + requests + "]}");
    EXPECT_EQ(answer.status, 400);
    return json_of(answer.body).find("error")->find("message")->as_string();
  };
  EXPECT_NE(refused("").find("'requests'"), std::string::npos);
  EXPECT_NE(refused(request("a") + "," + request("a")).find("'requests[1].custom_id'"), std::string::npos);
  EXPECT_NE(refused(request("a b")).find("'requests[0].custom_id'"), std::string::npos);
  EXPECT_NE(refused(R"({"custom_id":"a"})").find("'requests[0].params'"), std::string::npos);
}

TEST(Batches, TheServerEndsWithABatchUnderWay) {
  SpeakingServer house("on and on ");
  house.script.endless = true;
  house.script.gap = std::chrono::milliseconds(1);
  made(
      house,
      R"({"custom_id":"a","params":{"model":"speaker","max_tokens":100000,"messages":[{"role":"user","content":"x"}]}})");
}

}  // namespace
}  // namespace api::anthropic
