// Inside store/lmdb only: reads LMDB's pages with pread and checks what LMDB takes on trust, so that a damaged file is
// refused with words instead of a crash, wrong records or new pages written over live ones.
//
// Checked of every page: its number, kind, bounds, that its nodes fill it without gap or overlap, keys ascending and
// between those of the branch above. Of every tree: depth and its five counts. Of the file: every page is reached
// once at most and none of them is in the free list; the list is in order and within the file.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "store/lmdb/layout.hpp"

namespace hearthmail::store::lmdb {

// Pages of a file, read anew each time.
class PageFile {
 public:
  PageFile(int fd, std::size_t page_octets) : fd_(fd), page_octets_(page_octets) {}
  std::size_t page_octets() const { return page_octets_; }
  bool read(std::uint64_t page, std::size_t octets, std::string& out) const;

 private:
  int fd_;
  std::size_t page_octets_;
};

// One snapshot's structure. Calls are: begin(), then leaves() until it is done, then finish().
class Structure {
 public:
  Structure(PageFile file, layout::Meta meta) : file_(file), meta_(meta) {}

  // The free list, the main tree, the roots and branch pages of every table. A few pages in a thousand.
  base::Status begin();
  // From now on leaves() shows the records of these tables to `look`; their overflow runs are read whole for it.
  using Look = std::function<void(const std::string& table, std::string_view key, std::string_view value)>;
  void show(std::set<std::string> tables, Look look);
  // Leaf pages and the heads of overflow runs, until `ends`; true when the last one is done.
  base::Result<bool> leaves(std::chrono::steady_clock::time_point ends);
  // After the last leaf: the trees' counts.
  base::Status finish() const;
  // After the last leaf of a snapshot that was read in one go: pages that are neither used nor free. They only waste room,
  // so they are no reason to refuse a file.
  std::uint64_t lost_pages() const;

  // To go on in a later snapshot: where leaves() stopped, and how to pass over what was seen.
  struct Place {
    std::string table;
    std::string key;
  };
  Place place() const;
  void skip_to(const Place& place);
  // The main tree alone, for what is kept in it.
  base::Status main_tree();
  // The value under `key` in the main tree, found by begin() or main_tree().
  std::optional<std::string> main_record(std::string_view key) const;

 private:
  struct Table {
    std::string name;  // "" the main tree
    layout::Tree tree;
    std::uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0, records = 0;
  };
  struct Leaf {
    std::uint64_t page = 0;
    std::size_t table = 0;
    std::string low;  // every key is at or after it
  };
  using Each = std::function<base::Status(const layout::Node&)>;

  base::Status reach(const Table& table, std::uint64_t page, std::uint64_t count, std::string_view kind);
  base::Status branches(Table& table, std::uint64_t page, int depth, std::string low);
  base::Result<std::vector<layout::Node>> nodes(std::string_view page, std::uint64_t number, std::uint16_t kind,
                                                const Table& table) const;
  base::Status leaf(const Leaf& leaf, const std::string* high, const Each& each);
  base::Status big_value(Table& table, const layout::Node& node, std::string* out);
  base::Status shown(Table& table, const layout::Node& node);
  base::Status free_list();
  base::Status main_leaf(std::size_t index, const std::vector<Leaf>& all);
  base::Status free_record(const layout::Node& node, std::string_view list);
  base::Status add_tree(const layout::Tree& tree, std::string name, std::size_t first_leaf);
  base::Status counts(const Table& table) const;
  base::Error damaged(std::uint64_t page, std::string_view what, const Table& table) const;
  const std::string* high_of(std::size_t index) const;

  PageFile file_;
  layout::Meta meta_;
  std::vector<Table> tables_;
  std::vector<Leaf> leaves_;  // of the tables
  std::size_t next_leaf_ = 0;
  bool skipped_ = false;
  std::set<std::string> show_;
  Look look_;
  std::vector<bool> reached_, free_;
  std::vector<std::pair<std::string, std::string>> main_records_;
  std::vector<std::pair<std::string, layout::Tree>> found_tables_;
};

}  // namespace hearthmail::store::lmdb
