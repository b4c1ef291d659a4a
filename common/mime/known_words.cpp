#include "common/mime/known_words.hpp"

#include <array>
#include <unordered_map>

namespace hearthmail::mime {

namespace {

constexpr auto kWords = std::to_array<std::string_view>({
    "",
    "7bit",
    "8bit",
    "binary",
    "quoted-printable",
    "base64",
    "text/plain",
    "text/html",
    "text/calendar",
    "multipart/alternative",
    "multipart/mixed",
    "multipart/related",
    "multipart/signed",
    "multipart/report",
    "message/rfc822",
    "message/delivery-status",
    "application/pdf",
    "application/octet-stream",
    "application/pgp-signature",
    "image/png",
    "image/jpeg",
    "image/gif",
    "utf-8",
    "us-ascii",
    "iso-8859-1",
    "iso-8859-15",
    "windows-1252",
    "Return-Path",
    "Received",
    "DKIM-Signature",
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "CC",
    "Bcc",
    "Subject",
    "Message-ID",
    "Message-Id",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Mime-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-Language",
    "Authentication-Results",
    "ARC-Authentication-Results",
    "ARC-Message-Signature",
    "ARC-Seal",
    "Received-SPF",
    "Delivered-To",
    "X-Original-To",
    "X-Received",
    "List-Id",
    "List-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Post",
    "List-Help",
    "List-Archive",
    "List-Subscribe",
    "List-Owner",
    "Precedence",
    "Auto-Submitted",
    "Errors-To",
    "User-Agent",
    "X-Mailer",
    "X-Priority",
    "Importance",
    "Priority",
    "Thread-Topic",
    "Thread-Index",
    "Organization",
    "Feedback-ID",
    "X-Spam-Status",
    "X-Spam-Score",
    "X-Spam-Level",
    "X-Spam-Flag",
    "X-Virus-Scanned",
    "X-Google-DKIM-Signature",
    "X-Gm-Message-State",
    "Content-ID",
    "Content-Description",
    "Resent-From",
    "Resent-Date",
    "Disposition-Notification-To",
});
static_assert(kWords.size() <= kMostKnownWords);

const std::unordered_map<std::string_view, std::uint8_t>& numbers() {
  static const auto made = [] {
    std::unordered_map<std::string_view, std::uint8_t> map;
    for (std::size_t i = 0; i < kWords.size(); ++i) map.emplace(kWords[i], static_cast<std::uint8_t>(i + 1));
    return map;
  }();
  return made;
}

}  // namespace

std::uint8_t number_of_word(std::string_view word) {
  const auto found = numbers().find(word);
  return found == numbers().end() ? std::uint8_t{0} : found->second;
}

bool is_known_word(std::uint8_t number) { return number >= 1 && number <= kWords.size(); }

std::string_view known_word(std::uint8_t number) {
  return is_known_word(number) ? kWords[number - 1] : std::string_view();
}

}  // namespace hearthmail::mime
