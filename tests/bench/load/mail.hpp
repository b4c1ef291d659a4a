// The letters that the figures send: made from (seed, number) alone, so that what comes back can be compared octet by
// octet. Realistic where it matters to a server: Received and signature fields, encoded words, threads, alternatives,
// base64 attachments, text that compresses like English. No line begins with a dot and every line ends with CRLF, so
// that SMTP and POP3 carry the octets as they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearthmail::bench {

struct Mail {
  std::string octets;
  std::string message_id;    // with its angle brackets
  std::string subject;       // decoded
  std::string envelope;      // as FETCH ENVELOPE answers it, RFC 9051 §7.5.2, strings quoted
  std::string list_fields;   // the kListFields of it as HEADER.FIELDS answers them, with the blank line
  std::int64_t arrived = 0;  // Unix seconds: its internal date when it is appended
  bool multipart = false;    // its body structure is one
  bool attached = false;     // with report.pdf
  bool has_needle = false;   // kNeedle stands in its text, and nowhere else
};

constexpr std::size_t kSmallest = 1024;  // octets of the shortest letter
// A word that SEARCH TEXT looks for; 1 letter of 97 has it.
constexpr std::string_view kNeedle = "xylotomous";
// A word that SEARCH SUBJECT looks for; letters have it in their decoded subject now and then.
constexpr std::string_view kSubjectWord = "harvest";
// The fields that a mail program's list of letters asks for.
constexpr std::string_view kListFields = "DATE FROM TO SUBJECT MESSAGE-ID REFERENCES";

// Letter `number` with exactly `octets` octets (at least kSmallest). Shape: plain text below 8 KiB or two thirds of the
// time, else with an HTML alternative; from 16 KiB on with an attachment that takes most of the room.
Mail make_mail(std::uint64_t seed, std::uint64_t number, std::size_t octets);

// The size of letter `number` in the mixed mailbox: 10,000 of them hold 147 MB (most are small, a few are large).
std::size_t mixed_size(std::uint64_t seed, std::uint64_t number);
std::vector<Mail> mixed_mailbox(std::uint64_t seed, std::size_t count);
std::vector<Mail> same_size(std::uint64_t seed, std::size_t count, std::size_t octets);

// The first `count` letters' octets in all.
std::uint64_t total_octets(const std::vector<Mail>& mails);

// "23-Nov-2026 18:38:50 +0000" as APPEND takes it (RFC 9051 §9, date-time), with its quotes.
std::string date_time(std::int64_t unix_seconds);
// "23-Nov-2026" as SEARCH SINCE takes it.
std::string date_only(std::int64_t unix_seconds);

}  // namespace hearthmail::bench
