#include "tests/bench/load/mail.hpp"

#include <algorithm>
#include <ctime>

#include "common/base/text.hpp"
#include "tests/bench/load/words.hpp"

namespace hearthmail::bench {
namespace {

constexpr std::int64_t kFirstArrival = 1'700'000'000;  // Unix seconds, 14 Nov 2023
constexpr std::int64_t kBetween = 5'000;               // seconds from one arrival to the next

struct Person {
  std::string name, local, domain;
};

Person person(Dice& dice) {
  const auto first = first_name(dice), last = last_name(dice);
  Person who;
  who.name = std::string(first) + " " + std::string(last);
  who.local = base::lower(first) + "." + base::lower(last);
  who.domain = std::string(word(dice)) + ".example";
  return who;
}
std::string field_of(const Person& who) { return who.name + " <" + who.local + "@" + who.domain + ">"; }
std::string envelope_of(const Person& who) {
  return "((\"" + who.name + "\" NIL \"" + who.local + "\" \"" + who.domain + "\"))";
}

std::string formatted(const char* format, std::int64_t unix_seconds) {
  const std::time_t when = unix_seconds;
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

std::string random_hex(Dice& dice, std::size_t digits) {
  std::string out;
  while (out.size() < digits) out += "0123456789abcdef"[dice.below(16)];
  return out;
}

std::string message_id(std::uint64_t seed, std::uint64_t number) {
  Dice dice(seed, number * 2 + 1);
  return "<" + random_hex(dice, 16) + "." + std::to_string(number) + "@mail.example>";
}

// What stands in the fields; made first, then written.
struct Plan {
  Person from, to;
  std::string date, subject_raw, references;
};

Plan plan_of(Dice& dice, std::uint64_t seed, std::uint64_t number, Mail& mail) {
  Plan plan;
  plan.from = person(dice);
  plan.to = person(dice);
  mail.arrived = kFirstArrival + static_cast<std::int64_t>(number) * kBetween;
  plan.date = formatted("%a, %d %b %Y %H:%M:%S +0000", mail.arrived - 60);
  mail.message_id = message_id(seed, number);
  const bool answer = number > 0 && dice.below(3) == 0;
  if (answer) {
    const auto before = number - 1 - dice.below(std::min<std::uint64_t>(number, 20));
    plan.references = message_id(seed, before);
  }
  std::string subject = answer ? "Re: " : "";
  const auto words = 3 + dice.below(4);
  for (std::uint64_t i = 0; i < words; ++i) subject += (i != 0 ? " " : "") + std::string(word(dice));
  if (dice.below(50) == 0) subject += " " + std::string(kSubjectWord);
  if (dice.below(5) == 0) {
    mail.subject = subject +
                   " \xC3\xBC"
                   "ber";
    plan.subject_raw = "=?utf-8?B?" + base::base64(mail.subject) + "?=";
  } else {
    mail.subject = subject;
    plan.subject_raw = subject;
  }
  return plan;
}

std::string envelope_text(const Plan& plan, const Mail& mail) {
  const auto from = envelope_of(plan.from);
  const auto nil_or = [](const std::string& text) { return text.empty() ? std::string("NIL") : "\"" + text + "\""; };
  return "(\"" + plan.date + "\" \"" + plan.subject_raw + "\" " + from + " " + from + " " + from + " " +
         envelope_of(plan.to) + " NIL NIL " + nil_or(plan.references) + " \"" + mail.message_id + "\")";
}

void add_trace(Dice& dice, const Plan& plan, std::string& out) {
  out += "Return-Path: <" + plan.from.local + "@" + plan.from.domain + ">\r\n";
  out += "Received: from mx." + plan.from.domain + " (mx." + plan.from.domain + " [192.0.2." +
         std::to_string(dice.below(254) + 1) + "])\r\n\tby mail.example with ESMTPS id " + random_hex(dice, 12) +
         "\r\n\tfor <" + plan.to.local + "@" + plan.to.domain + ">; " + plan.date + "\r\n";
  out += "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=" + plan.from.domain +
         ";\r\n\ts=s1; h=from:to:subject:date:message-id;\r\n\tbh=" + base::base64(random_hex(dice, 30)) + ";\r\n\tb=";
  std::string signature;
  add_base64(dice, 156, signature);
  signature.replace(76, 2, "\r\n\t ");
  out += signature;
}

void add_list_fields(const Plan& plan, const Mail& mail, std::string& out) {
  out += "Date: " + plan.date + "\r\nFrom: " + field_of(plan.from) + "\r\nTo: " + field_of(plan.to) +
         "\r\nSubject: " + plan.subject_raw + "\r\nMessage-ID: " + mail.message_id + "\r\n";
  if (!plan.references.empty()) out += "References: " + plan.references + "\r\n";
}

void add_text_with_needle(Dice& dice, std::size_t octets, bool needle, std::string& out) {
  if (!needle) return add_text(dice, octets, out);
  add_text(dice, octets / 2, out);
  out += kNeedle;
  out += "\r\n";
  add_text(dice, octets - octets / 2 - kNeedle.size() - 2, out);
}

// Two ways to read the same: text and HTML (RFC 2046 §5.1.4), `octets` in all.
void add_alternative(Dice& dice, std::size_t octets, bool needle, const std::string& boundary, std::string& out) {
  const std::string text_head = "--" + boundary +
                                "\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                "Content-Transfer-Encoding: 7bit\r\n\r\n";
  const std::string html_head = "--" + boundary +
                                "\r\nContent-Type: text/html; charset=utf-8\r\n"
                                "Content-Transfer-Encoding: 7bit\r\n\r\n<html><body><p>\r\n";
  const std::string tail = "</p></body></html>\r\n--" + boundary + "--\r\n";
  const auto room = octets - text_head.size() - html_head.size() - tail.size();
  out += text_head;
  add_text_with_needle(dice, room / 2, needle, out);
  out += html_head;
  add_text(dice, room - room / 2, out);
  out += tail;
}

void add_mixed(Dice& dice, std::size_t octets, bool needle, const std::string& boundary, std::string& out) {
  const auto inner = boundary + "-alt";
  const std::string first =
      "--" + boundary + "\r\nContent-Type: multipart/alternative; boundary=\"" + inner + "\"\r\n\r\n";
  const std::string second = "--" + boundary +
                             "\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\n"
                             "Content-Disposition: attachment; filename=\"report.pdf\"\r\n"
                             "Content-Transfer-Encoding: base64\r\n\r\n";
  const std::string tail = "--" + boundary + "--\r\n";
  const auto room = octets - first.size() - second.size() - tail.size();
  const auto text = std::max<std::size_t>(room / 3, 2048);
  out += first;
  add_alternative(dice, text, needle, inner, out);
  out += second;
  add_base64(dice, room - text, out);
  out += tail;
}

}  // namespace

Mail make_mail(std::uint64_t seed, std::uint64_t number, std::size_t octets) {
  Mail mail;
  Dice dice(seed, number * 2);
  octets = std::max(octets, kSmallest);
  const auto plan = plan_of(dice, seed, number, mail);
  mail.has_needle = number % 97 == 13;
  mail.envelope = envelope_text(plan, mail);
  add_list_fields(plan, mail, mail.list_fields);
  mail.octets.reserve(octets);
  add_trace(dice, plan, mail.octets);
  mail.octets += mail.list_fields;
  mail.list_fields += "\r\n";
  if (!plan.references.empty()) mail.octets += "In-Reply-To: " + plan.references + "\r\n";
  mail.octets += "MIME-Version: 1.0\r\n";
  const auto boundary = "=_" + random_hex(dice, 20);
  const auto rest = [&] { return octets - mail.octets.size(); };
  mail.attached = octets >= 16 * 1024;
  mail.multipart = mail.attached || (octets >= 3 * 1024 && dice.below(3) == 0);
  if (mail.attached) {
    mail.octets += "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n";
    add_mixed(dice, rest(), mail.has_needle, boundary, mail.octets);
  } else if (mail.multipart) {
    mail.octets += "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n";
    add_alternative(dice, rest(), mail.has_needle, boundary, mail.octets);
  } else {
    mail.octets += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n";
    add_text_with_needle(dice, rest(), mail.has_needle, mail.octets);
  }
  return mail;
}

std::size_t mixed_size(std::uint64_t seed, std::uint64_t number) {
  Dice dice(seed ^ 0x5126, number);
  const auto kind = dice.below(100);
  if (kind < 60) return 2'000 + dice.below(4'000);
  if (kind < 90) return 6'000 + dice.below(14'000);
  if (kind < 99) return 30'000 + dice.below(50'000);
  return 200'000 + dice.below(201'000);
}

std::vector<Mail> mixed_mailbox(std::uint64_t seed, std::size_t count) {
  std::vector<Mail> mails;
  mails.reserve(count);
  for (std::size_t i = 0; i < count; ++i) mails.push_back(make_mail(seed, i, mixed_size(seed, i)));
  return mails;
}

std::vector<Mail> same_size(std::uint64_t seed, std::size_t count, std::size_t octets) {
  std::vector<Mail> mails;
  mails.reserve(count);
  for (std::size_t i = 0; i < count; ++i) mails.push_back(make_mail(seed, i, octets));
  return mails;
}

std::uint64_t total_octets(const std::vector<Mail>& mails) {
  std::uint64_t sum = 0;
  for (const auto& mail : mails) sum += mail.octets.size();
  return sum;
}

std::string date_time(std::int64_t unix_seconds) { return formatted("\"%d-%b-%Y %H:%M:%S +0000\"", unix_seconds); }
std::string date_only(std::int64_t unix_seconds) { return formatted("%d-%b-%Y", unix_seconds); }

}  // namespace hearthmail::bench
