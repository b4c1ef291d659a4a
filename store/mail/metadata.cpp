#include "store/mail/metadata.hpp"

#include "store/body/body.hpp"
#include "store/mail/tables.hpp"

namespace hearthmail::store::mail {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

Result<std::optional<std::string>> find_annotation(const ReadTxn& txn, AnnotationScope scope, std::string_view name) {
  const std::string key = annotation_key(scope.box, scope.owner, name);
  TRY_ASSIGN(const auto stored, txn.get(kMetadata, key));
  if (!stored) return std::optional<std::string>{};
  TRY_ASSIGN(const std::string_view plain, body::unseal(*stored, key));
  return std::optional<std::string>(plain);
}

Result<std::vector<Annotation>> list_annotations(const ReadTxn& txn, AnnotationScope scope) {
  std::vector<Annotation> found;
  const std::string prefix = annotation_key(scope.box, scope.owner, "");
  lmdb::Cursor cursor = txn.cursor(kMetadata);
  TRY_ASSIGN(auto at, cursor.seek(prefix));
  while (at && at->key.starts_with(prefix)) {
    TRY_ASSIGN(const std::string_view plain, body::unseal(at->value, at->key));
    found.push_back({std::string(at->key.substr(prefix.size())), std::string(plain)});
    TRY_ASSIGN(at, cursor.next());
  }
  return found;
}

namespace {

Result<std::size_t> count_annotations(const ReadTxn& txn, AnnotationScope scope) {
  std::size_t count = 0;
  const std::string prefix = annotation_key(scope.box, scope.owner, "");
  lmdb::Cursor cursor = txn.cursor(kMetadata);
  TRY_ASSIGN(auto at, cursor.seek(prefix));
  while (at && at->key.starts_with(prefix)) {
    ++count;
    TRY_ASSIGN(at, cursor.next());
  }
  return count;
}

}  // namespace

Status set_annotation(WriteTxn& txn, AnnotationScope scope, std::string_view name,
                      const std::optional<std::string>& value) {
  if (name.size() > kMaxAnnotationName) return Error{Errc::Invalid, "the annotation's name is too long"};
  const std::string key = annotation_key(scope.box, scope.owner, name);
  if (!value) {
    TRY(txn.erase(kMetadata, key));
    return base::ok();
  }
  if (value->size() > kMaxAnnotationValue) return Error{Errc::Invalid, "the annotation's value is too long"};
  TRY_ASSIGN(const auto there, txn.get(kMetadata, key));
  if (!there) {
    TRY_ASSIGN(const std::size_t count, count_annotations(txn, scope));
    if (count >= kMaxAnnotations) return Error{Errc::OverLimit, "the mailbox's annotations are at their limit"};
  }
  return txn.put(kMetadata, key, body::seal(*value, key));
}

}  // namespace hearthmail::store::mail
