#include "serving/model_directory.h"

#include <algorithm>
#include <utility>

namespace serving {

void ModelDirectory::set(std::vector<Shared> models) {
  std::lock_guard lock(mutex_);
  models_ = std::move(models);
  ready_ = true;
}

bool ModelDirectory::is_ready() const {
  std::lock_guard lock(mutex_);
  return ready_;
}

std::vector<ModelDirectory::Shared> ModelDirectory::all() const {
  std::lock_guard lock(mutex_);
  return models_;
}

void ModelDirectory::put(Shared model) {
  std::lock_guard lock(mutex_);
  const auto same = std::find_if(models_.begin(), models_.end(),
                                 [&](const Shared& other) { return other->id == model->id; });
  if (same != models_.end())
    *same = std::move(model);
  else
    models_.push_back(std::move(model));
}

bool ModelDirectory::remove(std::string_view id) {
  Shared removed;  // outlives the lock: its end may take a while
  std::lock_guard lock(mutex_);
  const auto at = position(id);
  if (at == models_.end()) return false;
  removed = *at;
  models_.erase(at);
  return true;
}

ModelDirectory::Shared ModelDirectory::find(std::string_view id) const {
  std::lock_guard lock(mutex_);
  const auto at = position(id);
  return at == models_.end() ? nullptr : *at;
}

std::vector<ModelDirectory::Shared>::const_iterator ModelDirectory::position(std::string_view id) const {
  static constexpr std::string_view kTag = ":latest";
  const auto of_id = [&] {
    return std::find_if(models_.begin(), models_.end(), [&](const Shared& model) { return model->id == id; });
  };
  const auto exact = of_id();
  if (exact != models_.end() || !id.ends_with(kTag)) return exact;
  id.remove_suffix(kTag.size());
  return of_id();
}

}  // namespace serving
