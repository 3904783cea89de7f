#include "serving/model_directory.h"

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

ModelDirectory::Shared ModelDirectory::find(std::string_view id) const {
  static constexpr std::string_view kTag = ":latest";
  std::lock_guard lock(mutex_);
  for (const Shared& model : models_)
    if (model->id == id) return model;
  if (!id.ends_with(kTag)) return nullptr;
  id.remove_suffix(kTag.size());
  for (const Shared& model : models_)
    if (model->id == id) return model;
  return nullptr;
}

}  // namespace serving
