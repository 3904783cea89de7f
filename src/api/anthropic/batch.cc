#include "api/anthropic/batch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "api/common/field_reader.h"
#include "api/common/timestamp.h"
#include "base/strings.h"

namespace api::anthropic {
namespace {

using base::Json;

constexpr size_t kMostIdBytes = 64;

bool is_custom_id(const std::string& id) {
  return !id.empty() && id.size() <= kMostIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Json time_or_null(const std::optional<int64_t>& seconds) {
  return seconds ? Json(rfc3339(*seconds)) : Json();
}

int64_t count(const Batch& batch, ItemState state) {
  return std::count_if(batch.items.begin(), batch.items.end(),
                       [&](const BatchItem& item) { return item.state == state; });
}

// All are in process until the whole batch has ended.
Json counts_json(const Batch& batch) {
  const bool ended = batch.ended_at.has_value();
  Json out(Json::Object{});
  out.set("processing", ended ? 0 : batch.items.size());
  out.set("succeeded", ended ? count(batch, ItemState::succeeded) : 0);
  out.set("errored", ended ? count(batch, ItemState::errored) : 0);
  out.set("canceled", ended ? count(batch, ItemState::canceled) : 0);
  out.set("expired", 0);
  return out;
}

const char* status_of(const Batch& batch) {
  if (batch.ended_at) return "ended";
  return batch.cancel_initiated_at ? "canceling" : "in_progress";
}

}  // namespace

Parsed<std::vector<BatchItem>> read_batch_items(const Json& body) {
  FieldReader reader(body);
  const Json* requests = reader.any("requests");
  if (!requests || !requests->is_array() || requests->as_array().empty() ||
      requests->as_array().size() > kMostBatchItems) {
    reader.wrong("requests", base::cat("has to be an array of 1 to ", kMostBatchItems, " requests"));
    return std::unexpected(*reader.error());
  }
  std::vector<BatchItem> out;
  std::set<std::string> seen;
  for (size_t i = 0; i < requests->as_array().size(); ++i) {
    const Json& request = requests->as_array()[i];
    const std::string place = base::cat("requests[", i, "]");
    const Json* id = request.find("custom_id");
    const Json* params = request.find("params");
    if (!id || !id->is_string() || !is_custom_id(id->as_string()))
      reader.wrong(place + ".custom_id", "has to have 1 to 64 letters, digits, _ and -");
    else if (!seen.insert(id->as_string()).second)
      reader.wrong(place + ".custom_id", "is there twice");
    else if (!params || !params->is_object())
      reader.wrong(place + ".params", "has to be an object");
    if (reader.error()) return std::unexpected(*reader.error());
    out.push_back({.custom_id = id->as_string(), .params = *params});
  }
  return out;
}

Json batch_json(const Batch& batch) {
  Json out(Json::Object{});
  out.set("id", batch.id);
  out.set("type", "message_batch");
  out.set("processing_status", status_of(batch));
  out.set("request_counts", counts_json(batch));
  out.set("created_at", rfc3339(batch.created_at));
  out.set("expires_at", rfc3339(batch.created_at + kBatchSeconds));
  out.set("ended_at", time_or_null(batch.ended_at));
  out.set("cancel_initiated_at", time_or_null(batch.cancel_initiated_at));
  out.set("archived_at", Json());
  out.set("results_url",
          batch.ended_at ? Json(base::cat("/v1/messages/batches/", batch.id, "/results")) : Json());
  return out;
}

std::string results_of(const Batch& batch) {
  std::string out;
  for (const BatchItem& item : batch.items)
    out +=
        base::cat(R"({"custom_id":)", base::json_quote(item.custom_id), R"(,"result":)", item.result, "}\n");
  return out;
}

}  // namespace api::anthropic
