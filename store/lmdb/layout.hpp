// Inside store/lmdb only: how LMDB 0.9 (data version 1, 64 bits, native byte order) lays out its pages, for our own reader
// that trusts nothing of them. LMDB itself has no checksum and believes every number that it finds in a page.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace hearthmail::store::lmdb::layout {

constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr std::size_t kMetaPages = 2;
constexpr int kMostDepth = 32;  // CURSOR_STACK in LMDB

// A page: number, pad, flags, then lower and upper (or, of an overflow run, how many pages it has), then the node offsets.
constexpr std::size_t kPageHeader = 16, kPageFlags = 10, kPageLower = 12, kPageUpper = 14, kOverflowPages = 12;
constexpr std::uint16_t kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMetaPage = 0x08;

// A node: low and high half of a size (or page number), flags, key length, key, value.
constexpr std::size_t kNodeHeader = 8;
constexpr std::uint16_t kBigValue = 0x01, kSubTree = 0x02;

// A tree: pad, flags, depth, then five u64: branch, leaf and overflow pages, records, root.
constexpr std::size_t kTreeOctets = 48;
// A meta page after its header: magic, version, address, map size, free tree, main tree, last page, transaction.
constexpr std::size_t kMetaMagic = kPageHeader, kMetaVersion = kMetaMagic + 4, kMetaMapSize = kMetaMagic + 16,
                      kMetaFreeTree = kMetaMapSize + 8, kMetaMainTree = kMetaFreeTree + kTreeOctets,
                      kMetaLastPage = kMetaMainTree + kTreeOctets, kMetaTransaction = kMetaLastPage + 8,
                      kMetaEnd = kMetaTransaction + 8;
constexpr std::uint16_t kIntegerKeys = 0x08;      // the free tree's flag, and with it the environment's
constexpr std::uint16_t kWithoutSubdir = 0x4000;  // MDB_NOSUBDIR, kept in the same field

// Zero when it would lie outside.
template <class T>
T load(std::string_view octets, std::size_t at) {
  T value{};
  if (at <= octets.size() && sizeof(T) <= octets.size() - at) std::memcpy(&value, octets.data() + at, sizeof(T));
  return value;
}

struct Tree {
  std::uint32_t pad = 0;  // of the free tree: the page size
  std::uint16_t flags = 0;
  std::uint16_t depth = 0;
  std::uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0, records = 0;
  std::uint64_t root = kNoPage;
};

inline Tree load_tree(std::string_view octets, std::size_t at) {
  Tree tree;
  tree.pad = load<std::uint32_t>(octets, at);
  tree.flags = load<std::uint16_t>(octets, at + 4);
  tree.depth = load<std::uint16_t>(octets, at + 6);
  tree.branch_pages = load<std::uint64_t>(octets, at + 8);
  tree.leaf_pages = load<std::uint64_t>(octets, at + 16);
  tree.overflow_pages = load<std::uint64_t>(octets, at + 24);
  tree.records = load<std::uint64_t>(octets, at + 32);
  tree.root = load<std::uint64_t>(octets, at + 40);
  return tree;
}

struct Meta {
  Tree free, main;
  std::uint64_t last_page = 0;
  std::uint64_t transaction = 0;
};

inline Meta load_meta(std::string_view page) {
  Meta meta;
  meta.free = load_tree(page, kMetaFreeTree);
  meta.main = load_tree(page, kMetaMainTree);
  meta.last_page = load<std::uint64_t>(page, kMetaLastPage);
  meta.transaction = load<std::uint64_t>(page, kMetaTransaction);
  return meta;
}

// One node of a page, whose place the page's check has made sure of.
struct Node {
  std::string_view key;
  std::string_view value;    // of a leaf, when it lies in the page
  std::uint64_t page = 0;    // of a branch: the child; of a big value: its first page
  std::uint64_t octets = 0;  // of the value
  std::uint16_t flags = 0;
};

}  // namespace hearthmail::store::lmdb::layout
