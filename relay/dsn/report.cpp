#include "relay/dsn/report.hpp"

#include <algorithm>
#include <utility>

#include "common/base/text.hpp"
#include "common/mime/compose.hpp"
#include "common/smtp/xtext.hpp"

namespace hearthmail::relay::dsn {

namespace queue = store::queue;
using mime::ReportField;

namespace {

constexpr std::size_t kMaxShown = 600;  // octets of an address or a reply in the text for people

std::string_view subject_of(Kind kind) {
  switch (kind) {
    case Kind::Failed: return "Your message could not be delivered";
    case Kind::Delayed: return "Your message is delayed";
    case Kind::Success: return "Your message was delivered";
  }
  return "Delivery report";
}

std::string_view action_of(Kind kind, const queue::Recipient& recipient) {
  switch (kind) {
    case Kind::Failed: return "failed";
    case Kind::Delayed: return "delayed";
    case Kind::Success: return recipient.route == kLocalRoute ? "delivered" : "relayed";
  }
  return "failed";
}

// RFC 3464 §2.3.4: the class of Status follows Action.
std::string status_of(Kind kind, const queue::Recipient& recipient) {
  const char wanted = kind == Kind::Failed ? '5' : kind == Kind::Delayed ? '4' : '2';
  const std::string& given = recipient.status;
  if (given.size() >= 5 && given[0] == wanted) return given;
  if (kind == Kind::Failed && given == "4.4.7") return given;  // RFC 3463 X.4.7: expired, as others write it
  if (given.size() >= 5) return wanted + given.substr(1);
  return std::string(1, wanted) + ".0.0";
}

// "rfc822; user@example.org", RFC 3464 §2.3.1; RFC 6533 §3 for what is not ASCII.
std::string typed(std::string_view address) {
  return std::string(base::is_ascii(address) ? "rfc822; " : "utf-8; ") + std::string(address);
}

std::string original_recipient(const queue::Recipient& recipient) {
  const auto original = smtp::parse_original_recipient(recipient.original);
  if (!original.ok()) return {};
  return original->type + "; " + original->address;
}

std::vector<ReportField> recipient_fields(const Request& request, const queue::Recipient& recipient) {
  std::vector<ReportField> fields;
  const std::string original = original_recipient(recipient);
  if (!original.empty()) fields.push_back({"Original-Recipient", original});
  fields.push_back({"Final-Recipient", typed(recipient.address)});
  fields.push_back({"Action", std::string(action_of(request.kind, recipient))});
  fields.push_back({"Status", status_of(request.kind, recipient)});
  const bool from_peer = recipient.reply.size() >= 3 && base::is_digit(recipient.reply[0]);
  if (from_peer) fields.push_back({"Diagnostic-Code", "smtp; " + recipient.reply});
  if (recipient.attempts > 0) {
    fields.push_back(
        {"Last-Attempt-Date", base::rfc5322_date(recipient.finished > 0 ? recipient.finished : request.now)});
  }
  if (request.kind == Kind::Delayed) fields.push_back({"Will-Retry-Until", base::rfc5322_date(request.gives_up)});
  return fields;
}

std::string introduction(const Request& request) {
  const queue::Envelope& envelope = request.entry->envelope;
  const std::string age = base::human(base::Seconds{request.now - envelope.arrived});
  switch (request.kind) {
    case Kind::Failed:
      return "This is the mail server " + request.hostname +
             ".\n\nYour message could not be delivered to the recipients below. It will not be tried again.\n";
    case Kind::Delayed:
      return "This is the mail server " + request.hostname + ".\n\nYour message has been waiting for " + age +
             " and could not be handed over yet. You need not do anything: the server keeps trying until " +
             base::rfc5322_date(request.gives_up) + " and will tell you if it gives up.\n";
    case Kind::Success:
      return "This is the mail server " + request.hostname +
             ".\n\nYou asked to be told: your message was handed on for the recipients below.\n";
  }
  return {};
}

// What a person can do about a refusal, by its status code (RFC 3463).
std::string_view advice(const queue::Recipient& recipient) {
  const std::string_view status = recipient.status;
  const auto about = [status](std::string_view detail) { return status.size() >= 5 && status.substr(1) == detail; };
  if (about(".1.1") || about(".1.10")) return "There is no such address. Check the spelling.";
  if (about(".1.2") || about(".4.4"))
    return "The part after the @ does not exist or takes no mail. Check the spelling.";
  if (about(".2.1")) return "The mailbox is switched off. Ask the recipient another way.";
  if (about(".2.2")) return "The recipient's mailbox is full. Try again later, or ask the recipient another way.";
  if (about(".3.4") || about(".2.3"))
    return "The message is too big. Send it without attachments, or share them by a link.";
  if (about(".6.7")) return "An address has non-ASCII characters that a server on the way cannot carry.";
  if (about(".6.3"))
    return "The message has 8-bit text that a server on the way cannot carry. Send it again from another "
           "mail program.";
  if (about(".4.7")) return "The time for delivering it is over. Send it again if it still matters.";
  if (status.size() >= 3 && status.substr(1, 2) == ".7") {
    return "The other side refused it by its rules. Its words above may say why.";
  }
  if (status.size() >= 3 && status.substr(1, 2) == ".1") return "The address was refused. Check it.";
  return {};
}

std::string paragraph(Kind kind, const queue::Recipient& recipient) {
  std::string out = "\n  " + base::printable(recipient.address, kMaxShown) + "\n";
  if (kind == Kind::Success) {
    out += recipient.route == kLocalRoute ? "    is in the recipient's mailbox.\n"
                                          : "    was handed to the next mail server, which sends no reports itself.\n";
    return out;
  }
  const std::string_view who = recipient.route == kLocalRoute || recipient.route.empty()
                                   ? std::string_view("this server")
                                   : std::string_view("the next mail server");
  if (!recipient.reply.empty())
    out += "    The answer of " + std::string(who) + ": " + base::printable(recipient.reply, kMaxShown) + "\n";
  const std::string_view help = kind == Kind::Failed ? advice(recipient) : std::string_view{};
  if (!help.empty()) out += "    " + std::string(help) + "\n";
  return out;
}

std::string text_of(const Request& request) {
  std::string text = introduction(request);
  for (const std::size_t i : request.recipients) text += paragraph(request.kind, request.entry->recipients[i]);
  if (request.kind != Kind::Failed) return text;
  text += "\nThe details for your mail administrator are attached, and ";
  text += returns_whole(request.entry->envelope, request.kind) ? "your message.\n" : "the header of your message.\n";
  return text;
}

// RFC 3464 §2.2
std::vector<ReportField> message_fields(const Request& request) {
  const queue::Envelope& envelope = request.entry->envelope;
  std::vector<ReportField> fields;
  if (!envelope.envid.empty()) fields.push_back({"Original-Envelope-Id", envelope.envid});
  fields.push_back({"Reporting-MTA", "dns; " + request.hostname});
  fields.push_back({"Arrival-Date", base::rfc5322_date(envelope.arrived)});
  fields.push_back({"X-Hearthmail-Queue-Id", std::to_string(request.entry->id.value)});
  return fields;
}

}  // namespace

bool wants_delay_notice(const queue::Envelope& envelope, const queue::Recipient& recipient) {
  if (envelope.reverse_path.empty() || (recipient.notify & queue::kNotifyNever) != 0) return false;
  return recipient.notify == queue::kNotifyDefault || (recipient.notify & queue::kNotifyDelay) != 0;
}

bool returns_whole(const queue::Envelope& envelope, Kind kind) {
  // RFC 3461 §4.3: without a failed recipient only the header goes back, whatever RET says.
  return kind == Kind::Failed && envelope.ret == queue::Ret::Full && envelope.octets <= kMostReturned;
}

bool needs_utf8(const Request& request) {
  if (!base::is_ascii(request.entry->envelope.reverse_path) || !base::is_ascii(request.original)) return true;
  return std::any_of(request.recipients.begin(), request.recipients.end(), [&](std::size_t i) {
    const queue::Recipient& recipient = request.entry->recipients[i];
    return !base::is_ascii(recipient.address) || !base::is_ascii(original_recipient(recipient));
  });
}

std::string compose(const Request& request) {
  mime::Report report;
  report.from = "Mail Delivery System <mailer-daemon@" + request.hostname + ">";
  report.to = request.entry->envelope.reverse_path;
  report.subject = subject_of(request.kind);
  report.message_id = mime::unique_message_id(request.hostname);
  report.date = request.now;
  report.text = text_of(request);
  report.message_fields = message_fields(request);
  for (const std::size_t i : request.recipients) {
    report.recipient_fields.push_back(recipient_fields(request, request.entry->recipients[i]));
  }
  report.returned_whole = returns_whole(request.entry->envelope, request.kind);
  report.returned = report.returned_whole ? request.original : std::string(mime::header_of(request.original));
  report.utf8 = needs_utf8(request);
  return mime::compose_report(report);
}

}  // namespace hearthmail::relay::dsn
