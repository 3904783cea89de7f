#pragma once
// The models that may be asked for, by name: which of them are loaded, and loading the others when somebody
// asks.
//
//                 acquire()                    unused for keep_alive, or room is needed
//   known ──────────────────────> loading ──> loaded ──────────────────────────────────> known
//
// One thread of the directory's own loads and unloads, one model at a time. A model in use is never unloaded;
// whoever wants another one waits until there is room. Any thread may call.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serving/served_model.h"

namespace serving {

using KeepAlive = std::optional<std::chrono::milliseconds>;  // after the last use; open: for ever

// A model that may be asked for.
struct ModelEntry {
  std::string id;
  std::vector<std::string> aliases;
  std::string source;  // what a ModelLoader loads it from: a path or a name of the store
  KeepAlive keep_alive;
  int64_t created = 0;  // Unix time in seconds
};

// Brings models up. Called on the directory's thread, one call at a time.
class ModelLoader {
 public:
  virtual ~ModelLoader() = default;
  // Memory that the model takes at the least; a look at its headers.
  virtual base::Result<uint64_t> least_bytes(const ModelEntry& entry) = 0;
  // Loads it into `memory_bytes`, or less. `cancelled` is looked at now and then.
  struct Loaded {
    std::shared_ptr<const ServedModel> model;
    uint64_t bytes = 0;  // held from now on
  };
  virtual base::Result<Loaded> load(const ModelEntry& entry, uint64_t memory_bytes,
                                    const std::atomic<bool>& cancelled) = 0;
};

class ModelDirectory {
 public:
  // A model in use: as long as somebody holds it, it stays loaded.
  using Shared = std::shared_ptr<const ServedModel>;

  struct Options {
    uint64_t memory_bytes = UINT64_MAX;          // of all loaded models together
    std::chrono::milliseconds patience{60'000};  // of a load that needs the room of models in use
  };
  // Without a loader only models that were put() are served.
  explicit ModelDirectory(std::shared_ptr<ModelLoader> loader = nullptr);
  ModelDirectory(std::shared_ptr<ModelLoader> loader, Options options);
  ModelDirectory(const ModelDirectory&) = delete;
  ModelDirectory& operator=(const ModelDirectory&) = delete;
  ~ModelDirectory();  // cancels a load under way; models still in use live on until let go of

  // Makes a model known, or replaces what is known under its id; one that is loaded under that id is let go
  // of. Code::already_exists if one of its names is taken by another model.
  base::Status add(ModelEntry entry);
  // A model that is loaded already and stays. Errors as add().
  base::Status put(Shared model);
  // Makes a model known that is made of another one whenever it is asked for, as an alias with settings is.
  // It is loaded and unloaded with its parent; `derive` is called on any thread. Errors as add(), or
  // Code::not_found if there is no parent.
  using Derive = std::function<base::Result<std::shared_ptr<const ServedModel>>(Shared parent)>;
  base::Status add_derived(ModelEntry entry, std::string parent, Derive derive);
  // Code::not_found. Who uses it goes on.
  base::Status remove(std::string_view name);

  // From now on the directory is ready: what had to be loaded at the start is.
  void set_ready();
  bool is_ready() const;

  // Hands the model over, loaded if need be: at once on the calling thread if it is there, else later on the
  // directory's thread. Names are ids and aliases, also with ":latest" behind them. Code::not_found;
  // Code::unavailable if there is no room beside models in use; else what loading says. `keep_alive`, if
  // given, takes the place of the entry's until the next use.
  using Then = std::function<void(base::Result<Shared>)>;
  void acquire(std::string_view name, Then then, std::optional<KeepAlive> keep_alive = {});
  // The same, waiting.
  base::Result<Shared> acquire_now(std::string_view name);
  // Only if it is loaded; else null.
  Shared find(std::string_view name) const;
  // As soon as nobody uses it. Code::not_found.
  base::Status unload(std::string_view name);

  enum class State { known, loading, loaded };
  struct Description {
    ModelEntry entry;
    State state = State::known;
    Shared model;        // loaded: set; keeps it from being unloaded while it is held
    uint64_t bytes = 0;  // loaded: held
    int n_users = 0;
    std::optional<std::chrono::milliseconds> expires_in;  // loaded and unused; open: stays
  };
  std::vector<Description> all() const;  // in the order of adding
  std::optional<Description> describe(std::string_view name) const;

 private:
  class Shelf;
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace serving
