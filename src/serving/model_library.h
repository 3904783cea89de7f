#pragma once
// The models that this machine holds, served or not: what clients may list, fetch and delete.
//
// Any thread. Names are those of the store and of its catalogue, never paths or addresses: what a client
// sends must not make the server read a file of its choice or call out.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model_store/store.h"
#include "serving/model_facts.h"

namespace serving {

using PullProgress = model_store::Progress;
using model_store::stage_name;

struct LibraryEntry {
  std::string id;
  ModelFacts facts;
};

class ModelLibrary {
 public:
  using OnProgress = model_store::OnProgress;
  virtual ~ModelLibrary() = default;

  virtual base::Result<std::vector<LibraryEntry>> list() const = 0;
  // Whether pull() knows the name.
  virtual bool can_pull(std::string_view id) const = 0;
  // Code::not_found for a name that the catalogue lacks. Blocks until it is here.
  virtual base::Result<LibraryEntry> pull(std::string_view id, const OnProgress& on_progress) const = 0;
  virtual base::Status remove(std::string_view id) const = 0;
};

std::unique_ptr<ModelLibrary> library_of(model_store::Store store);

}  // namespace serving
