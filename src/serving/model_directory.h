#pragma once
// The models that are being served, by name. Any thread.
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serving/served_model.h"

namespace serving {

class ModelDirectory {
 public:
  using Shared = std::shared_ptr<const ServedModel>;

  // From now on these are served, and the directory is ready.
  void set(std::vector<Shared> models);
  bool is_ready() const;
  std::vector<Shared> all() const;
  // By its id, also with ":latest" behind it. Null if there is none of that name.
  Shared find(std::string_view id) const;

 private:
  mutable std::mutex mutex_;
  bool ready_ = false;
  std::vector<Shared> models_;
};

}  // namespace serving
