#include "tests/bench/load/imap_client.hpp"

#include <algorithm>
#include <optional>

#include "common/base/text.hpp"

namespace hearthmail::bench {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t kLiteralMinus = 4096;                 // octets, RFC 7888 §5
constexpr std::size_t kFillCount = 100;                     // letters in one command
constexpr std::size_t kFillOctets = 4UL * 1024UL * 1024UL;  // and octets, about

// The n of a line that ends with "{n}".
std::optional<std::size_t> literal_at_end(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  const auto count = base::parse_u64(line.substr(open + 1, line.size() - open - 2));
  if (!count.has_value()) return std::nullopt;
  return *count;
}

}  // namespace

std::uint32_t Response::number() const {
  if (!text.starts_with("* ")) return 0;
  std::uint32_t value = 0;
  for (std::size_t at = 2; at < text.size() && base::is_digit(text[at]); ++at) {
    value = value * 10 + static_cast<std::uint32_t>(text[at] - '0');
  }
  return value;
}

std::string_view Response::verb() const {
  std::size_t at = text.find(' ');
  if (at == std::string_view::npos) return {};
  ++at;
  if (at < text.size() && base::is_digit(text[at])) at = std::min(text.find(' ', at), text.size() - 1) + 1;
  return text.substr(at, text.find_first_of(" \r", at) - at);
}

Result<ImapClient> ImapClient::open(const Endpoint& endpoint) {
  TRY_ASSIGN(auto connection, Connection::open(endpoint));
  ImapClient client(std::move(connection));
  TRY_ASSIGN(const auto greeting, client.peek());
  if (!greeting.text.starts_with("* OK")) return Error{Errc::Protocol, "greeting: " + std::string(greeting.text)};
  client.learn(greeting.text);
  client.take();
  return client;
}

Result<ImapClient> ImapClient::enter(const Endpoint& endpoint, const User& user) {
  TRY_ASSIGN(auto client, open(endpoint));
  TRY(client.login(user));
  return client;
}

std::string ImapClient::next_tag() { return "t" + std::to_string(++tags_); }

// Keeps the capabilities of a response code or an untagged CAPABILITY.
void ImapClient::learn(std::string_view text) {
  const auto at = text.find("CAPABILITY ");
  if (at == std::string_view::npos) return;
  auto list = text.substr(at + 11);
  list = list.substr(0, list.find(']'));
  capabilities_ = " " + base::upper(list) + " ";
}

bool ImapClient::offers(std::string_view capability) const {
  return capabilities_.find(" " + std::string(capability) + " ") != std::string::npos;
}

bool ImapClient::non_synchronising(std::size_t octets) const {
  return offers("LITERAL+") || (offers("LITERAL-") && octets <= kLiteralMinus);
}

Result<Response> ImapClient::peek() {
  std::size_t at = 0, scanned = 0;
  ranges_.clear();
  while (true) {
    const auto text = connection_->pending();
    const auto end = text.find('\n', scanned);
    if (end == std::string_view::npos) {
      scanned = std::max(at, text.size());
      TRY(connection_->fill());
      continue;
    }
    const auto line = text.substr(at, end - at - (end > at && text[end - 1] == '\r' ? 1 : 0));
    const auto literal = literal_at_end(line);
    if (!literal.has_value()) {
      response_size_ = end + 1;
      literals_.clear();
      for (const auto& [from, size] : ranges_) literals_.push_back(text.substr(from, size));
      return Response{text.substr(0, at + line.size()), literals_};
    }
    ranges_.emplace_back(end + 1, *literal);
    at = scanned = end + 1 + *literal;
    TRY(connection_->need(at));
  }
}

void ImapClient::take() { connection_->take(response_size_); }

Result<std::string> ImapClient::await_tagged(const std::string& tag, const OnResponse& each) {
  while (true) {
    TRY_ASSIGN(const auto response, peek());
    const auto text = response.text;
    if (text.starts_with(tag) && text.size() > tag.size() && text[tag.size()] == ' ') {
      std::string answer(text.substr(tag.size() + 1));
      take();
      if (!answer.starts_with("OK")) return Error{Errc::Protocol, "the server answered " + answer};
      return answer;
    }
    if (text.starts_with("* BYE") && !tag.ends_with('!')) return Error{Errc::Closed, std::string(text)};
    if (each) TRY(each(response));
    take();
  }
}

Result<std::string> ImapClient::run(std::string_view command, const OnResponse& each) {
  const auto tag = next_tag();
  TRY(connection_->write_all({tag, " ", command, "\r\n"}));
  auto answer = await_tagged(tag, each);
  if (!answer.ok()) return base::with_context(command.substr(0, 80), answer.error());
  return answer;
}

Result<std::string> ImapClient::run(std::string_view command) { return run(command, nullptr); }

Status ImapClient::login(const User& user) {
  TRY_ASSIGN(const auto answer, run("LOGIN \"" + user.address + "\" \"" + user.password + "\""));
  if (answer.find("CAPABILITY ") != std::string::npos) {
    learn(answer);
    return base::ok();
  }
  const auto each = [this](const Response& response) {
    if (response.verb() == "CAPABILITY") learn(response.text);
    return base::ok();
  };
  TRY(run("CAPABILITY", each));
  return base::ok();
}

Status ImapClient::logout() {
  const auto tag = next_tag() + "!";  // marks the one command that a BYE belongs to
  TRY(connection_->write_all({tag, " LOGOUT\r\n"}));
  TRY(await_tagged(tag, nullptr));
  connection_->close();
  return base::ok();
}

Result<std::uint32_t> ImapClient::select(std::string_view mailbox) {
  std::uint32_t messages = 0;
  const auto each = [&](const Response& response) {
    if (response.verb() == "EXISTS") messages = response.number();
    return base::ok();
  };
  TRY(run("SELECT \"" + std::string(mailbox) + "\"", each));
  return messages;
}

Status ImapClient::create(std::string_view mailbox) {
  const auto tag = next_tag();
  TRY(connection_->write_all({tag, " CREATE \"", mailbox, "\"\r\n"}));
  auto answer = await_tagged(tag, nullptr);
  if (answer.ok() || answer.error().text.find("EXISTS") != std::string::npos) return base::ok();
  return answer.error();
}

Status ImapClient::await_continuation() {
  while (true) {
    TRY_ASSIGN(const auto response, peek());
    const bool invited = response.text.starts_with("+");
    if (!invited && !response.text.starts_with("* ")) {
      return Error{Errc::Protocol, "the server answered " + std::string(response.text)};
    }
    take();
    if (invited) return base::ok();
  }
}

Status ImapClient::append(std::string_view mailbox, std::span<const Mail> mails) {
  std::vector<const Mail*> pointers;
  for (const auto& mail : mails) pointers.push_back(&mail);
  return append(mailbox, pointers);
}

Status ImapClient::append(std::string_view mailbox, std::span<const Mail* const> mails) {
  const auto tag = next_tag();
  std::vector<std::string> heads;
  heads.reserve(mails.size());
  std::vector<std::string_view> pieces;
  const std::string verb = tag + " APPEND \"" + std::string(mailbox) + "\"";
  pieces.push_back(verb);
  for (const Mail* mail : mails) {
    const bool at_once = non_synchronising(mail->octets.size());
    heads.push_back(" " + date_time(mail->arrived) + " {" + std::to_string(mail->octets.size()) +
                    (at_once ? "+}\r\n" : "}\r\n"));
    pieces.push_back(heads.back());
    if (!at_once) {
      TRY(connection_->write_all(std::move(pieces)));
      pieces.clear();
      TRY(await_continuation());
    }
    pieces.push_back(mail->octets);
  }
  pieces.push_back("\r\n");
  TRY(connection_->write_all(std::move(pieces)));
  auto answer = await_tagged(tag, nullptr);
  return answer.ok() ? base::ok() : Status(base::with_context("APPEND", answer.error()));
}

Status ImapClient::fill(std::string_view mailbox, std::span<const Mail> mails) {
  while (!mails.empty()) {
    std::size_t count = 0, octets = 0;
    while (count < mails.size() && count < kFillCount && octets < kFillOctets) octets += mails[count++].octets.size();
    TRY(append(mailbox, mails.first(count)));
    mails = mails.subspan(count);
  }
  return base::ok();
}

Status ImapClient::idle_begin() {
  TRY(connection_->write("idle IDLE\r\n"));
  return await_continuation();
}

Status ImapClient::idle_wait_exists() {
  while (true) {
    TRY_ASSIGN(const auto response, peek());
    const bool found = response.verb() == "EXISTS";
    take();
    if (found) return base::ok();
  }
}

Status ImapClient::idle_end() {
  TRY(connection_->write("DONE\r\n"));
  auto answer = await_tagged("idle", nullptr);
  return answer.ok() ? base::ok() : Status(answer.error());
}

Result<std::uint64_t> read_bodies(ImapClient& client, std::string_view set,
                                  const std::function<Status(std::uint32_t, std::string_view)>& each) {
  std::uint64_t octets = 0;
  const auto on_response = [&](const Response& response) -> Status {
    if (response.verb() != "FETCH") return base::ok();
    if (response.literals.size() != 1)
      return Error{Errc::Protocol, "BODY[]: " + std::string(response.text.substr(0, 200))};
    octets += response.literals[0].size();
    return each(response.number(), response.literals[0]);
  };
  TRY(client.run("FETCH " + std::string(set) + " BODY.PEEK[]", on_response));
  return octets;
}

}  // namespace hearthmail::bench
