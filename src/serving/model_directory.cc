#include "serving/model_directory.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "base/strings.h"

namespace serving {

using base::cat;
using base::Code;
using base::Result;

namespace {

constexpr std::string_view kLatest = ":latest";

std::unexpected<base::Error> unknown(std::string_view name) {
  return base::fail(Code::not_found, cat("model '", name, "' is not served here"));
}

}  // namespace

// What the handles that are given out share with the directory, so that they may outlive it.
class ModelDirectory::Shelf : public std::enable_shared_from_this<Shelf> {
 public:
  Shelf(std::shared_ptr<ModelLoader> loader, Options options)
      : loader_(std::move(loader)), options_(options) {
    if (loader_) thread_ = std::jthread([this] { run(); });
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    cancelled_ = true;
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    std::vector<std::shared_ptr<Slot>> slots;
    {
      std::lock_guard lock(mutex_);
      slots.swap(slots_);
    }
    for (const auto& slot : slots)
      for (const Then& then : slot->waiters) then(ending());
  }

  base::Status add(ModelEntry entry) {
    std::lock_guard lock(mutex_);
    return place({.entry = std::move(entry)});
  }

  base::Status put(Shared model) {
    std::lock_guard lock(mutex_);
    return place(
        {.entry = {.id = model->id, .aliases = {}, .source = {}, .keep_alive = {}, .created = model->created},
         .state = State::loaded,
         .stays = true,
         .model = std::move(model)});
  }

  base::Status add_derived(ModelEntry entry, std::string parent, Derive derive) {
    std::lock_guard lock(mutex_);
    // Of a derived model a further one may be made, but no circle.
    for (auto up = slot_of(parent);; up = slot_of(up->parent)) {
      if (!up || up->entry.id == entry.id) return unknown(parent);
      if (!up->derive) break;
    }
    return place({.entry = std::move(entry), .parent = std::move(parent), .derive = std::move(derive)});
  }

  base::Status remove(std::string_view name) {
    std::lock_guard lock(mutex_);
    const auto slot = slot_of(name);
    if (!slot) return unknown(name);
    forget(*slot);
    return {};
  }

  void set_ready() {
    std::lock_guard lock(mutex_);
    ready_ = true;
  }

  bool is_ready() const {
    std::lock_guard lock(mutex_);
    return ready_;
  }

  void acquire(std::string_view name, Then then, std::optional<KeepAlive> keep_alive) {
    Lock lock(mutex_);
    Result<Shared> at_once = nullptr;
    auto slot = slot_of(name);
    if (slot && slot->derive) {
      then = [derive = slot->derive, then = std::move(then)](Result<Shared> parent) {
        then(parent ? derived(derive, std::move(*parent)) : std::move(parent));
      };
      const std::string parent = slot->parent;
      lock.unlock();
      return acquire(parent, std::move(then), keep_alive);
    }
    if (!slot) {
      at_once = unknown(name);
    } else if (stopping_) {
      at_once = ending();
    } else {
      slot->keep_alive = keep_alive.value_or(slot->entry.keep_alive);
      slot->unload_asked = false;
      if (slot->state != State::loaded) {
        slot->waiters.push_back(std::move(then));
        changed_.notify_all();
        return;
      }
      at_once = lend(slot);
    }
    lock.unlock();
    then(std::move(at_once));
  }

  Shared find(std::string_view name) {
    const auto description = describe_one(name);
    return description ? description->model : nullptr;
  }

  base::Status unload(std::string_view name) {
    std::lock_guard lock(mutex_);
    const auto slot = origin_of(slot_of(name));
    if (!slot) return unknown(name);
    slot->unload_asked = true;
    changed_.notify_all();
    return {};
  }

  std::vector<Description> all() {
    std::vector<std::string> ids;
    {
      std::lock_guard lock(mutex_);
      for (const auto& slot : slots_)
        if (slot->is_known) ids.push_back(slot->entry.id);
    }
    std::vector<Description> out;
    for (const std::string& id : ids)
      if (auto description = describe_one(id)) out.push_back(std::move(*description));
    return out;
  }

  std::optional<Description> describe_one(std::string_view name) {
    Lock lock(mutex_);
    const auto slot = slot_of(name);
    if (!slot) return std::nullopt;
    if (!slot->derive) return describe(slot);
    const ModelEntry entry = slot->entry;
    const std::string parent = slot->parent;
    const Derive derive = slot->derive;
    lock.unlock();
    auto description = describe_one(parent);
    if (!description) return std::nullopt;
    description->entry = entry;
    if (description->model)
      description->model = derived(derive, std::move(description->model)).value_or(nullptr);
    return description;
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;

  struct Slot {
    ModelEntry entry;
    State state = State::known;
    bool is_known = true;     // false: removed; goes when it is unloaded
    bool stays = false;       // was put(), so nobody could load it again
    std::string parent = {};  // of a derived model
    Derive derive = {};       // set: this is one, and has no state of its own
    bool unload_asked = false;
    KeepAlive keep_alive = {};  // from the last use on
    Shared model;               // loaded: set
    uint64_t bytes = 0;         // loaded: held
    int n_users = 0;
    Clock::time_point last_use{};
    std::vector<Then> waiters;  // for it to be loaded
  };
  using SlotPointer = std::shared_ptr<Slot>;

  static std::unexpected<base::Error> ending() {
    return base::fail(Code::unavailable, "the server is ending");
  }

  // The handle keeps the parent's alive, so it ends the parent's use.
  static Result<Shared> derived(const Derive& derive, Shared parent) {
    std::shared_ptr<const ServedModel> model = TRY(derive(parent));
    const ServedModel* raw = model.get();
    return Shared(raw, [model = std::move(model), parent = std::move(parent)](const ServedModel*) mutable {
      model.reset();
      parent.reset();
    });
  }

  // ---- under the lock

  base::Status place(Slot slot) {
    TRY(check_names(slot.entry));
    if (const auto old = slot_of_id(slot.entry.id)) forget(*old);
    slot.keep_alive = slot.entry.keep_alive;
    slots_.push_back(std::make_shared<Slot>(std::move(slot)));
    return {};
  }

  // The slot that is loaded for it.
  SlotPointer origin_of(SlotPointer slot) const {
    while (slot && slot->derive) slot = slot_of(slot->parent);
    return slot;
  }

  SlotPointer slot_of_id(std::string_view id) const {
    for (const auto& slot : slots_)
      if (slot->is_known && slot->entry.id == id) return slot;
    return nullptr;
  }

  SlotPointer slot_of_exact(std::string_view name) const {
    if (auto slot = slot_of_id(name)) return slot;
    for (const auto& slot : slots_)
      if (slot->is_known && std::ranges::find(slot->entry.aliases, name) != slot->entry.aliases.end())
        return slot;
    return nullptr;
  }

  SlotPointer slot_of(std::string_view name) const {
    if (auto slot = slot_of_exact(name)) return slot;
    return name.ends_with(kLatest) ? slot_of_exact(name.substr(0, name.size() - kLatest.size())) : nullptr;
  }

  base::Status check_names(const ModelEntry& entry) const {
    const auto is_taken = [&](const std::string& name) {
      const auto slot = slot_of_exact(name);
      return slot && slot->entry.id != entry.id;
    };
    if (is_taken(entry.id))
      return base::fail(Code::already_exists, cat("'", entry.id, "' is already an alias of another model"));
    for (const std::string& alias : entry.aliases)
      if (is_taken(alias))
        return base::fail(Code::already_exists,
                          cat("alias '", alias, "' of model '", entry.id, "' is the name of another model"));
    return {};
  }

  // What is loaded or being loaded goes when it is unloaded; what was put() lives with its last handle.
  void forget(Slot& slot) {
    slot.is_known = false;
    const bool is_asked_for = slot.state == State::loading || !slot.waiters.empty();
    if (slot.stays || (slot.state == State::known && !is_asked_for))
      std::erase_if(slots_, [&](const auto& other) { return other.get() == &slot; });
    changed_.notify_all();
  }

  // A handle whose end is the end of this use. The model itself is let go of before, so that it is the
  // directory's thread and no client's that tears an engine down.
  enum class Purpose { use, look };  // only a use starts keep_alive anew
  Shared lend(const SlotPointer& slot, Purpose purpose = Purpose::use) {
    ++slot->n_users;
    auto give_back = [shelf = shared_from_this(), slot, purpose,
                      model = slot->model](const ServedModel*) mutable {
      model.reset();
      shelf->returned(*slot, purpose);
    };
    return {slot->model.get(), std::move(give_back)};
  }

  Description describe(const SlotPointer& slot) {
    Description out{.entry = slot->entry,
                    .state = slot->state,
                    .model = nullptr,
                    .bytes = slot->bytes,
                    .n_users = slot->n_users,
                    .expires_in = {}};
    if (slot->state != State::loaded) return out;
    if (slot->n_users == 0 && slot->keep_alive && !slot->stays) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(expiry(*slot) - Clock::now());
      out.expires_in = std::max(left, std::chrono::milliseconds(0));
    }
    out.model = lend(slot, Purpose::look);
    return out;
  }

  static Clock::time_point expiry(const Slot& slot) { return slot.last_use + *slot.keep_alive; }

  static bool is_idle(const Slot& slot) { return slot.state == State::loaded && slot.n_users == 0; }

  static bool is_expired(const Slot& slot, Clock::time_point now) {
    if (!is_idle(slot)) return false;
    if (!slot.is_known) return true;
    if (slot.stays) return false;
    return slot.unload_asked || (slot.keep_alive && now >= expiry(slot));
  }

  static bool may_make_room(const Slot& slot) {
    return slot.state == State::loaded && !slot.stays &&
           (slot.keep_alive || slot.unload_asked || !slot.is_known);
  }

  uint64_t free_bytes() const {
    uint64_t held = 0;
    for (const auto& slot : slots_) held += slot->bytes;
    return held < options_.memory_bytes ? options_.memory_bytes - held : 0;
  }

  bool nothing_is_loaded() const {
    return std::ranges::none_of(slots_, [](const auto& slot) { return slot->state == State::loaded; });
  }

  SlotPointer longest_unused() const {
    SlotPointer found;
    for (const auto& slot : slots_)
      if (is_idle(*slot) && may_make_room(*slot) && (!found || slot->last_use < found->last_use))
        found = slot;
    return found;
  }

  // ---- any thread, without the lock

  void returned(Slot& slot, Purpose purpose) {
    std::lock_guard lock(mutex_);
    --slot.n_users;
    if (purpose == Purpose::use) slot.last_use = Clock::now();
    changed_.notify_all();
  }

  // ---- the directory's thread

  void run() {
    Lock lock(mutex_);
    while (!stopping_) {
      if (const auto slot = first_expired())
        unload(slot, lock);
      else if (const auto wanted = first_wanted())
        bring_up(wanted, lock);
      else
        rest(lock);
    }
  }

  SlotPointer first_expired() const {
    const auto now = Clock::now();
    const auto found = std::ranges::find_if(slots_, [&](const auto& slot) { return is_expired(*slot, now); });
    return found == slots_.end() ? nullptr : *found;
  }

  SlotPointer first_wanted() const {
    const auto found = std::ranges::find_if(
        slots_, [](const auto& slot) { return slot->state == State::known && !slot->waiters.empty(); });
    return found == slots_.end() ? nullptr : *found;
  }

  void rest(Lock& lock) {
    std::optional<Clock::time_point> next;
    for (const auto& slot : slots_)
      if (is_idle(*slot) && slot->keep_alive && !slot->stays)
        next = next ? std::min(*next, expiry(*slot)) : expiry(*slot);
    if (next)
      changed_.wait_until(lock, *next);
    else
      changed_.wait(lock);
  }

  void unload(const SlotPointer& slot, Lock& lock) {
    Shared model = std::move(slot->model);
    slot->model = nullptr;
    slot->state = State::known;
    slot->unload_asked = false;
    if (!slot->is_known) std::erase(slots_, slot);
    lock.unlock();
    model.reset();  // joins the engine's thread and frees its memory
    lock.lock();
    slot->bytes = 0;
  }

  void bring_up(const SlotPointer& slot, Lock& lock) {
    slot->state = State::loading;
    auto loaded = load(slot, lock);
    const bool is_there = loaded.has_value();
    slot->state = is_there ? State::loaded : State::known;
    if (is_there) {
      slot->model = std::move(loaded->model);
      slot->bytes = loaded->bytes;
      slot->last_use = Clock::now();
    }
    std::vector<std::pair<Then, Result<Shared>>> calls;
    for (Then& then : slot->waiters) {
      if (is_there)
        calls.emplace_back(std::move(then), lend(slot));
      else
        calls.emplace_back(std::move(then), std::unexpected(loaded.error()));
    }
    slot->waiters.clear();
    if (!slot->is_known && !is_there) std::erase(slots_, slot);
    lock.unlock();
    for (auto& [then, result] : calls) then(std::move(result));
    calls.clear();
    lock.lock();
  }

  Result<ModelLoader::Loaded> load(const SlotPointer& slot, Lock& lock) {
    const ModelEntry entry = slot->entry;
    lock.unlock();
    const Result<uint64_t> needed = loader_->least_bytes(entry);
    lock.lock();
    if (!needed) return std::unexpected(needed.error());
    TRY(make_room(entry.id, *needed, lock));
    const uint64_t room = free_bytes();
    lock.unlock();
    auto loaded = loader_->load(entry, room, cancelled_);
    lock.lock();
    return loaded;
  }

  // A model that needs more than all there is is tried when it is alone: it may run from its file.
  base::Status make_room(const std::string& id, uint64_t needed, Lock& lock) {
    const auto deadline = Clock::now() + options_.patience;
    while (free_bytes() < needed && !nothing_is_loaded()) {
      if (const auto slot = longest_unused()) {
        unload(slot, lock);
        continue;
      }
      const bool may_come = std::ranges::any_of(slots_, [](const auto& s) { return may_make_room(*s); });
      if (!may_come || Clock::now() >= deadline || stopping_)
        return base::fail(Code::unavailable, cat("model '", id, "' needs ", base::format_bytes(needed),
                                                 " of memory, and ", base::format_bytes(free_bytes()),
                                                 " are free beside the models that are loaded"));
      changed_.wait_until(lock, deadline);
    }
    return {};
  }

  const std::shared_ptr<ModelLoader> loader_;
  const Options options_;
  std::atomic<bool> cancelled_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by the mutex.
  bool stopping_ = false;
  bool ready_ = false;
  std::vector<SlotPointer> slots_;

  std::jthread thread_;
};

ModelDirectory::ModelDirectory(std::shared_ptr<ModelLoader> loader)
    : ModelDirectory(std::move(loader), Options()) {}
ModelDirectory::ModelDirectory(std::shared_ptr<ModelLoader> loader, Options options)
    : shelf_(std::make_shared<Shelf>(std::move(loader), options)) {}
ModelDirectory::~ModelDirectory() {
  shelf_->stop();
}

base::Status ModelDirectory::add(ModelEntry entry) {
  return shelf_->add(std::move(entry));
}

base::Status ModelDirectory::put(Shared model) {
  return shelf_->put(std::move(model));
}

base::Status ModelDirectory::add_derived(ModelEntry entry, std::string parent, Derive derive) {
  return shelf_->add_derived(std::move(entry), std::move(parent), std::move(derive));
}

base::Status ModelDirectory::remove(std::string_view name) {
  return shelf_->remove(name);
}

void ModelDirectory::set_ready() {
  shelf_->set_ready();
}

bool ModelDirectory::is_ready() const {
  return shelf_->is_ready();
}

void ModelDirectory::acquire(std::string_view name, Then then, std::optional<KeepAlive> keep_alive) {
  shelf_->acquire(name, std::move(then), keep_alive);
}

Result<ModelDirectory::Shared> ModelDirectory::acquire_now(std::string_view name) {
  auto promise = std::make_shared<std::promise<Result<Shared>>>();
  auto future = promise->get_future();
  acquire(name, [promise](Result<Shared> model) { promise->set_value(std::move(model)); });
  return future.get();
}

ModelDirectory::Shared ModelDirectory::find(std::string_view name) const {
  return shelf_->find(name);
}

base::Status ModelDirectory::unload(std::string_view name) {
  return shelf_->unload(name);
}

std::vector<ModelDirectory::Description> ModelDirectory::all() const {
  return shelf_->all();
}

std::optional<ModelDirectory::Description> ModelDirectory::describe(std::string_view name) const {
  return shelf_->describe_one(name);
}

}  // namespace serving
