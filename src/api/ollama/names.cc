#include "api/ollama/names.h"

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include "api/common/field_reader.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace api::ollama {
namespace {

constexpr std::string_view kLatest = ":latest";
constexpr size_t kMaxNameBytes = 128;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string shown_name(const std::string& id) {
  return id.find(':') == std::string::npos ? base::cat(id, kLatest) : id;
}

std::string_view without_latest(std::string_view name) {
  if (name.ends_with(kLatest)) name.remove_suffix(kLatest.size());
  return name;
}

Parsed<std::string> read_model_name(const base::Json& body) {
  FieldReader reader(body);
  auto name = reader.text("model");
  if (!name) name = reader.text("name");
  if (!name || name->empty())
    reader.wrong("model", "is missing: GET /api/tags lists the models that are here");
  if (reader.error()) return std::unexpected(*reader.error());
  return std::move(*name);
}

ApiError no_such_model(const std::string& name) {
  return not_found(
      base::cat("model '", base::printable(name), "' not found: GET /api/tags lists those that are here"),
      "model_not_found");
}

Parsed<SharedModel> find_served(const Environment& environment, const std::string& name,
                                std::optional<serving::KeepAlive> keep_alive) {
  using Acquired = base::Result<SharedModel>;
  serving::ModelDirectory& models = *environment.models;
  if (!models.is_ready()) return std::unexpected(still_loading());
  if (!models.describe(name)) return std::unexpected(no_such_model(name));
  auto promise = std::make_shared<std::promise<Acquired>>();
  auto future = promise->get_future();
  models.acquire(name, [promise](Acquired model) { promise->set_value(std::move(model)); }, keep_alive);
  return from_result(future.get(), nullptr);
}

bool is_alias_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) || std::string_view("._-:/").find(c) != std::string_view::npos;
         });
}

}  // namespace api::ollama
