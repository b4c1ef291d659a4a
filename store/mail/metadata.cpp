#include "store/mail/metadata.hpp"

#include "store/body/body.hpp"
#include "store/mail/rows.hpp"

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
  TRY(for_each_row(txn, kMetadata, prefix, [&](const lmdb::KeyValue& at) -> Status {
    TRY_ASSIGN(const std::string_view plain, body::unseal(at.value, at.key));
    found.push_back({std::string(at.key.substr(prefix.size())), std::string(plain)});
    return base::ok();
  }));
  return found;
}

namespace {

Result<std::size_t> count_annotations(const ReadTxn& txn, AnnotationScope scope) {
  std::size_t count = 0;
  TRY(for_each_row(txn, kMetadata, annotation_key(scope.box, scope.owner, ""), [&](const lmdb::KeyValue&) {
    ++count;
    return base::ok();
  }));
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
