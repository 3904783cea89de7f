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
  // Serves one more, in the place of another of its id if there is one. Changes nothing else.
  void put(Shared model);
  // No longer serves it; generations under way go on. False if there is none of that name (see find()).
  bool remove(std::string_view id);
  bool is_ready() const;
  std::vector<Shared> all() const;
  // By its id, also with ":latest" behind it. Null if there is none of that name.
  Shared find(std::string_view id) const;

 private:
  std::vector<Shared>::const_iterator position(std::string_view id) const;

  mutable std::mutex mutex_;
  bool ready_ = false;
  std::vector<Shared> models_;
};

}  // namespace serving
