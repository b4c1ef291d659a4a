// Bodies: every chunk's checksum, the whole's SHA-256, the summary, the way from hash to body and back, garbage.
#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/text.hpp"
#include "common/crypto/digest.hpp"
#include "common/mime/summary.hpp"
#include "store/body/body.hpp"
#include "store/mail/chunks.hpp"
#include "store/maintenance/check_mail.hpp"

namespace hearthmail::store::maintenance {

using base::Errc;
using base::Result;
using base::Status;
using mail::Blob;

namespace {

constexpr std::size_t kIdKey = 8, kChunkKey = 12, kHashKey = 32;  // octets
constexpr std::uint32_t kChunksAtOnce = 256;                      // in one snapshot: 16 MiB of message
constexpr std::size_t kPlacesNamed = 5;                           // of the messages that have a damaged body

// Reads one body from its first chunk to its last, in snapshots of kChunksAtOnce.
class BodyReader {
 public:
  explicit BodyReader(std::uint64_t number) : number_(number) {}

  // True when there is more to read. The body may go in between: then there is nothing to say about it.
  Result<bool> slice(const ReadTxn& txn) {
    const auto blob = mail::load_blob(txn, number_);
    if (!blob.ok())
      return blob.error().code == Errc::NotFound || blob.error().code == Errc::Corrupt ? Result<bool>(false)
                                                                                       : blob.error();
    chunks_ = (blob->octets + body::kChunkOctets - 1) / body::kChunkOctets;
    const std::uint64_t end = std::min<std::uint64_t>(chunks_, next_ + kChunksAtOnce);
    for (; next_ < end && fault.empty(); ++next_) TRY(chunk(txn, *blob));
    if (!fault.empty()) return false;
    if (next_ < chunks_) return true;
    TRY(past_the_end(txn));
    if (fault.empty() && hash_.finish() != blob->id) fault = "its octets are not those that its hash was made of";
    return false;
  }

  std::string fault;
  std::uint64_t octets = 0;
  std::uint64_t records = 0;

 private:
  Status chunk(const ReadTxn& txn, const Blob& blob) {
    const auto key = mail::chunk_key(number_, static_cast<std::uint32_t>(next_));
    TRY_ASSIGN(const auto stored, mail::get_chunk(txn, key, &records));
    const std::string which = "chunk " + std::to_string(next_) + " of " + std::to_string(chunks_);
    if (!stored) {
      fault = which + " is missing";
      return base::ok();
    }
    octets += std::string_view(key).size() + stored->size();
    const auto plain = body::decode_chunk(*stored, key);
    if (!plain.ok()) fault = which + ": " + plain.error().text;
    else if (plain->size() != std::min<std::uint64_t>(body::kChunkOctets, blob.octets - next_ * body::kChunkOctets))
      fault = which + " has another length";
    else hash_.update(*plain);
    return base::ok();
  }

  Status past_the_end(const ReadTxn& txn) {
    auto cursor = txn.cursor(mail::kChunks);
    TRY_ASSIGN(const auto more, cursor.seek(mail::chunk_key(number_, static_cast<std::uint32_t>(next_))));
    if (more && more->key.starts_with(std::string_view(mail::id_key(number_))))
      fault = "it has more chunks than its length";
    return base::ok();
  }

  std::uint64_t number_;
  std::uint64_t next_ = 0, chunks_ = 0;
  crypto::Sha256 hash_;
};

class BodiesCheck {
 public:
  BodiesCheck(Scan& scan, const Names& names) : scan_(scan), names_(names) {}

  Status run() {
    TRY(scan_.walk(mail::kBlobIds, [this](const ReadTxn& txn, const KeyValue& at) { return hash(txn, at); }));
    TRY(scan_.walk(mail::kBlobs, [this](const ReadTxn& txn, const KeyValue& at) { return blob(txn, at); }));
    TRY(scan_.walk(mail::kSummaries, [this](const ReadTxn& txn, const KeyValue& at) { return summary(txn, at); }));
    TRY(scan_.walk(mail::kGarbage, [this](const ReadTxn& txn, const KeyValue& at) { return garbage(txn, at); }));
    TRY(scan_.walk(
        mail::kChunks, [this](const ReadTxn& txn, const KeyValue& at) { return stray(txn, at); }, true));
    for (const std::uint64_t number : numbers_) TRY(octets(number));
    return report_faults();
  }

 private:
  static std::string body_name(std::uint64_t number) { return "body " + std::to_string(number); }

  Result<Step> hash(const ReadTxn& txn, const KeyValue& at) {
    const auto plain = body::unseal(at.value, at.key);
    const std::string key = "SHA-256 " + base::hex(at.key.substr(0, kHashKey));
    base::Decoder in(plain.ok() ? *plain : std::string_view());
    const std::uint64_t number = in.u64();
    if (at.key.size() != kHashKey) {
      scan_.add(Problem::BadKey, mail::kBlobIds, hex_key(at.key), "a hash has 32 octets", at.key);
    } else if (!plain.ok() || !in.ok()) {
      scan_.add(Problem::BadRecord, mail::kBlobIds, key, plain.ok() ? "its record is too short" : plain.error().text,
                at.key);
    } else {
      const auto blob = mail::load_blob(txn, number);
      if (!blob.ok() && blob.error().code == Errc::NotFound)
        scan_.add(Problem::BodyNumberWrong, mail::kBlobIds, key,
                  "it leads to body " + std::to_string(number) + ", which is not there", at.key);
      else if (blob.ok() &&
               !std::equal(at.key.begin(), at.key.end(), reinterpret_cast<const char*>(blob->id.octets.data())))
        scan_.add(Problem::BodyNumberWrong, mail::kBlobIds, key,
                  "it leads to body " + std::to_string(number) + ", which has another hash", at.key);
    }
    return Step{};
  }

  Result<Step> blob(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != kIdKey) {
      scan_.add(Problem::BadKey, mail::kBlobs, hex_key(at.key), "a body's number has 8 octets", at.key);
      return Step{};
    }
    const auto number = mail::big_endian<std::uint64_t>(at.key, 0);
    const auto blob = mail::decode_blob(at.key, at.value);
    if (!blob.ok()) {
      faults_[number] = {Problem::BadRecord, mail::kBlobs, blob.error().text, 0, {}};
      return Step{};
    }
    numbers_.push_back(number);
    const auto known = mail::find_blob(txn, blob->id);
    if (known.ok() && *known != number)
      scan_.add(Problem::BodyNumberWrong, mail::kBlobs, body_name(number),
                *known ? "its hash leads to body " + std::to_string(**known) : "its hash leads nowhere", at.key);
    if (blob->references > 0) return Step{};
    TRY_ASSIGN(const auto row, txn.get(mail::kGarbage, mail::garbage_key(blob->dropped, number)));
    if (!row)
      scan_.add(Problem::GarbageWrong, mail::kBlobs, body_name(number),
                "no message refers to it, and it is not among the garbage", at.key);
    return Step{};
  }

  Result<Step> summary(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != kIdKey) {
      scan_.add(Problem::BadKey, mail::kSummaries, hex_key(at.key), "a body's number has 8 octets", at.key);
      return Step{};
    }
    const auto number = mail::big_endian<std::uint64_t>(at.key, 0);
    TRY_ASSIGN(const auto owner, txn.get(mail::kBlobs, at.key));
    if (!owner) scan_.add(Problem::Orphan, mail::kSummaries, body_name(number), "there is no such body", at.key);
    return Step{};
  }

  Result<Step> garbage(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != mail::kGarbageKey) {
      scan_.add(Problem::BadKey, mail::kGarbage, hex_key(at.key), "a garbage key has 16 octets", at.key);
      return Step{};
    }
    const auto number = mail::big_endian<std::uint64_t>(at.key, 8);
    const auto blob = mail::load_blob(txn, number);
    if (!blob.ok() && blob.error().code != Errc::NotFound) return Step{};  // reported where it lies
    if (!blob.ok())
      scan_.add(Problem::GarbageWrong, mail::kGarbage, body_name(number), "there is no such body", at.key);
    else if (blob->references > 0)
      scan_.add(Problem::GarbageWrong, mail::kGarbage, body_name(number), "messages refer to it", at.key);
    else if (blob->dropped != mail::big_endian<std::uint64_t>(at.key, 0))
      scan_.add(Problem::GarbageWrong, mail::kGarbage, body_name(number), "its time is not the body's", at.key);
    return Step{};
  }

  // Chunks without a body: looks at the first one of each body and jumps to the next body.
  Result<Step> stray(const ReadTxn& txn, const KeyValue& at) {
    if (at.key.size() != kChunkKey && at.key.size() != mail::kPieceKey) {
      scan_.add(Problem::BadKey, mail::kChunks, hex_key(at.key), "a chunk's key has 12 or 13 octets", at.key);
      return Step{};
    }
    const auto number = mail::big_endian<std::uint64_t>(at.key, 0);
    TRY_ASSIGN(const auto owner, txn.get(mail::kBlobs, at.key.substr(0, kIdKey)));
    if (!owner)
      scan_.add(Problem::Orphan, mail::kChunks, body_name(number), "there is no such body", at.key.substr(0, kIdKey));
    if (number == ~std::uint64_t{0}) return Step{};
    return Step{std::string(std::string_view(mail::id_key(number + 1)))};
  }

  Status octets(std::uint64_t number) {
    std::uint64_t octets = 0, records = 0;
    TRY_ASSIGN(BodyFault fault, verify_body(scan_.env(), number, octets, records));
    scan_.count(mail::kChunks, octets, records);
    if (!fault.body.empty()) faults_[number] = {Problem::BodyDamaged, mail::kChunks, std::move(fault.body), 0, {}};
    else if (!fault.summary.empty())
      faults_[number] = {Problem::SummaryDamaged, mail::kSummaries, std::move(fault.summary), 0, {}};
    if (std::chrono::steady_clock::now() - told_ > kSlice) {
      scan_.progress(mail::kChunks);
      told_ = std::chrono::steady_clock::now();
    }
    return base::ok();
  }

  // Names the messages that have a damaged body.
  Status report_faults() {
    if (faults_.empty()) return base::ok();
    TRY(scan_.walk(
        mail::kMessages,
        [this](const ReadTxn& txn, const KeyValue& at) -> Result<Step> {
          mail::Message message;
          if (at.key.size() != kChunkKey || !mail::decode_message(at.key, at.value, message).ok()) return Step{};
          const auto fault = faults_.find(message.blob);
          if (fault == faults_.end()) return Step{};
          const mail::MailboxId box{mail::big_endian<std::uint64_t>(at.key, 0)};
          if (++fault->second.messages <= kPlacesNamed)
            fault->second.places += ", " + names_.message(txn, box, message.uid);
          return Step{};
        },
        true));
    for (const auto& [number, fault] : faults_) {
      std::string key = body_name(number) + fault.places;
      if (fault.messages > kPlacesNamed) key += " and " + std::to_string(fault.messages - kPlacesNamed) + " more";
      scan_.add(fault.problem, fault.table, std::move(key), fault.what, mail::id_key(number));
    }
    return base::ok();
  }

  struct Fault {
    Problem problem = Problem::BodyDamaged;
    Table table;
    std::string what;
    std::uint64_t messages = 0;
    std::string places;
  };
  Scan& scan_;
  const Names& names_;
  std::vector<std::uint64_t> numbers_;
  std::map<std::uint64_t, Fault> faults_;  // by body
  std::chrono::steady_clock::time_point told_;
};

}  // namespace

Status check_bodies(Scan& scan, const Names& names) { return BodiesCheck(scan, names).run(); }

Status verify_summary(const ReadTxn& txn, std::uint64_t number) {
  TRY_ASSIGN(const auto stored, mail::read_summary(txn, number));
  TRY_ASSIGN([[maybe_unused]] const auto summary, mime::decode_summary(stored));
  return base::ok();
}

Result<BodyFault> verify_body(lmdb::Env& env, std::uint64_t number, std::uint64_t& octets, std::uint64_t& records) {
  BodyFault found;
  BodyReader reader(number);
  bool more = true;
  while (more) {
    TRY_ASSIGN(more, env.read([&](const ReadTxn& txn) { return reader.slice(txn); }));
  }
  found.body = std::move(reader.fault);
  octets += reader.octets;
  records += reader.records;
  const auto judge = [&](const ReadTxn& txn) -> Status {
    if (!mail::load_blob(txn, number).ok()) return base::ok();  // gone meanwhile
    const Status decodes = verify_summary(txn, number);
    if (!decodes.ok()) found.summary = decodes.error().code == Errc::NotFound ? "it is missing" : decodes.error().text;
    return base::ok();
  };
  TRY(env.read(judge));
  return found;
}

}  // namespace hearthmail::store::maintenance
