#include "kv_cache/prefix_tree.h"

#include <algorithm>

#include "base/check.h"

namespace kv_cache {

namespace {

struct Lexicographic {
  bool operator()(std::span<const TokenId> a, std::span<const TokenId> b) const {
    return std::ranges::lexicographical_compare(a, b);
  }
};

int common_prefix(std::span<const TokenId> a, std::span<const TokenId> b) {
  return static_cast<int>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

struct PrefixTree::Node {
  // Keyed by the child's own tokens.
  using Children = std::map<std::span<const TokenId>, std::unique_ptr<Node>, Lexicographic>;

  Node* parent = nullptr;  // null: a root, which has no page and no tokens
  PageId page = -1;
  int n_tokens = 0;
  int n_holders = 0;
  uint64_t last_used = 0;
  uint64_t number = 0;  // in order of making: a tie-breaker that does not depend on addresses
  std::array<TokenId, kPageTokens> tokens;
  Children children;
  std::string salt;  // of a root

  std::span<const TokenId> key() const { return {tokens.data(), static_cast<size_t>(n_tokens)}; }
  bool is_root() const { return parent == nullptr; }
  bool is_full() const { return n_tokens == kPageTokens; }
};

bool PrefixTree::IdleLeafOrder::operator()(const Node* a, const Node* b) const {
  if (a->last_used != b->last_used) return a->last_used < b->last_used;
  return a->number < b->number;
}

PrefixTree::PrefixTree(PagePool& pool) : pool_(pool) {}

PrefixTree::~PrefixTree() {
  CHECK(n_idle_ == n_pages_);
  evict(n_pages_);
}

PageId PrefixTree::page_of(const Node* node) {
  return node->page;
}
bool PrefixTree::is_idle(const Node* node) {
  return node->n_holders == 0;
}

PrefixTree::Match PrefixTree::find(std::span<const TokenId> tokens, std::string_view salt) const {
  Match match;
  const auto root = roots_.find(salt);
  if (root == roots_.end()) return match;
  const Node* node = root->second.get();
  while (true) {
    const auto wanted = tokens.first(std::min<size_t>(tokens.size(), kPageTokens));
    if (wanted.empty()) return match;
    // What shares most with `wanted` stands next to the place where `wanted` would stand.
    const auto after = node->children.lower_bound(wanted);
    Node* best = nullptr;
    int n_best = 0;
    const auto consider = [&](Node* child) {
      const int n = common_prefix(child->key(), wanted);
      if (n > n_best) best = child, n_best = n;
    };
    if (after != node->children.end()) consider(after->second.get());
    if (after != node->children.begin()) consider(std::prev(after)->second.get());
    if (n_best < kPageTokens) {
      match.partial = best;
      match.n_partial = n_best;
      return match;
    }
    match.pages.push_back(best);
    node = best;
    tokens = tokens.subspan(kPageTokens);
  }
}

PrefixTree::Node* PrefixTree::hold_root(std::string_view salt) {
  auto place = roots_.find(salt);
  if (place == roots_.end()) {
    auto root = std::make_unique<Node>();
    root->salt = salt;
    place = roots_.emplace(std::string(salt), std::move(root)).first;
  }
  ++place->second->n_holders;
  return place->second.get();
}

void PrefixTree::hold(Node* node) {
  if (!node->is_root()) {
    if (node->n_holders == 0) {
      idle_leaves_.erase(node);
      --n_idle_;
    }
    pool_.share(node->page);
  }
  ++node->n_holders;
  node->last_used = ++now_;
}

void PrefixTree::release(Node* node) {
  CHECK(node->n_holders > 0);
  --node->n_holders;
  if (node->is_root()) return forget_root_if_unused(node);
  pool_.give_back(node->page);
  node->last_used = ++now_;
  if (node->n_holders > 0) return;
  ++n_idle_;
  mark_idle_leaf(node);
}

PrefixTree::Node* PrefixTree::insert(Node* parent, std::span<const TokenId> tokens, PageId page) {
  CHECK(parent->n_holders > 0 && (parent->is_root() || parent->is_full()));
  CHECK(!tokens.empty() && tokens.size() <= kPageTokens);
  Node::Children& siblings = parent->children;
  auto after = siblings.lower_bound(tokens);
  if (after != siblings.end() &&
      common_prefix(after->second->key(), tokens) == static_cast<int>(tokens.size()))
    return after->second.get();
  if (after != siblings.begin()) {
    Node* before = std::prev(after)->second.get();
    if (common_prefix(before->key(), tokens) == before->n_tokens) {
      CHECK(is_idle(before));
      drop(before);
    }
  }
  auto node = std::make_unique<Node>();
  node->parent = parent;
  node->page = page;
  node->n_tokens = static_cast<int>(tokens.size());
  node->last_used = ++now_;
  node->number = next_number_++;
  std::ranges::copy(tokens, node->tokens.begin());
  Node* made = node.get();
  siblings.emplace(made->key(), std::move(node));
  pool_.share(page);
  ++n_pages_;
  ++n_idle_;
  idle_leaves_.insert(made);
  return made;
}

int64_t PrefixTree::evict(int64_t count) {
  int64_t n_evicted = 0;
  for (; n_evicted < count && !idle_leaves_.empty(); ++n_evicted) {
    Node* node = *idle_leaves_.begin();
    Node* parent = node->parent;
    drop(node);
    if (parent->is_root())
      forget_root_if_unused(parent);
    else if (is_idle(parent))
      mark_idle_leaf(parent);
  }
  return n_evicted;
}

// REQUIRES: idle, without children.
void PrefixTree::drop(Node* node) {
  idle_leaves_.erase(node);
  pool_.give_back(node->page);
  --n_pages_;
  --n_idle_;
  Node::Children& siblings = node->parent->children;
  siblings.erase(siblings.find(node->key()));  // by position: the key lies in the node that goes
}

void PrefixTree::mark_idle_leaf(Node* node) {
  if (node->children.empty()) idle_leaves_.insert(node);
}

void PrefixTree::forget_root_if_unused(Node* root) {
  if (root->n_holders == 0 && root->children.empty()) roots_.erase(roots_.find(root->salt));
}

void PrefixTree::check_integrity() const {
  int64_t n_pages = 0, n_idle = 0, n_idle_leaves = 0;
  for (const auto& [salt, root] : roots_) {
    CHECK(root->salt == salt);
    check_node(root.get(), n_pages, n_idle, n_idle_leaves);
  }
  CHECK(n_pages == n_pages_ && n_idle == n_idle_);
  CHECK(n_idle_leaves == static_cast<int64_t>(idle_leaves_.size()));
}

void PrefixTree::check_node(const Node* node, int64_t& n_pages, int64_t& n_idle,
                            int64_t& n_idle_leaves) const {
  const Node* previous = nullptr;
  for (const auto& [key, child] : node->children) {
    CHECK(child->parent == node && key.data() == child->tokens.data());
    CHECK(previous == nullptr || common_prefix(previous->key(), key) < previous->n_tokens);
    CHECK(node->is_root() || child->n_holders <= node->n_holders);
    CHECK(pool_.n_holders(child->page) == child->n_holders + 1);
    CHECK(child->is_full() || child->children.empty());
    ++n_pages;
    if (is_idle(child.get())) {
      ++n_idle;
      CHECK(idle_leaves_.contains(child.get()) == child->children.empty());
      n_idle_leaves += child->children.empty();
    }
    previous = child.get();
    check_node(child.get(), n_pages, n_idle, n_idle_leaves);
  }
}

}  // namespace kv_cache
