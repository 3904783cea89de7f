#include "serving/model_library.h"

#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "model_store/model_name.h"

namespace serving {
namespace {

LibraryEntry entry_of(const model_store::Record& record) {
  return {record.name,
          {.container = record.container,
           .architecture = record.architecture,
           .weight_type = record.type,
           .sha256 = record.sha256,
           .size_bytes = record.size_bytes}};
}

class StoreLibrary : public ModelLibrary {
 public:
  explicit StoreLibrary(model_store::Store store) : store_(std::move(store)) {}

  base::Result<std::vector<LibraryEntry>> list() const override {
    std::vector<LibraryEntry> out;
    for (const model_store::Listed& listed : TRY(store_.list()))
      if (listed.problem.empty()) out.push_back(entry_of(listed.record));
    return out;
  }

  bool can_pull(std::string_view id) const override {
    return model_store::is_model_name(id) && store_.can_pull(model_store::without_latest(id));
  }

  base::Result<LibraryEntry> pull(std::string_view id, const OnProgress& on_progress) const override {
    if (!can_pull(id))
      return base::fail(base::Code::not_found,
                        base::cat("the catalogue has no model '", base::printable(id), "'"));
    return entry_of(TRY(store_.pull(model_store::without_latest(id), {}, on_progress)).record);
  }

  base::Status remove(std::string_view id) const override {
    if (!model_store::is_model_name(id))
      return base::fail(base::Code::not_found, base::cat("there is no model '", base::printable(id), "'"));
    TRY(store_.remove(model_store::without_latest(id)));
    return {};
  }

 private:
  model_store::Store store_;
};

}  // namespace

std::unique_ptr<ModelLibrary> library_of(model_store::Store store) {
  return std::make_unique<StoreLibrary>(std::move(store));
}

}  // namespace serving
