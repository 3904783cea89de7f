#include "api/ollama/truncation.h"

#include <gtest/gtest.h>

#include "api/ollama/requests.h"

namespace api::ollama {
namespace {

using base::Json;

// A prompt of as many tokens as the contents have bytes.
Parsed<serving::Prompt> by_bytes(const Json& messages) {
  serving::Prompt out;
  for (const Json& one : messages.as_array()) out.text += one.find("content")->as_string();
  out.ids.resize(out.text.size());
  return out;
}

Json conversation() {
  return Json::Array{message("system", "S"), message("user", "aaaa"),      message("assistant", "AA"),
                     message("user", "bbb"), message("assistant", "BBBB"), message("user", "c")};
}

TEST(Truncation, LeavesAloneWhatFits) {
  const auto fitted = fit_conversation(conversation(), 16, 1, by_bytes);
  EXPECT_EQ(fitted->prompt.text, "SaaaaAAbbbBBBBc");
  EXPECT_EQ(fitted->n_dropped, 0u);
}

TEST(Truncation, DropsWholeTurnsFromTheOldestAndKeepsTheSystemMessage) {
  const auto fitted = fit_conversation(conversation(), 15, 1, by_bytes);
  EXPECT_EQ(fitted->prompt.text, "SbbbBBBBc");
  EXPECT_EQ(fitted->n_dropped, 2u);
}

TEST(Truncation, LeavesRoomForTheAnswer) {
  EXPECT_EQ(fit_conversation(conversation(), 12, 3, by_bytes)->prompt.text, "SbbbBBBBc");
  EXPECT_EQ(fit_conversation(conversation(), 12, 4, by_bytes)->prompt.text, "Sc");
}

TEST(Truncation, TheLastTurnStaysWhateverItsLength) {
  const auto fitted = fit_conversation(conversation(), 1, 1, by_bytes);
  EXPECT_EQ(fitted->prompt.text, "Sc");
  EXPECT_EQ(fitted->n_dropped, 4u);
}

TEST(Truncation, FindsTheSameCutAsTryingAllInTurn) {
  Json::Array messages;
  for (int i = 0; i < 30; ++i)
    messages.push_back(message("user", std::string(static_cast<size_t>(1 + i % 7), 'x')));
  const Json all(messages);
  int64_t total = 0;
  for (const Json& one : messages) total += static_cast<int64_t>(one.find("content")->as_string().size());
  for (int64_t limit = 1; limit < total + 2; ++limit) {
    size_t expected = 0;
    int64_t rest = total;
    while (rest >= limit && expected + 1 < messages.size())
      rest -= static_cast<int64_t>(messages[expected++].find("content")->as_string().size());
    EXPECT_EQ(fit_conversation(all, limit, 1, by_bytes)->n_dropped, expected) << limit;
  }
}

}  // namespace
}  // namespace api::ollama
