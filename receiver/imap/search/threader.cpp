#include "receiver/imap/search/threader.hpp"

#include <algorithm>
#include <utility>

#include "common/mime/fold.hpp"
#include "receiver/imap/out.hpp"
#include "receiver/imap/search/base_subject.hpp"

namespace hearthmail::receiver::imap::search {
namespace {

constexpr std::size_t kLinksPerLook = 256;  // messages between two looks at the clock

// RFC 5256 §3: ids are compared after their quoting is undone: <"a.b"@c> is <a.b@c>.
std::string normal_id(std::string_view id) {
  std::string out;
  out.reserve(id.size());
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (id[i] == '"') continue;
    if (id[i] == '\\' && i + 1 < id.size()) ++i;
    out += id[i];
  }
  return out;
}

}  // namespace

std::uint32_t Threader::add_node() {
  nodes_.emplace_back();
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::uint32_t Threader::node_of(std::string id) {
  const auto [at, fresh] = by_id_.try_emplace(std::move(id), static_cast<std::uint32_t>(nodes_.size()));
  if (fresh) add_node();
  return at->second;
}

void Threader::add(std::uint32_t number, base::UnixTime internal_date, const mime::Summary& summary) {
  const bool by_references = algorithm_ == parse::ThreadAlgorithm::References;
  std::uint32_t node = kNone;
  // A second message with an id that was seen counts as one without (RFC 5256 §3, REFERENCES step 1).
  if (by_references && !summary.message_id.empty()) node = node_of(normal_id(summary.message_id));
  if (node == kNone || !is_dummy(node)) node = add_node();
  auto subject = base_subject(summary.subject);
  nodes_[node].number = number;
  nodes_[node].date = summary.sent.value_or(internal_date);
  nodes_[node].reply = subject.reply_or_forward;
  if (!subject.text.empty()) {
    const auto next = static_cast<std::uint32_t>(subjects_.size());
    nodes_[node].subject = subjects_.try_emplace(mime::fold_case(subject.text), next).first->second;
  }
  messages_.push_back(node);
  if (!by_references) return;
  std::vector<std::uint32_t> references;
  for (const auto& id : summary.references) references.push_back(node_of(normal_id(id)));
  // Without References, the first id of In-Reply-To is the only one (RFC 5256 §3).
  if (references.empty() && !summary.in_reply_to.empty()) references.push_back(node_of(normal_id(summary.in_reply_to)));
  references_.push_back(std::move(references));
}

bool Threader::build(std::chrono::milliseconds slice) {
  const auto until = std::chrono::steady_clock::now() + slice;
  if (algorithm_ == parse::ThreadAlgorithm::OrderedSubject) {
    order_by_subject();
    phase_ = Phase::Ready;
  }
  while (phase_ == Phase::Link && linked_ < messages_.size()) {
    const std::size_t end = std::min(messages_.size(), linked_ + kLinksPerLook);
    for (; linked_ < end; ++linked_) link_references(linked_);
    if (std::chrono::steady_clock::now() >= until) return false;
  }
  if (phase_ == Phase::Link) {
    references_.clear();
    by_id_.clear();
    collect_children();
    prune();
    gather_subjects();
    sort_all();
    phase_ = Phase::Ready;
  }
  return phase_ == Phase::Ready;
}

// ---- REFERENCES, the steps of RFC 5256 §3 ----

// Also true when the answer lies deeper than kMaxThreadDepth.
bool Threader::would_loop(std::uint32_t parent, std::uint32_t child) const {
  std::uint32_t at = parent;
  for (std::size_t level = 0; level < kMaxThreadDepth; ++level) {
    if (at == child) return true;
    if (at == kNone) return false;
    at = nodes_[at].parent;
  }
  return true;
}

void Threader::link(std::uint32_t parent, std::uint32_t child) {
  if (!would_loop(parent, child)) nodes_[child].parent = parent;
}

// Step 1.
void Threader::link_references(std::size_t message) {
  const auto& references = references_[message];
  for (std::size_t i = 1; i < references.size(); ++i) {
    const bool has_parent = nodes_[references[i]].parent != kNone;
    if (!has_parent) link(references[i - 1], references[i]);
  }
  const std::uint32_t node = messages_[message];
  nodes_[node].parent = kNone;  // what another message said of it counts less than what it says itself
  if (!references.empty()) link(references.back(), node);
}

// Step 2.
void Threader::collect_children() {
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const std::uint32_t parent = nodes_[node].parent;
    (parent == kNone ? roots_ : nodes_[parent].children).push_back(node);
  }
}

// Step 3: dummies go; their children take their place, except several ones right under the root.
void Threader::prune() {
  // Parents stand before their children here, so that backwards every child is done before its parent.
  std::vector<std::uint32_t> order = roots_;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& children = nodes_[order[i]].children;
    order.insert(order.end(), children.begin(), children.end());
  }
  const auto without_dummies = [this](std::vector<std::uint32_t>& siblings, bool at_root) {
    std::vector<std::uint32_t> kept;
    for (const auto node : siblings) {
      const auto& children = nodes_[node].children;
      const bool promotes = is_dummy(node) && (!at_root || children.size() <= 1);
      if (promotes) {
        kept.insert(kept.end(), children.begin(), children.end());
      } else {
        kept.push_back(node);
      }
    }
    siblings = std::move(kept);
  };
  for (std::size_t i = order.size(); i-- > 0;) without_dummies(nodes_[order[i]].children, false);
  without_dummies(roots_, true);
  for (const auto node : roots_) nodes_[node].parent = kNone;  // also of those that were promoted
}

std::uint32_t Threader::shown(std::uint32_t node) const {
  return is_dummy(node) && !nodes_[node].children.empty() ? nodes_[node].children.front() : node;
}

// By sent date, then by sequence number (RFC 5256 §2.2); nodes of messages are not in that order, numbers are.
bool Threader::earlier(std::uint32_t a, std::uint32_t b) const {
  const Node& left = nodes_[shown(a)];
  const Node& right = nodes_[shown(b)];
  return std::pair(left.date, left.number) < std::pair(right.date, right.number);
}

void Threader::sort_siblings(std::vector<std::uint32_t>& siblings) const {
  std::sort(siblings.begin(), siblings.end(), [this](std::uint32_t a, std::uint32_t b) { return earlier(a, b); });
}

// Steps 4 and 5.
void Threader::gather_subjects() {
  for (const auto node : roots_) {
    if (is_dummy(node)) sort_siblings(nodes_[node].children);
  }
  sort_siblings(roots_);
  std::unordered_map<std::uint32_t, std::uint32_t> table;  // subject to the head of its thread
  for (const auto node : roots_) {
    const std::uint32_t subject = nodes_[shown(node)].subject;
    if (subject == kNone) continue;
    const auto [at, fresh] = table.try_emplace(subject, node);
    if (fresh || is_dummy(at->second)) continue;
    if (is_dummy(node) || (!nodes_[node].reply && nodes_[at->second].reply)) at->second = node;
  }
  const std::vector<std::uint32_t> before = roots_;
  for (const auto node : before) merge_by_subject(node, table);
  // Those that got a parent are roots no more; new heads were added at the end.
  std::erase_if(roots_, [this](std::uint32_t node) { return nodes_[node].parent != kNone; });
}

// Step 5.C for one thread at the top.
void Threader::merge_by_subject(std::uint32_t node, std::unordered_map<std::uint32_t, std::uint32_t>& table) {
  const std::uint32_t subject = nodes_[shown(node)].subject;
  if (subject == kNone || nodes_[node].parent != kNone) return;  // no subject, or no longer at the top
  const std::uint32_t head = table.at(subject);
  if (head == node) return;
  const auto adopt = [this](std::uint32_t parent, std::uint32_t child) {
    nodes_[parent].children.push_back(child);
    nodes_[child].parent = parent;
  };
  if (is_dummy(head) && is_dummy(node)) {
    for (const auto child : nodes_[node].children) adopt(head, child);
    nodes_[node].children.clear();
    nodes_[node].parent = head;  // off the top; nobody's child
  } else if (is_dummy(head)) {
    adopt(head, node);
  } else if (nodes_[node].reply && !nodes_[head].reply) {
    adopt(head, node);
  } else {
    const std::uint32_t dummy = add_node();
    adopt(dummy, head);
    adopt(dummy, node);
    roots_.push_back(dummy);
    table[subject] = dummy;
  }
}

// Step 6: children before their parents.
void Threader::sort_all() {
  std::vector<std::uint32_t> order = roots_;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& children = nodes_[order[i]].children;
    order.insert(order.end(), children.begin(), children.end());
  }
  for (std::size_t i = order.size(); i-- > 0;) sort_siblings(nodes_[order[i]].children);
  sort_siblings(roots_);
}

// ---- ORDEREDSUBJECT: the first message of a subject, and the others as its children ----

void Threader::order_by_subject() {
  std::vector<std::uint32_t> sorted = messages_;
  sort_siblings(sorted);
  std::unordered_map<std::uint32_t, std::uint32_t> first;
  for (const auto node : sorted) {
    const auto [at, fresh] = first.try_emplace(nodes_[node].subject, node);
    if (fresh) {
      roots_.push_back(node);
    } else {
      nodes_[at->second].children.push_back(node);
    }
  }
}

// ---- the answer ----

// thread-list = "(" (thread-members / thread-nested) ")", RFC 5256 §5. The stack says what still has to be written.
void Threader::put_thread(std::string& out, std::uint32_t root) const {
  constexpr std::uint32_t kClose = kNone;
  std::vector<std::uint32_t> left{root};
  while (!left.empty()) {
    std::uint32_t node = left.back();
    left.pop_back();
    if (node == kClose) {
      out += ')';
      continue;
    }
    out += '(';
    bool spaced = true;
    for (;;) {
      if (!is_dummy(node)) {
        if (!spaced) out += ' ';
        put_number(out, nodes_[node].number);
        spaced = false;
      }
      if (nodes_[node].children.size() != 1) break;
      node = nodes_[node].children.front();
    }
    left.push_back(kClose);
    const auto& children = nodes_[node].children;
    if (!children.empty() && !spaced) out += ' ';
    left.insert(left.end(), children.rbegin(), children.rend());
  }
}

bool Threader::put(std::string& out, std::size_t budget) {
  const std::size_t start = out.size();
  for (; written_ < roots_.size() && out.size() - start < budget; ++written_) put_thread(out, roots_[written_]);
  return written_ == roots_.size();
}

}  // namespace hearthmail::receiver::imap::search
