#include "common/mime/compose.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "common/base/text.hpp"
#include "common/mime/decode.hpp"

namespace hearthmail::mime {

namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

std::string random_hex() {
  std::array<char, 16> octets{};
  std::size_t have = 0;
  while (have < octets.size()) {
    const ssize_t got = getrandom(octets.data() + have, octets.size() - have, 0);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return base::hex(std::string_view(octets.data(), octets.size()));
}

void append_hex(std::string& out, char octet) {
  out += '=';
  out += kHex[static_cast<unsigned char>(octet) >> 4];
  out += kHex[static_cast<unsigned char>(octet) & 15];
}

// The next character of well-formed UTF-8.
std::string_view first_character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
  return text.substr(0, length);
}

// Q of RFC 2047 §4.2, with the characters that are safe everywhere (§5) standing for themselves.
std::string q_encode(std::string_view character) {
  std::string out;
  for (const char c : character) {
    if (base::is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/') {
      out += c;
    } else if (c == ' ') {
      out += '_';
    } else {
      append_hex(out, c);
    }
  }
  return out;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; });
}

// Any line ends become CRLF, and the last line has one.
std::string to_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32 + 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && (i + 1 >= text.size() || text[i + 1] == '\n')) continue;
    if (text[i] == '\r' || text[i] == '\n') {
      out += "\r\n";
    } else {
      out += text[i];
    }
  }
  if (!out.empty() && out.back() != '\n') out += "\r\n";
  return out;
}

bool has_long_line(std::string_view text) {
  for (const std::string_view line : base::split(text, '\n')) {
    if (line.size() > kMaxLine) return true;
  }
  return false;
}

// RFC 2045 §6.7 of text whose lines end with CRLF.
std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      out += "\r\n";
      column = 0;
      ++i;
      continue;
    }
    const bool at_end = i + 1 >= text.size() || text[i + 1] == '\r';
    const bool plain = (c > 32 && c < 127 && c != '=') || (base::is_wsp(c) && !at_end);
    if (column + (plain ? 1 : 3) > 75) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out += c;
      ++column;
    } else {
      append_hex(out, c);
      column += 3;
    }
  }
  return out;
}

// One line, folded at spaces; a word longer than a line may be is cut (RFC 5322 §2.1.1).
std::string folded(std::string line) {
  std::string out;
  std::size_t width = kFoldAt;
  while (line.size() > width) {
    std::size_t cut = line.rfind(' ', width);
    if (cut == std::string::npos || cut < 2) cut = line.find(' ', width);
    if (cut == std::string::npos || cut > kMaxLine - 2) cut = std::min(line.size(), kMaxLine - 2);
    if (cut == line.size()) break;
    out += line.substr(0, cut);
    out += "\r\n ";
    line.erase(0, line[cut] == ' ' ? cut + 1 : cut);
    width = kFoldAt - 1;
  }
  return out + line + "\r\n";
}

std::string status_line(const ReportField& field, bool utf8) {
  std::string line = field.name + ": " + (utf8 ? clean_utf8(field.value) : field.value);
  for (char& c : line) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 32 || octet == 127) c = ' ';
    if (octet >= 128 && !utf8) c = '?';
  }
  return folded(std::move(line));
}

// RFC 3464 §2.1: the per-message fields, then a blank line and a group of fields for each recipient.
std::string status_part(const Report& report) {
  std::string out;
  for (const ReportField& field : report.message_fields) out += status_line(field, report.utf8);
  for (const auto& recipient : report.recipient_fields) {
    out += "\r\n";
    for (const ReportField& field : recipient) out += status_line(field, report.utf8);
  }
  return out;
}

std::string_view returned_type(const Report& report) {
  if (report.returned_whole) return report.utf8 ? "message/global" : "message/rfc822";
  return report.utf8 ? "message/global-headers" : "text/rfc822-headers";
}

// A boundary that is in none of `parts`.
std::string free_boundary(const std::vector<std::string>& parts) {
  while (true) {
    std::string boundary = "=_" + random_hex();
    const bool taken = std::any_of(parts.begin(), parts.end(),
                                   [&](const std::string& part) { return part.find(boundary) != std::string::npos; });
    if (!taken) return boundary;
  }
}

std::string text_part(std::string_view utf8) {
  const std::string text = to_crlf(clean_utf8(utf8));
  std::string out = "Content-Description: Notification\r\n";
  if (base::is_ascii(text) && !has_long_line(text)) {
    return out + "Content-Type: text/plain; charset=us-ascii\r\n\r\n" + text;
  }
  out += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
  return out + quoted_printable(text);
}

std::string content_encoding(std::string_view content) {
  return base::is_ascii(content) ? std::string() : std::string("Content-Transfer-Encoding: 8bit\r\n");
}

}  // namespace

std::string unique_message_id(std::string_view host) {
  const std::string where(host.empty() ? std::string_view("localhost") : host);
  return '<' + std::to_string(base::Clock::system().now()) + '.' + random_hex() + '@' + where + '>';
}

std::string encode_header_text(std::string_view utf8) {
  if (is_printable(utf8) && utf8.size() <= kMaxLine / 2 && utf8.find("=?") == std::string_view::npos) {
    return std::string(utf8);
  }
  constexpr std::string_view kStart = "=?utf-8?Q?";
  const std::string text = clean_utf8(utf8);
  std::string out(kStart);
  std::size_t octets = kStart.size();
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view character = first_character(rest);
    rest.remove_prefix(character.size());
    const std::string encoded = q_encode(character);
    if (octets + encoded.size() + 2 > kMaxEncodedWord) {
      out += "?=\r\n ";
      out += kStart;
      octets = kStart.size();
    }
    out += encoded;
    octets += encoded.size();
  }
  return out + "?=";
}

std::string compose_report(const Report& report) {
  std::vector<std::string> parts;
  parts.push_back(text_part(report.text));
  const std::string status = status_part(report);
  parts.push_back("Content-Description: Delivery report\r\nContent-Type: message/" +
                  std::string(report.utf8 ? "global-delivery-status" : "delivery-status") + "\r\n" +
                  content_encoding(status) + "\r\n" + status);
  if (!report.returned.empty()) {
    const std::string returned = to_crlf(report.returned);
    parts.push_back("Content-Description: " +
                    std::string(report.returned_whole ? "Undelivered Message" : "Undelivered Message Headers") +
                    "\r\nContent-Type: " + std::string(returned_type(report)) + "\r\n" + content_encoding(returned) +
                    "\r\n" + returned);
  }
  const std::string boundary = free_boundary(parts);
  const bool eight_bit =
      std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return !base::is_ascii(part); });

  std::string out = "Date: " + base::rfc5322_date(report.date) + "\r\nFrom: " + report.from + "\r\nTo: " + report.to +
                    "\r\nSubject: " + encode_header_text(report.subject) + "\r\nMessage-ID: " + report.message_id +
                    "\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"" +
                    boundary + "\"\r\n";
  if (eight_bit) out += "Content-Transfer-Encoding: 8bit\r\n";
  out += "\r\nThis is a delivery report in MIME format.\r\n";
  for (const std::string& part : parts) out += "\r\n--" + boundary + "\r\n" + part;
  return out + "\r\n--" + boundary + "--\r\n";
}

}  // namespace hearthmail::mime
