#include "store/lmdb/structure.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>

namespace hearthmail::store::lmdb {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
using layout::load;
using layout::Node;

namespace {

constexpr std::size_t kMostKey = 511;
const std::string kFreeName = "the free list";

}  // namespace

bool PageFile::read(std::uint64_t page, std::size_t octets, std::string& out) const {
  out.resize(octets);
  const auto at = static_cast<off_t>(page * page_octets_);
  return ::pread(fd_, out.data(), octets, at) == static_cast<ssize_t>(octets);
}

Error Structure::damaged(std::uint64_t page, std::string_view what, const Table& table) const {
  return {Errc::Corrupt, "data.mdb is damaged: page " + std::to_string(page) + " of " +
                             (table.name.empty() ? "the table of tables" : table.name) + ": " + std::string(what) +
                             "; restore it from a backup with `hearthmail restore`"};
}

Status Structure::reach(const Table& table, std::uint64_t page, std::uint64_t count, std::string_view kind) {
  if (page < layout::kMetaPages || count == 0 || page > meta_.last_page || count > meta_.last_page - page + 1) {
    return damaged(page, "a " + std::string(kind) + " outside the file", table);
  }
  for (std::uint64_t i = page; i < page + count; ++i) {
    if (reached_[i]) return damaged(i, "it is used twice", table);
    if (free_[i]) return damaged(i, "it is used and in the free list", table);
    reached_[i] = true;
  }
  return base::ok();
}

// The nodes of a branch or leaf page. They must fill the page from `upper` to its end exactly, as LMDB keeps them.
Result<std::vector<Node>> Structure::nodes(std::string_view page, std::uint64_t number, std::uint16_t kind,
                                           const Table& table) const {
  const std::size_t size = file_.page_octets();
  if (load<std::uint64_t>(page, 0) != number) return damaged(number, "it is another page", table);
  if (load<std::uint16_t>(page, layout::kPageFlags) != kind) return damaged(number, "it is of another kind", table);
  const std::size_t lower = load<std::uint16_t>(page, layout::kPageLower);
  const std::size_t upper = load<std::uint16_t>(page, layout::kPageUpper);
  if (lower < layout::kPageHeader || lower > upper || upper > size || lower % 2 != 0) {
    return damaged(number, "its bounds do not fit", table);
  }
  std::vector<Node> found((lower - layout::kPageHeader) / 2);
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t at = load<std::uint16_t>(page, layout::kPageHeader + 2 * i);
    if (at < upper || at + layout::kNodeHeader > size) return damaged(number, "a record lies outside of it", table);
    Node& node = found[i];
    node.octets = load<std::uint16_t>(page, at) | (std::uint64_t{load<std::uint16_t>(page, at + 2)} << 16U);
    node.flags = load<std::uint16_t>(page, at + 4);
    const std::size_t key = load<std::uint16_t>(page, at + 6);
    std::size_t used = layout::kNodeHeader + key;
    if (kind == layout::kBranch) {
      node.page = node.octets | (std::uint64_t{node.flags} << 32U);
    } else if ((node.flags & layout::kBigValue) != 0) {
      node.page = load<std::uint64_t>(page, at + used);
      used += 8;
    } else {
      used += node.octets;
    }
    if (key > kMostKey || used > size - at) return damaged(number, "a record lies outside of it", table);
    node.key = page.substr(at + layout::kNodeHeader, key);
    if (kind == layout::kLeaf && node.page == 0) node.value = page.substr(at + layout::kNodeHeader + key, node.octets);
    places.emplace_back(at, used + used % 2);
  }
  std::sort(places.begin(), places.end());
  std::size_t next = upper;
  for (const auto& [at, used] : places) {
    if (at != next) return damaged(number, "its records overlap or leave a gap", table);
    next += used;
  }
  if (next != size) return damaged(number, "its records do not fill it", table);
  return found;
}

// Walks the branch pages under `number`; leaf pages are only noted. `depth` counts down to 1, a leaf.
Status Structure::branches(Table& table, std::uint64_t number, int depth, std::string low) {
  TRY(reach(table, number, 1, depth == 1 ? "leaf page" : "branch page"));
  if (depth == 1) {
    ++table.leaf_pages;
    leaves_.push_back({number, tables_.size() - 1, std::move(low)});
    return base::ok();
  }
  ++table.branch_pages;
  std::string page;
  if (!file_.read(number, file_.page_octets(), page)) return damaged(number, "it cannot be read", table);
  TRY_ASSIGN(const auto found, nodes(page, number, layout::kBranch, table));
  const bool free_tree = table.name == kFreeName;
  if (found.size() < (free_tree ? 1U : 2U)) return damaged(number, "a branch page with too few children", table);
  for (std::size_t i = 0; i < found.size(); ++i) {
    // The first key of a branch page stands for everything before the second.
    if (i > 0 && !free_tree && (found[i].key.empty() || (i > 1 && found[i].key <= found[i - 1].key))) {
      return damaged(number, "its keys are not in order", table);
    }
    if (i > 0 && !free_tree && found[i].key < low) return damaged(number, "its keys are not in order", table);
    TRY(branches(table, found[i].page, depth - 1, i == 0 ? low : std::string(found[i].key)));
  }
  return base::ok();
}

Status Structure::add_tree(const layout::Tree& tree, std::string name, std::size_t first_leaf) {
  tables_.push_back({std::move(name), tree, 0, 0, 0, 0});
  Table& table = tables_.back();
  if (tree.root == layout::kNoPage) {
    if (tree.depth != 0 || tree.records != 0) return damaged(0, "an empty tree with records", table);
    return base::ok();
  }
  if (tree.depth == 0 || tree.depth > layout::kMostDepth) return damaged(tree.root, "its tree's depth", table);
  Table walked = table;
  TRY(branches(walked, tree.root, tree.depth, {}));
  tables_.back() = walked;
  const bool some = leaves_.size() > first_leaf;
  if (!some || walked.branch_pages != tree.branch_pages || walked.leaf_pages != tree.leaf_pages) {
    return damaged(tree.root, "its tree's counts of pages do not fit", walked);
  }
  return base::ok();
}

// A big value's run of pages; LMDB may have left it longer than its value needs.
Status Structure::big_value(Table& table, const Node& node, std::string* out) {
  std::string page;
  if (!file_.read(node.page, layout::kPageHeader, page)) return damaged(node.page, "it cannot be read", table);
  const std::uint64_t pages = load<std::uint32_t>(page, layout::kOverflowPages);
  const std::size_t size = file_.page_octets();
  const std::uint64_t needed = (layout::kPageHeader + node.octets + size - 1) / size;
  if (load<std::uint64_t>(page, 0) != node.page || load<std::uint16_t>(page, layout::kPageFlags) != layout::kOverflow ||
      pages < needed) {
    return damaged(node.page, "it is not the value's first page", table);
  }
  TRY(reach(table, node.page, pages, "value"));
  table.overflow_pages += pages;
  if (out == nullptr) return base::ok();
  if (!file_.read(node.page, layout::kPageHeader + node.octets, page)) {
    return damaged(node.page, "it cannot be read", table);
  }
  *out = page.substr(layout::kPageHeader);
  return base::ok();
}

// A leaf page: its nodes in order between the branch's keys, and what `each` says of them.
Status Structure::leaf(const Leaf& leaf, const std::string* high, const Each& each) {
  Table& table = tables_[leaf.table];
  std::string page;
  if (!file_.read(leaf.page, file_.page_octets(), page)) return damaged(leaf.page, "it cannot be read", table);
  TRY_ASSIGN(const auto found, nodes(page, leaf.page, layout::kLeaf, table));
  if (found.empty()) return damaged(leaf.page, "an empty leaf page", table);
  const bool numbers = table.name == kFreeName;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Node& node = found[i];
    bool ordered = !node.key.empty();
    if (numbers) {
      ordered = node.key.size() == 8 &&
                (i == 0 || load<std::uint64_t>(found[i - 1].key, 0) < load<std::uint64_t>(node.key, 0));
    } else {
      ordered = ordered && (i == 0 ? node.key >= leaf.low : node.key > found[i - 1].key);
      if (high != nullptr) ordered = ordered && node.key < *high;
    }
    if (!ordered) return damaged(leaf.page, "its keys are not in order", table);
    if ((node.flags & ~(layout::kBigValue | (table.name.empty() ? layout::kSubTree : 0))) != 0) {
      return damaged(leaf.page, "a record of an unknown kind", table);
    }
    ++table.records;
    TRY(each(node));
  }
  return base::ok();
}

// LMDB's list of one transaction's free pages: a count, then page numbers, descending.
Status Structure::free_record(const Node& node, std::string_view list) {
  const Table& table = tables_.front();
  const std::uint64_t count = load<std::uint64_t>(list, 0);
  if (list.size() % 8 != 0 || list.size() < 8 || count > list.size() / 8 - 1 ||
      load<std::uint64_t>(node.key, 0) > meta_.transaction) {
    return damaged(table.tree.root, "a list of free pages does not fit", table);
  }
  std::uint64_t above = meta_.last_page + 1;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const std::uint64_t page = load<std::uint64_t>(list, 8 * i);
    if (page < layout::kMetaPages || page >= above) return damaged(page, "free pages are not in order", table);
    if (free_[page]) return damaged(page, "it is free twice", table);
    if (reached_[page]) return damaged(page, "it is used and in the free list", table);
    free_[page] = true;
    above = page;
  }
  return base::ok();
}

Status Structure::free_list() {
  TRY(add_tree(meta_.free, kFreeName, 0));
  const Each each = [this](const Node& node) -> Status {
    if ((node.flags & layout::kBigValue) == 0) return free_record(node, node.value);
    std::string list;
    TRY(big_value(tables_.front(), node, &list));
    return free_record(node, list);
  };
  for (const Leaf& one : leaves_) TRY(leaf(one, nullptr, each));
  leaves_.clear();
  return counts(tables_.front());
}

// What one leaf of the main tree holds: tables, and records of our own.
Status Structure::main_leaf(std::size_t index, const std::vector<Leaf>& all) {
  const std::string* high = index + 1 < all.size() ? &all[index + 1].low : nullptr;
  const std::size_t table = all[index].table;
  const Each each = [&](const Node& node) -> Status {
    if ((node.flags & layout::kBigValue) != 0) return damaged(all[index].page, "a big record", tables_[table]);
    if ((node.flags & layout::kSubTree) == 0) {
      main_records_.emplace_back(node.key, node.value);
      return base::ok();
    }
    const layout::Tree tree = layout::load_tree(node.value, 0);
    if (node.value.size() != layout::kTreeOctets || tree.flags != 0) {
      return damaged(all[index].page, "a table's record", tables_[table]);
    }
    found_tables_.emplace_back(std::string(node.key), tree);
    return base::ok();
  };
  return leaf(all[index], high, each);
}

Status Structure::main_tree() {
  reached_.resize(meta_.last_page + 1, false);
  free_.resize(meta_.last_page + 1, false);
  TRY(add_tree(meta_.main, "", 0));
  const std::vector<Leaf> all = std::move(leaves_);
  leaves_.clear();
  for (std::size_t i = 0; i < all.size(); ++i) TRY(main_leaf(i, all));
  return counts(tables_.back());
}

Status Structure::begin() {
  reached_.assign(meta_.last_page + 1, false);
  free_.assign(meta_.last_page + 1, false);
  TRY(free_list());
  TRY(main_tree());
  for (auto& [name, tree] : found_tables_) TRY(add_tree(tree, name, leaves_.size()));
  return base::ok();
}

const std::string* Structure::high_of(std::size_t index) const {
  const bool same = index + 1 < leaves_.size() && leaves_[index + 1].table == leaves_[index].table;
  return same ? &leaves_[index + 1].low : nullptr;
}

void Structure::show(std::set<std::string> tables, Look look) {
  show_ = std::move(tables);
  look_ = std::move(look);
}

Status Structure::shown(Table& table, const Node& node) {
  if ((node.flags & layout::kBigValue) == 0) {
    look_(table.name, node.key, node.value);
    return base::ok();
  }
  std::string value;
  TRY(big_value(table, node, &value));
  look_(table.name, node.key, value);
  return base::ok();
}

Result<bool> Structure::leaves(std::chrono::steady_clock::time_point ends) {
  constexpr std::size_t kBetweenLooks = 16;  // pages between looks at the clock
  for (std::size_t done = 1; next_leaf_ < leaves_.size(); ++next_leaf_, ++done) {
    if (done % kBetweenLooks == 0 && std::chrono::steady_clock::now() >= ends) return false;
    const Leaf& one = leaves_[next_leaf_];
    Table& table = tables_[one.table];
    const bool show = show_.contains(table.name);
    const Each each = [&](const Node& node) -> Status {
      if (show) return shown(table, node);
      if ((node.flags & layout::kBigValue) == 0) return base::ok();
      return big_value(table, node, nullptr);
    };
    TRY(leaf(one, high_of(next_leaf_), each));
  }
  return true;
}

Status Structure::counts(const Table& table) const {
  const bool fit = table.branch_pages == table.tree.branch_pages && table.leaf_pages == table.tree.leaf_pages &&
                   table.overflow_pages == table.tree.overflow_pages && table.records == table.tree.records;
  return fit ? base::ok() : Status(damaged(table.tree.root, "its tree's counts do not fit", table));
}

Status Structure::finish() const {
  if (skipped_) return base::ok();  // counted in parts, in several snapshots
  for (const Table& table : tables_) TRY(counts(table));
  return base::ok();
}

std::uint64_t Structure::lost_pages() const {
  std::uint64_t lost = 0;
  for (std::uint64_t page = layout::kMetaPages; page <= meta_.last_page; ++page) {
    if (!reached_[page] && !free_[page]) ++lost;
  }
  return lost;
}

Structure::Place Structure::place() const {
  if (next_leaf_ >= leaves_.size()) return {};
  return {tables_[leaves_[next_leaf_].table].name, leaves_[next_leaf_].low};
}

void Structure::skip_to(const Place& place) {
  const auto before = [&](const Leaf& one) {
    const std::string& name = tables_[one.table].name;
    return name < place.table || (name == place.table && one.low < place.key);
  };
  while (next_leaf_ < leaves_.size() && before(leaves_[next_leaf_])) ++next_leaf_;
  skipped_ = true;
}

std::optional<std::string> Structure::main_record(std::string_view key) const {
  for (const auto& [name, value] : main_records_) {
    if (name == key) return value;
  }
  return std::nullopt;
}

}  // namespace hearthmail::store::lmdb
